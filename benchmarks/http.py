"""The least of HTTP/1.1 that a Bot API client needs: POST or GET, a body of known length, connections kept open."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

END = b"\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
REFUSED = b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(asyncio.Protocol):
    """One connection. ``handle`` gets method and fields, and calls ``answer`` now or later."""

    def __init__(self, handle: Callable[["Connection", str, dict[str, Any]], None]) -> None:
        self._handle = handle
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Whether an answer would still arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody called."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """They left."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Handle every request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(END)) >= 0:
            line, *headers = self._buffer[:end].split(b"\r\n")
            size = length(headers)
            if size < 0:
                self.refuse()
                return
            begin = end + len(END)
            if len(self._buffer) < begin + size:
                return
            body, self._buffer = self._buffer[begin : begin + size], self._buffer[begin + size :]
            path, _, query = line.split(b" ")[1].partition(b"?")
            self._handle(self, path.rpartition(b"/")[2].decode(), fields_of(headers, body or query))

    def answer(self, result: bytes) -> None:
        """Answer with a result that is JSON already."""
        if self._transport is not None:
            body = b'{"ok":true,"result":' + result + b"}"
            self._transport.write(HEAD % len(body) + body)

    def refuse(self) -> None:
        """Say that this cannot be taken, and hang up."""
        self._buffer = b""
        if self._transport is not None:
            self._transport.write(REFUSED)
            self._transport.close()


def fields_of(headers: list[bytes], body: bytes) -> dict[str, Any]:
    """The fields of a call: a JSON object, or a form (or query) of names and values."""
    kind = value_of(headers, b"content-type")
    if kind.startswith(b"application/json"):
        found: dict[str, Any] = json.loads(body) if body else {}
        return found
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def value_of(headers: list[bytes], wanted: bytes) -> bytes:
    """The value of a header, whose name is asked for in lower case; empty where it is missing."""
    for header in headers:
        name, _, value = header.partition(b":")
        if name.lower() == wanted:
            return value.strip()
    return b""


def length(headers: list[bytes]) -> int:
    """The length of the body; -1 where it comes in chunks."""
    for header in headers:
        name, _, value = header.partition(b":")
        match name.lower():
            case b"content-length":
                return int(value)
            case b"transfer-encoding":
                return -1
    return 0
