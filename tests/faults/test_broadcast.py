"""Very many notices: each is sent once, those of a chat in order, never more than allowed, and memory stays as it is.

Telegram's own allowance would take an hour for 100,000; here it is raised. When a message leaves is noted at the
transport, before it meets a network. Fails on planted faults: ``Pace._until`` of 0, a sender that frees
its chats before it has written down what came of them, one that keeps what it sent.
"""

import re
from array import array
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from benchmarks.figures import most_within, slope
from bot import app as composition
from bot.app import App, running
from bot.clock import SystemClock
from bot.config import load
from bot.config_example import EXAMPLE
from bot.config_sections import Telegram
from bot.request import AiohttpRequest
from bot.turns import Failed
from domain.people import ChatId
from simulator.server import build, serving
from simulator.world import World
from storage.outbox import Lane, Mode, Saying
from storage.records import dump
from storage.unit import Unit
from tests.faults.test_memory import resident_bytes
from tests.stage import TOKEN

FIRST_CHAT = 1_000_000
EACH = 4
"""Notices to a chat."""
PER_SECOND = 500
WINDOW = 0.9
"""Seconds that count as one: a machine that is busy with others lets a message leave later than it was counted."""
STATED = 64
"""Bytes of growth per message that are allowed, for noise."""
SAMPLES = 40
NUMBER = re.compile(r"\d{6}")


class Leaving(AiohttpRequest):
    """Notes what is sent, and answers as Telegram does: of a hundred thousand messages a fake one keeps nothing."""

    def __init__(self, telegram: Telegram, sent: "Sent") -> None:
        super().__init__(telegram.timeout.total_seconds(), telegram.connect_timeout.total_seconds())
        self._sent = sent

    async def do_request(self, url: str, method: str, *more: Any, **named: Any) -> tuple[int, bytes]:
        """A message is noted and answered here; everything else goes its way."""
        data = named.get("request_data") or (more[0] if more else None)
        if not url.endswith("/sendMessage"):
            return await super().do_request(url, method, *more, **named)
        number = self._sent.note(data.parameters)
        return 200, b'{"ok":true,"result":{"message_id":%d}}' % number


class Sent:
    """When messages left, and whether each was the next of its chat. No more than some bytes of each are kept."""

    def __init__(self, count: int) -> None:
        self.times = array("d")
        self.next = array("b", [0] * (count // EACH))
        self.wrong: list[tuple[int, str]] = []
        self.memory: list[tuple[int, int]] = []
        self._step = count // SAMPLES

    def note(self, fields: dict[str, Any]) -> int:
        """One more; how many there are."""
        chat = fields["chat_id"] - FIRST_CHAT
        told = NUMBER.search(fields["text"])
        if told is None or int(told[0]) != chat * EACH + self.next[chat]:
            self.wrong.append((chat, fields["text"]))
        self.next[chat] += 1
        self.times.append(monotonic())
        if len(self.times) % self._step == 0:
            self.memory.append((len(self.times), resident_bytes("self")))
        return len(self.times)


async def test_every_notice_of_a_broadcast_is_sent_once_in_order_and_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broadcast(tmp_path, monkeypatch, 1_200)


@pytest.mark.soak
async def test_a_hundred_thousand_notices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The long form."""
    sent = await broadcast(tmp_path, monkeypatch, 100_000)
    later = sent.memory[len(sent.memory) // 2 :]
    grown = slope(later)
    print({"bytes_per_message": round(grown, 1), "mb": [size >> 20 for _, size in sent.memory]})  # noqa: T201
    assert grown < STATED


async def broadcast(folder: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> Sent:
    """Send so many to a quarter as many chats."""
    sent = Sent(count)
    monkeypatch.setattr(composition, "build_request", lambda telegram: Leaving(telegram, sent))
    async with serving(build(World(token=TOKEN), page=None)) as address:
        environment = {
            "YIXIAN_TELEGRAM__TOKEN": TOKEN,
            "YIXIAN_TELEGRAM__BASE_URL": address,
            "YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'yixian.db'}",
            "YIXIAN_STORAGE__FOLDER": str(folder),
            "YIXIAN_BACKUP__KEEP": "0",
            "YIXIAN_SENDER__PER_SECOND": str(PER_SECOND),
            "YIXIAN_SENDER__PER_CHAT_PER_SECOND": "100",
        }
        async with running(load(EXAMPLE, environment), SystemClock(), poll=False, tick=False, make=True) as app:
            await tell_everybody(app, count)
            await app.settled()
            assert await app.database.read(lambda unit: unit.outbox.counts()) == {"sent": count}
    assert sent.wrong == []
    assert len(sent.times) == count
    assert set(sent.next) == {EACH}
    assert most_within(sent.times, WINDOW) <= PER_SECOND
    return sent


async def tell_everybody(app: App, count: int) -> None:
    """In one transaction, so that all of them wait at once."""
    await app.database.run(lambda unit: add_notices(unit, count))


def add_notices(unit: Unit, count: int) -> None:
    """Numbered, those of a chat one behind the other."""
    now = SystemClock().now()
    for number in range(count):
        words = Failed(f"{number:06}")
        unit.outbox.add(
            Saying(
                chat=ChatId(FIRST_CHAT + number // EACH),
                lane=Lane.BROADCAST,
                mode=Mode.SEND,
                kind=type(words).__name__,
                fields=dump(words),
                created_at=now,
                not_before=now,
            )
        )
