"""Small valid pictures, made by hand: a JPEG mosaic of 8 by 8 squares, and the size of one that was sent."""

from __future__ import annotations

import struct
from functools import lru_cache

# One luminance table of eights: a DC coefficient then is the brightness of its square, and nothing else is coded.
_QUANTISATION = b"\xff\xdb\x00\x43\x00" + bytes([8] * 64)
# Twelve categories of four bits each for DC; for AC one symbol only, "end of block", which is a single 0 bit.
_HUFFMAN_DC = b"\xff\xc4\x00\x1f\x00" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
_HUFFMAN_AC = b"\xff\xc4\x00\x14\x10" + bytes([1] + [0] * 15) + b"\x00"
_SCAN = b"\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x00\x3f\x00"
_APP0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"

COLOURS = {
    "grey": (120, 124, 130),
    "red": (200, 70, 60),
    "orange": (224, 140, 50),
    "yellow": (226, 196, 70),
    "green": (84, 150, 90),
    "blue": (70, 120, 190),
    "purple": (130, 90, 170),
    "night": (40, 46, 70),
}


def colour_of(name: str | None) -> tuple[int, int, int]:
    """A colour by name or as "#rrggbb"; anything else is grey."""
    if name and name.startswith("#") and len(name) == 7:
        try:
            red, green, blue = bytes.fromhex(name[1:])
        except ValueError:
            return COLOURS["grey"]
        return red, green, blue
    return COLOURS.get(name or "grey", COLOURS["grey"])


@lru_cache(maxsize=256)
def jpeg(width: int, height: int, colour: str | None = None, seed: int = 0) -> bytes:
    """A JPEG of `width` by `height` pixels in shades of `colour`; another seed is another picture."""
    red, green, blue = colour_of(colour)
    columns, rows = -(-width // 8), -(-height // 8)
    bits: list[str] = []
    last = [0, 0, 0]
    for row in range(rows):
        for column in range(columns):
            shade = _shade(row, column, rows, seed)
            for index, value in enumerate(_ycbcr(red * shade, green * shade, blue * shade)):
                bits.append(_dc(value - last[index]))
                last[index] = value
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"
    head = b"\xff\xd8" + _APP0 + _QUANTISATION + frame + _HUFFMAN_DC + _HUFFMAN_AC + _SCAN
    return head + _packed("".join(bits)) + b"\xff\xd9"


def _shade(row: int, column: int, rows: int, seed: int) -> float:
    """Lighter above, darker below, and grainy, so that pictures look like something."""
    grain = ((row * 7 + column * 13 + seed * 31) * 2654435761 >> 8) % 100
    return 1.15 - 0.45 * row / rows + (grain - 50) / 400


def _ycbcr(red: float, green: float, blue: float) -> tuple[int, int, int]:
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    values = (luma - 128, 0.564 * (blue - luma), 0.713 * (red - luma))
    y, cb, cr = (max(-128, min(127, round(value))) for value in values)
    return y, cb, cr


def _dc(difference: int) -> str:
    """A DC difference and an empty rest of the block."""
    size = abs(difference).bit_length()
    value = difference if difference >= 0 else difference + (1 << size) - 1
    return f"{size:04b}" + (f"{value:0{size}b}" if size else "") + "0"


def _packed(bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")


def size_of(data: bytes) -> tuple[int, int] | None:
    """Width and height of a JPEG, PNG, GIF or WebP; None for what is no picture."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return width, height
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return width, height
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) >= 30:
        return _webp_size(data)
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Of the three kinds of WebP (RFC 9649): lossy, lossless, extended."""
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return None
