"""A short voice message made by hand: Ogg with Opus silence, which every player plays."""

from __future__ import annotations

import struct
from functools import lru_cache

# 20 ms of silence as a mono Opus frame; 50 make a second.
_SILENCE = b"\xf8\xff\xfe"
_FRAME = 960
_PER_PAGE = 50
_SERIAL = 0x59495849


@lru_cache(maxsize=16)
def voice(seconds: int) -> bytes:
    """An Ogg/Opus file of `seconds` of silence (at least one)."""
    count = max(seconds, 1) * 50
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 9) + b"simulator" + struct.pack("<I", 0)
    pages = [_page(0, 0, 2, [head]), _page(1, 0, 0, [tags])]
    for number, start in enumerate(range(0, count, _PER_PAGE), start=2):
        frames = min(_PER_PAGE, count - start)
        last = 4 if start + frames == count else 0
        pages.append(_page(number, (start + frames) * _FRAME, last, [_SILENCE] * frames))
    return b"".join(pages)


def _page(number: int, position: int, flags: int, packets: list[bytes]) -> bytes:
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, position, _SERIAL, number, 0)
    body = bytes([len(packets), *map(len, packets)]) + b"".join(packets)
    checksum = struct.pack("<I", _crc(head + body))
    return head[:22] + checksum + head[26:] + body


def _table() -> list[int]:
    table = []
    for index in range(256):
        value = index << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_CRC = _table()


def _crc(data: bytes) -> int:
    """Ogg's checksum: CRC-32 without reflection."""
    value = 0
    for byte in data:
        value = ((value << 8) & 0xFFFFFFFF) ^ _CRC[(value >> 24) ^ byte]
    return value
