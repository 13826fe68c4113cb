"""One call in ten is answered 429, 5xx, by silence, a reset, or not at all: every row ends, copies only where in doubt.

Fails on planted faults: an ambiguous failure ends as dead; retry at once on 429 (``Wait`` in ``bot/delivery.py``);
leave ``WAITING`` out of ``PENDING`` (``storage/outbox.py``), and answers overtake each other.
"""

import random
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.people import Role
from simulator.chaos import CALL_KINDS
from simulator.world import World
from tests.faults.checker import check
from tests.faults.nursery import concern
from tests.stage import MONDAY, Role_, Stage, stage

RATE = 0.1
FEW, MANY = 100, 2_000
"""Residents; each of them and the coordinator hear five messages: 500 and 10,000."""
CHEN = Role_("陈静", Role.COORDINATOR)
AT_ONCE = 50
FIRST = 2_001


async def test_messages_arrive_through_chaos(tmp_path: Path) -> None:
    await through_chaos(tmp_path, FEW)


@pytest.mark.soak
async def test_many_messages_arrive_through_chaos(tmp_path: Path) -> None:
    """The long form."""
    await through_chaos(tmp_path, MANY)


async def through_chaos(folder: Path, people: int) -> None:
    """Everybody speaks and adds to it twice while calls fail; then time passes until nothing waits."""
    async with stage(folder, MONDAY, {"YIXIAN_SENDER__ATTEMPTS": "100"}) as town:
        world = town.world
        world.calls = deque(world.calls)
        world.chaos.silence, world.chaos.retry_after = 0.05, 7
        await town.join(CHEN)
        numbers = list(range(FIRST, FIRST + people))
        for number in numbers:
            world.person(number, f"居民{number}")
        world.chaos.set(RATE, CALL_KINDS, seed=people)
        random.Random(people).shuffle(numbers)
        for first in range(0, people, AT_ONCE):
            await speak(town, numbers[first : first + AT_ONCE])
        world.chaos.set(0)
        await rest(town)
    found = check(folder / "yixian.db", world, town.app.charter, town.clock.now())
    assert len(found.cases) == people
    assert set(world.chaos.counts) == set(CALL_KINDS), "each of them happened"
    assert not list(too_early(world))
    assert {row.state for row in found.outbox} <= {"sent", "expired"}
    assert len([row for row in found.outbox if row.state == "sent"]) >= 5 * people


async def speak(town: Stage, numbers: list[int]) -> None:
    """So many people at once, three messages each; then a while passes."""
    for number in numbers:
        town.world.say(number, concern(number))
        town.world.say(number, "还有2号楼")
        town.world.say(number, "还有3号楼")
    await town.settle()
    await town.advance(timedelta(seconds=30))


async def rest(town: Stage) -> None:
    """The network is well again, and what waits is tried again in the next hours."""
    for _ in range(6):
        await town.settle()
        await town.advance(timedelta(minutes=10))


def too_early(world: World) -> Iterator[str]:
    """Messages to a chat for which Telegram had said how long to wait."""
    until: dict[Any, datetime] = {}
    for call in world.calls:
        chat, at = call["params"].get("chat_id"), datetime.fromisoformat(call["at"])
        if chat is None or not call["method"].startswith(("send", "edit")):
            continue
        if at < until.get(chat, at):
            yield f"chat {chat} was written to at {at} instead of {until[chat]}"
        if "retry after" in (call["error"] or ""):
            until[chat] = at + timedelta(seconds=world.chaos.retry_after)
