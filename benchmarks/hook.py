"""Delivers updates to a webhook as Telegram does: over connections that are kept, again until they are taken."""

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from benchmarks.concern import Update
from benchmarks.http import END, length

CONNECTIONS = 40
"""At once, as Telegram calls where nothing else is asked for (Bot API, setWebhook, ``max_connections``)."""
AGAIN_SECONDS = 0.05
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    "X-Telegram-Bot-Api-Secret-Token: {secret}\r\nContent-Length: {length}\r\n\r\n"
)


class Line(asyncio.Protocol):
    """One connection, made when it is needed, with one call at a time on it."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._status: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer = transport, b""

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever waits for an answer hears of it."""
        self._transport = None
        if self._status is not None and not self._status.done():
            self._status.set_exception(ConnectionResetError("the program hung up"))

    def data_received(self, data: bytes) -> None:
        """The answer, once it is whole."""
        self._buffer += data
        end = self._buffer.find(END)
        if end < 0:
            return
        line, *headers = self._buffer[:end].split(b"\r\n")
        if len(self._buffer) < end + len(END) + length(headers):
            return
        self._buffer = b""
        if self._status is not None and not self._status.done():
            self._status.set_result(int(line.split(b" ")[1]))

    async def post(self, data: bytes) -> int:
        """Send a call; the status of its answer. ``OSError`` where the connection breaks, or cannot be made."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, self._host, self._port)
        assert self._transport is not None
        self._status = loop.create_future()
        self._transport.write(data)
        return await self._status

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Hook:
    """Where a program wants its updates. ``handed`` and ``taken`` are told of each; ``again`` counts second tries."""

    def __init__(
        self, url: str, secret: str, handed: Callable[[Update], None], taken: Callable[[Update], None]
    ) -> None:
        self._url = urlsplit(url)
        self._secret = secret
        self._handed = handed
        self._taken = taken
        self._waiting: asyncio.Queue[Update] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.again = 0

    def put(self, update: Update) -> None:
        """Deliver this after what waits."""
        self._waiting.put_nowait(update)
        if len(self._tasks) < CONNECTIONS:
            self._tasks.append(asyncio.create_task(self._deliver_all()))

    async def _deliver_all(self) -> None:
        """One call after the other."""
        line = Line(self._url.hostname or "", self._url.port or 80)
        try:
            while True:
                await self._deliver(await self._waiting.get(), line)
        finally:
            line.close()

    async def _deliver(self, update: Update, line: Line) -> None:
        self._handed(update)
        data = self._call(update)
        while not await delivered(line, data):
            self.again += 1
            await asyncio.sleep(AGAIN_SECONDS)
        self._taken(update)

    async def close(self) -> None:
        """Deliver nothing more, and hang up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _call(self, update: Update) -> bytes:
        body = json.dumps(update.raw(), ensure_ascii=False).encode()
        head = HEAD.format(path=self._url.path, host=self._url.netloc, secret=self._secret, length=len(body))
        return head.encode() + body


async def delivered(line: Line, data: bytes) -> bool:
    """Whether it was taken: anything but a 200 is tried again."""
    try:
        return await line.post(data) == HTTPStatus.OK
    except OSError:
        return False
