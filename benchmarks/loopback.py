"""A lean Bot API server on 127.0.0.1, which is also the load: so many concerns always under way, each of a new person.

It talks to whoever started it in lines of JSON. Out: ``{"port": …}``; ``{"ready": true}`` once as many programs as its
argument says have asked who they are, and one asked for updates or set a webhook; a report after every run. In:
``{"run": 500, "seconds": 60}``, with ``"rate": 30`` so many a second whatever is answered, instead of a new one for
every answer; with ``"acts": 2`` everybody also adds a sentence, with 3 they also press a button. It ends when its input
ends.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from itertools import count
from typing import Any

from benchmarks.concern import BOT, FIRST_PERSON, Act, Concern, Update
from benchmarks.figures import most_in_a_chat, most_within, quantile
from benchmarks.hook import Hook
from benchmarks.http import Connection
from benchmarks.polls import Polls

IN_FLIGHT = 64
NUMBER = re.compile(r"\b\d\d-(\d{4,})\b")
TRUE = b"true"


class Town:
    """Everybody who has a concern, and what they were answered. ``ready`` once ``programs`` have come and one asks."""

    def __init__(self, programs: int = 1) -> None:
        self._loop = asyncio.get_running_loop()
        self._concerns: list[Concern] = []
        self._polls = Polls(self._handed, self._taken)
        self._hook: Hook | None = None
        self._numbers = count(1)
        self._presses: dict[str, Concern] = {}
        self._programs = programs
        self._asked = False
        self._calls: Counter[str] = Counter()
        self._messages = 1_000_000
        self._copies = 0
        self._unsaid = 0
        self._open = 0
        self._steady = False
        self._acts = 1
        self._sent: list[tuple[float, int]] = []
        self.ready = asyncio.Event()
        self.answered = asyncio.Event()

    # -- the load

    async def run(self, count: int, seconds: float, rate: float = 0, acts: int = 1) -> dict[str, Any]:
        """Say so many concerns, a new one for every answer or so many a second; what came of them.

        After ``seconds`` at the latest.
        """
        self._unsaid, self._open, self._steady, self._acts = count, 0, rate > 0, acts
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
        """Somebody new."""
        self._unsaid -= 1
        self._open += 1
        concern = Concern(len(self._concerns) + 1, self._acts)
        self._concerns.append(concern)
        self._do(concern, Act.TELL)

    def _do(self, concern: Concern, act: Act) -> None:
        concern.said = act
        update = Update(next(self._numbers), concern, act)
        if act is Act.PRESS:
            self._presses[str(update.update_id)] = concern
        (self._hook or self._polls).put(update)

    def _handed(self, update: Update) -> None:
        if update.act is Act.TELL:
            update.concern.handed = update.concern.handed or self._loop.time()

    def _taken(self, update: Update) -> None:
        update.concern.taken = update.act
        self._go_on(update.concern)

    def _go_on(self, concern: Concern) -> None:
        """The next that this person does, or somebody new."""
        if act := concern.next_act:
            self._do(concern, act)
        self._make_room(concern)

    def _make_room(self, concern: Concern) -> None:
        """Whoever waits for nothing any more makes room for somebody new, once."""
        if concern.over or not concern.is_served:
            return
        concern.over = True
        self._open -= 1
        if self._unsaid and not self._steady:
            self._say()
        elif not self._open and not self._unsaid:
            self.answered.set()

    def _report(self, said: list[Concern], count: int, begun: float) -> dict[str, Any]:
        took = sorted(concern.answered - concern.handed for concern in said if concern.answered)
        last = max((concern.answered for concern in said), default=0.0)
        return {
            "answered": len(took),
            "lost": count - sum(concern.over for concern in said),
            "copies": self._copies,
            "again": self._hook.again if self._hook else 0,
            "seconds": max(last - begun, 0.0),
            "p50": quantile(took, 0.50),
            "p99": quantile(took, 0.99),
            "calls": dict(self._calls),
            "sent": len(self._sent),
            "most": most_within([at for at, _ in self._sent]),
            "most_chat": most_in_a_chat(self._sent),
            "serials": [(concern.number, concern.serial) for concern in said if concern.answered],
        }

    async def close(self) -> None:
        """Say nothing more."""
        if self._hook:
            await self._hook.close()

    # -- the Bot API

    def handle(self, connection: Connection, method: str, fields: dict[str, Any]) -> None:
        """One call."""
        self._calls[method] += 1
        if method.startswith(("send", "edit")):
            self._sent.append((self._loop.time(), int(fields["chat_id"])))
        match method:
            case "getUpdates" | "setWebhook" | "getMe":
                self._introduce(connection, method, fields)
            case "sendMessage":
                self._messages += 1
                connection.answer(self._message(fields, self._messages))
                self._hear(fields, self._messages)
            case "editMessageText":
                connection.answer(self._message(fields, int(fields["message_id"])))
            case "answerCallbackQuery":
                connection.answer(TRUE)
                self._release(fields["callback_query_id"])
            case _:
                connection.answer(TRUE)

    def _introduce(self, connection: Connection, method: str, fields: dict[str, Any]) -> None:
        """A program asks who it is, and then for updates in one way or the other."""
        match method:
            case "getMe":
                connection.answer(json.dumps(BOT).encode())
                self._programs -= 1
            case "setWebhook":
                connection.answer(TRUE)
                self._hook = Hook(fields["url"], fields["secret_token"], self._handed, self._taken)
            case _:
                self._polls.ask(connection, fields)
        self._asked = self._asked or method != "getMe"
        if self._asked and self._programs <= 0:
            self.ready.set()

    def _message(self, fields: dict[str, Any], number: int) -> bytes:
        """A message as Telegram returns it, with its buttons."""
        chat = int(fields["chat_id"])
        message: dict[str, Any] = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": f"居民{chat - FIRST_PERSON}"},
            "from": BOT,
            "text": fields.get("text", ""),
        }
        if buttons := fields.get("reply_markup"):
            message["reply_markup"] = json.loads(buttons) if isinstance(buttons, str) else buttons
        return json.dumps(message, ensure_ascii=False).encode()

    def _release(self, press: str) -> None:
        """A press was answered."""
        if concern := self._presses.pop(press, None):
            concern.pressed = True
            self._make_room(concern)

    def _hear(self, fields: dict[str, Any], message: int) -> None:
        """A message that repeats somebody's concern to them is its answer, the first time."""
        number, text = int(fields["chat_id"]) - FIRST_PERSON, fields.get("text", "")
        concern = self._concerns[number - 1] if 0 < number <= len(self._concerns) else None
        if concern is None or concern.mark not in text:
            return
        if concern.answered:
            self._copies += 1
            return
        concern.answered = self._loop.time()
        concern.serial = int(found[1]) if (found := NUMBER.search(text)) else 0
        concern.receipt, concern.button = message, first_button(fields.get("reply_markup"))
        self._go_on(concern)


def first_button(markup: Any) -> str:
    """The data of the first button of a message; empty where it has none."""
    found = json.loads(markup) if isinstance(markup, str) else markup or {}
    rows = found.get("inline_keyboard", [])
    return str(rows[0][0].get("callback_data", "")) if rows else ""


def tell(line: dict[str, Any]) -> None:
    """One line to whoever started this."""
    print(json.dumps(line), flush=True)


async def orders() -> asyncio.StreamReader:
    """Standard input, line by line."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def main() -> None:
    """``python -m benchmarks.loopback PROGRAMS``: serve and run what is ordered."""
    town = Town(int(sys.argv[1]))
    server = await asyncio.get_running_loop().create_server(lambda: Connection(town.handle), "127.0.0.1", 0)
    reader = await orders()
    tell({"port": server.sockets[0].getsockname()[1]})
    ready = asyncio.create_task(announce(town))
    while line := await reader.readline():
        order = json.loads(line)
        tell(await town.run(order["run"], order["seconds"], order["rate"], order["acts"]))
    ready.cancel()
    await town.close()
    server.close()


async def announce(town: Town) -> None:
    """Tell when the programs are there and one of them wants updates."""
    await town.ready.wait()
    tell({"ready": True})


if __name__ == "__main__":
    asyncio.run(main())
