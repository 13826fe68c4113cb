"""Pictures and sounds made by hand are what they say they are."""

from __future__ import annotations

import struct

from simulator.pictures import colour_of, jpeg, size_of
from simulator.sounds import voice


def test_a_jpeg_has_its_size_and_its_markers() -> None:
    data = jpeg(320, 240, "red")
    assert data[:2] == b"\xff\xd8"
    assert data[-2:] == b"\xff\xd9"
    assert size_of(data) == (320, 240)


def test_another_seed_is_another_picture() -> None:
    assert jpeg(80, 60, "red", 1) != jpeg(80, 60, "red", 2)
    assert jpeg(80, 60, "red", 1) == jpeg(80, 60, "red", 1)


def test_every_block_of_the_jpeg_can_be_decoded() -> None:
    """Reads the entropy-coded part back: 4-bit category, that many bits, one bit for the end of the block."""
    data = jpeg(80, 60, "green", 3)
    scan = data[data.index(b"\xff\xda") + 14 : -2].replace(b"\xff\x00", b"\xff")
    bits = "".join(f"{byte:08b}" for byte in scan)
    at, blocks = 0, 0
    while len(bits) - at >= 8:
        size = int(bits[at : at + 4], 2)
        assert size <= 9
        assert bits[at + 4 + size] == "0"
        at += 5 + size
        blocks += 1
    assert blocks >= 10 * 8 * 3 - 1


def webp(kind: bytes, head: bytes) -> bytes:
    """The beginning of a WebP file whose only chunk begins so."""
    return b"RIFF\x40\0\0\0WEBP" + kind + b"\x20\0\0\0" + head.ljust(32, b"\0")


def test_sizes_of_other_pictures() -> None:
    assert size_of(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", 7, 5)) == (7, 5)
    assert size_of(b"GIF89a" + struct.pack("<HH", 3, 4)) == (3, 4)
    assert size_of(webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480))) == (640, 480)
    assert size_of(webp(b"VP8L", b"\x2f" + (639 | 479 << 14).to_bytes(4, "little"))) == (640, 480)
    extended = b"\0\0\0\0" + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
    assert size_of(webp(b"VP8X", extended)) == (640, 480)
    assert size_of(webp(b"XXXX", extended)) is None
    assert size_of(b"plain text") is None
    assert size_of(b"\xff\xd8 broken") is None


def test_colours() -> None:
    assert colour_of("#102030") == (16, 32, 48)
    assert colour_of("#zzzzzz") == colour_of(None) == colour_of("no such")


def test_a_voice_message_is_ogg_opus_of_its_length() -> None:
    data = voice(2)
    assert data.count(b"OggS") == 4
    assert b"OpusHead" in data
    position = struct.unpack("<q", data[data.rindex(b"OggS") + 6 :][:8])[0]
    assert position == 2 * 48000
