"""A lean Bot API server on 127.0.0.1, which is also the load: so many concerns always under way, each of a new person.

It talks to whoever started it in lines of JSON. Out: ``{"port": …}``; ``{"ready": true}`` once somebody asks for
updates; a report after every run. In: ``{"run": 500, "seconds": 60}``, with ``"rate": 30`` so many a second whatever is
answered, instead of a new one for every answer. It ends when its input ends.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

from benchmarks.http import Connection

IN_FLIGHT = 64
FIRST_PERSON = 10_000
FIRST_UPDATE = 500_000
BOT = {"id": 4200001, "is_bot": True, "first_name": "Yixian", "username": "yixian_bench_bot"}
NUMBER = re.compile(r"\b\d\d-(\d{4,})\b")
TRUE = b"true"
SECOND = 0.99
"""What the network and this process add or take away must not count: a hundredth less than a second."""


@dataclass(slots=True)
class Concern:
    """What one person said, when it was handed out and when the answer came; seconds of one clock, 0 for not yet."""

    number: int
    handed: float = 0.0
    answered: float = 0.0
    serial: int = 0

    @property
    def person(self) -> int:
        """Who says it, and in which chat."""
        return FIRST_PERSON + self.number

    @property
    def update_id(self) -> int:
        """Its place in the order of updates."""
        return FIRST_UPDATE + self.number

    @property
    def mark(self) -> str:
        """What an answer to it repeats."""
        return f"第{self.number}号诉求"

    def update(self) -> dict[str, Any]:
        """As Telegram hands it out."""
        name = {"id": self.person, "first_name": f"居民{self.number}"}
        message = {
            "message_id": self.number,
            "date": int(time.time()),
            "chat": {**name, "type": "private"},
            "from": {**name, "is_bot": False, "language_code": "zh-hans"},
            "text": f"{self.mark}:城北社区楼道里的路灯坏了好几天",
        }
        return {"update_id": self.update_id, "message": message}


@dataclass(slots=True)
class Poll:
    """Somebody who waits for updates."""

    connection: Connection
    limit: int
    timer: asyncio.TimerHandle


class Town:
    """Everybody who has a concern, and what they were answered."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Concern] = deque()
        self._concerns: list[Concern] = []
        self._poll: Poll | None = None
        self._calls: Counter[str] = Counter()
        self._messages = 1_000_000
        self._copies = 0
        self._unsaid = 0
        self._open = 0
        self._flush_due = False
        self._steady = False
        self._sent: list[tuple[float, int]] = []
        self.asked = asyncio.Event()
        self.answered = asyncio.Event()

    # -- the load

    async def run(self, count: int, seconds: float, rate: float = 0) -> dict[str, Any]:
        """Say so many concerns, a new one for every answer or so many a second; what came of them.

        After ``seconds`` at the latest.
        """
        self._unsaid, self._open, self._steady = count, 0, rate > 0
        self._calls.clear()
        self._sent.clear()
        self.answered.clear()
        begun, first = self._loop.time(), len(self._concerns)
        try:
            async with asyncio.timeout(seconds):
                await self._say_all(count, rate)
                await self.answered.wait()
        except TimeoutError:
            self._unsaid = 0
        return self._report(self._concerns[first:], count, begun)

    async def _say_all(self, count: int, rate: float) -> None:
        """The first of them, or all of them one by one."""
        if not rate:
            for _ in range(min(IN_FLIGHT, count)):
                self._say()
            return
        begun = self._loop.time()
        for number in range(count):
            await asyncio.sleep(begun + number / rate - self._loop.time())
            self._say()

    def _say(self) -> None:
        self._unsaid -= 1
        self._open += 1
        concern = Concern(len(self._concerns) + 1)
        self._concerns.append(concern)
        self._waiting.append(concern)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _report(self, said: list[Concern], count: int, begun: float) -> dict[str, Any]:
        took = sorted(concern.answered - concern.handed for concern in said if concern.answered)
        last = max((concern.answered for concern in said), default=0.0)
        return {
            "answered": len(took),
            "lost": count - len(took),
            "copies": self._copies,
            "seconds": max(last - begun, 0.0),
            "p50": quantile(took, 0.50),
            "p99": quantile(took, 0.99),
            "calls": dict(self._calls),
            "sent": len(self._sent),
            "most": most_within([at for at, _ in self._sent], SECOND),
            "most_chat": most_in_a_chat(self._sent),
            "serials": [(concern.number, concern.serial) for concern in self._concerns if concern.answered],
        }

    # -- the Bot API

    def handle(self, connection: Connection, method: str, fields: dict[str, Any]) -> None:
        """One call."""
        self._calls[method] += 1
        if method.startswith(("send", "edit")):
            self._sent.append((self._loop.time(), int(fields["chat_id"])))
        match method:
            case "getUpdates":
                self._get_updates(connection, fields)
            case "sendMessage":
                connection.answer(self._message(fields))
                self._hear(int(fields["chat_id"]), fields.get("text", ""))
            case "editMessageText":
                connection.answer(self._message(fields))
            case "getMe":
                connection.answer(json.dumps(BOT).encode())
            case _:
                connection.answer(TRUE)

    def _message(self, fields: dict[str, Any]) -> bytes:
        """A message as Telegram returns it, with its buttons."""
        self._messages += 1
        chat = int(fields["chat_id"])
        message: dict[str, Any] = {
            "message_id": int(fields.get("message_id", self._messages)),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": f"居民{chat - FIRST_PERSON}"},
            "from": BOT,
            "text": fields.get("text", ""),
        }
        if buttons := fields.get("reply_markup"):
            message["reply_markup"] = json.loads(buttons) if isinstance(buttons, str) else buttons
        return json.dumps(message, ensure_ascii=False).encode()

    def _hear(self, chat: int, text: str) -> None:
        """A message that repeats somebody's concern to them is its answer, the first time."""
        number = chat - FIRST_PERSON
        concern = self._concerns[number - 1] if 0 < number <= len(self._concerns) else None
        if concern is None or concern.mark not in text:
            return
        if concern.answered:
            self._copies += 1
            return
        concern.answered = self._loop.time()
        concern.serial = int(found[1]) if (found := NUMBER.search(text)) else 0
        self._open -= 1
        if self._unsaid and not self._steady:
            self._say()
        elif not self._open and not self._unsaid:
            self.answered.set()

    def _get_updates(self, connection: Connection, fields: dict[str, Any]) -> None:
        offset, seconds = int(fields.get("offset", 0)), float(fields.get("timeout", 0))
        while self._waiting and self._waiting[0].update_id < offset:
            self._waiting.popleft()
        self._end_poll()
        timer = self._loop.call_later(seconds, self._end_poll)
        self._poll = Poll(connection, int(fields.get("limit", 100)), timer)
        if self._waiting or not seconds:
            self._flush()
        self.asked.set()

    def _flush(self) -> None:
        """Hand out what waits to whoever waits for it."""
        self._flush_due = False
        if self._poll is None or not self._poll.connection.is_open:
            return
        batch, now = list(islice(self._waiting, self._poll.limit)), self._loop.time()
        for concern in batch:
            concern.handed = concern.handed or now
        self._end_poll([concern.update() for concern in batch])

    def _end_poll(self, updates: list[dict[str, Any]] | None = None) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.timer.cancel()
            poll.connection.answer(json.dumps(updates or [], ensure_ascii=False).encode())


def quantile(ordered: list[float], share: float) -> float:
    """The value below which that share lies; 0 where there is none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def most_within(times: list[float], seconds: float) -> int:
    """The most that came within any stretch of time so long; ``times`` are in order."""
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_in_a_chat(sent: list[tuple[float, int]]) -> int:
    """The most that came to one chat within any second."""
    by_chat: defaultdict[int, list[float]] = defaultdict(list)
    for at, chat in sent:
        by_chat[chat].append(at)
    return max((most_within(times, SECOND) for times in by_chat.values()), default=0)


def tell(line: dict[str, Any]) -> None:
    """One line to whoever started this."""
    print(json.dumps(line), flush=True)


async def orders() -> asyncio.StreamReader:
    """Standard input, line by line."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def main() -> None:
    """Serve and run what is ordered."""
    town = Town()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(town.handle), "127.0.0.1", 0)
    reader = await orders()
    tell({"port": server.sockets[0].getsockname()[1]})
    ready = asyncio.create_task(announce(town))
    while line := await reader.readline():
        order = json.loads(line)
        tell(await town.run(order["run"], order["seconds"], order.get("rate", 0)))
    ready.cancel()
    server.close()


async def announce(town: Town) -> None:
    """Tell when somebody asks for updates for the first time."""
    await town.asked.wait()
    tell({"ready": True})


if __name__ == "__main__":
    asyncio.run(main())
