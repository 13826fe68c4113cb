"""Delivers updates to a webhook: one in flight per lane, again and again until the bot answers with 2xx."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from urllib.parse import SplitResult, urlsplit

from simulator.methods import METHODS, perform
from simulator.refusals import Json, Refused
from simulator.updates import Lane, Pending
from simulator.world import World

FIRST_RETRY = 0.1
LONGEST_RETRY = 5.0
ANSWER_LIMIT = 60.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Webhooks:
    """Telegram's sending side. Messages and presses of one person are different lanes, as in Telegram."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lanes: dict[Lane, deque[Pending]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(40)
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Listens to the world from now on."""
        self._world.queue.told.append(self._pushed)
        self._world.listeners.append(self._heard)
        self._reload()

    async def stop(self) -> None:
        """Ends all deliveries; what was not answered stays in the queue."""
        self._world.queue.told.remove(self._pushed)
        self._world.listeners.remove(self._heard)
        await self._cancel()

    async def _cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()
        while self._idle:
            self._idle.pop()[1].close()

    def _heard(self, event: Json) -> None:
        if event["kind"] == "webhook":
            self._reload()

    def _reload(self) -> None:
        """The webhook was set: what waits in the queue goes there."""
        self._lanes.clear()
        self._slots = asyncio.Semaphore(int(self._world.webhook.get("max_connections") or 40))
        for item in self._world.queue:
            self._pushed(item)

    def _pushed(self, item: Pending | None) -> None:
        if item is None or not self._world.webhook["url"]:
            return
        waiting = self._lanes.get(item.lane)
        if waiting is not None:
            waiting.append(item)
            return
        self._lanes[item.lane] = deque([item])
        self._loop.call_soon(self._begin, item.lane)

    def _begin(self, lane: Lane) -> None:
        task = self._loop.create_task(self._run(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, lane: Lane) -> None:
        """Empties one lane in order."""
        waiting = self._lanes.get(lane)
        delay = FIRST_RETRY
        while waiting and self._lanes.get(lane) is waiting:
            async with self._slots:
                accepted = await self._deliver(waiting[0])
            if accepted or waiting[0].expires <= self._world.now():
                self._delivered(waiting)
                delay = FIRST_RETRY
            else:
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_RETRY)
        if self._lanes.get(lane) is waiting:
            self._lanes.pop(lane, None)

    def _delivered(self, waiting: deque[Pending]) -> None:
        item = waiting[0]
        if item.copies > 1:
            item.copies -= 1
            return
        waiting.popleft()
        self._world.queue.done(item)

    async def _deliver(self, item: Pending) -> bool:
        url = urlsplit(self._world.webhook["url"])
        try:
            async with asyncio.timeout(ANSWER_LIMIT):
                status, body = await self._post(url, json.dumps(item.update).encode())
        except (OSError, TimeoutError, ValueError, EOFError, asyncio.LimitOverrunError) as problem:
            return self._failed(f"{type(problem).__name__}: {problem}")
        if not 200 <= status < 300:
            return self._failed(f"Wrong response from the webhook: {status}")
        self._carry_out(body)
        return True

    def _failed(self, words: str) -> bool:
        self._world.webhook |= {"last_error_date": self._world.stamp(), "last_error_message": words}
        self._world.emit("delivery", error=words)
        return False

    def _carry_out(self, body: bytes) -> None:
        """A method call in the answer itself; Telegram does not say how it went."""
        try:
            call = json.loads(body)
        except ValueError:
            return
        if isinstance(call, dict) and str(call.get("method", "")).lower() in METHODS:
            try:
                perform(self._world, call.pop("method"), call)
            except Refused:
                return

    # A small HTTP client: one request at a time on connections that are kept open.

    async def _post(self, url: SplitResult, body: bytes) -> tuple[int, bytes]:
        while True:
            kept = bool(self._idle)
            connection = self._idle.pop() if kept else await _connect(url)
            try:
                return await self._exchange(connection, url, body)
            except (OSError, EOFError):
                connection[1].close()
                # A connection that was kept may have died of old age; a new one has no such excuse.
                if not kept:
                    raise
            except BaseException:
                connection[1].close()
                raise

    async def _exchange(self, connection: Connection, url: SplitResult, body: bytes) -> tuple[int, bytes]:
        reader, writer = connection
        writer.write(self._head(url, len(body)) + body)
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = _status(head)
        headers = _headers(head)
        answer = await _read(reader, headers, status)
        if headers.get("connection", "") == "close" or "content-length" not in headers:
            writer.close()
        else:
            self._idle.append(connection)
        return status, answer

    def _head(self, url: SplitResult, length: int) -> bytes:
        path = url.path or "/"
        lines = [
            f"POST {path}{'?' + url.query if url.query else ''} HTTP/1.1",
            f"Host: {url.netloc}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
        ]
        if secret := self._world.webhook.get("secret_token"):
            lines.append(f"X-Telegram-Bot-Api-Secret-Token: {secret}")
        return "\r\n".join([*lines, "", ""]).encode()


async def _connect(url: SplitResult) -> Connection:
    secure = url.scheme == "https"
    return await asyncio.open_connection(url.hostname, url.port or (443 if secure else 80), ssl=secure or None)


def _status(head: bytes) -> int:
    words = head.split(None, 2)
    if len(words) < 2:
        raise ValueError("no status in the answer")
    return int(words[1])


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}


async def _read(reader: asyncio.StreamReader, headers: dict[str, str], status: int) -> bytes:
    """The body of an answer; what has no length is read to its end."""
    if status == 204:
        return b""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") == "chunked":
        return await _chunks(reader)
    return await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(parts)
