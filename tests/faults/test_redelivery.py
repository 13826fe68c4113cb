"""Telegram delivers again, late, in another order, and with ids from the beginning: each update is taken once.

Fails on planted faults: ``first_sight`` that always says yes; ``update_id`` taken for a watermark.
"""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.chaos import UPDATE_KINDS
from tests.faults.checker import facts, wrong
from tests.faults.nursery import concern
from tests.stage import stage
from tests.test_intake import message

FEW, MANY = 200, 10_000
AT_ONCE = 400
FIRST = 5_000
"""The number of the first person, and of their update."""
WEEKS = 6


async def test_shuffled_updates_are_taken_once(tmp_path: Path) -> None:
    await shuffled(tmp_path, FEW)


@pytest.mark.soak
async def test_many_shuffled_updates_are_taken_once(tmp_path: Path) -> None:
    """The long form."""
    await shuffled(tmp_path, MANY)


async def shuffled(folder: Path, people: int) -> None:
    """Each update one to five times, those of different chats in any order."""
    chance = random.Random(people)
    numbers = range(FIRST, FIRST + people)
    async with stage(folder) as town:
        for number in numbers:
            person = town.world.person(number, f"居民{number}")
            person.started = True
        updates = [message(town.world, n, n, text=concern(n)) for n in numbers]
        pile = [update for update in updates for _ in range(chance.randint(1, 5))]
        chance.shuffle(pile)
        for first in range(0, len(pile), AT_ONCE):
            part = pile[first : first + AT_ONCE]
            assert all(await asyncio.gather(*(town.app.intake.take(update) for update in part)))
        async with asyncio.timeout(30 + people / 10):
            await town.settle()
            while "pending" in await town.app.database.read(lambda unit: unit.outbox.counts()):
                await town.advance(timedelta(seconds=30))  # on a busy machine a call may time out, and is made again
    found = facts(folder / "yixian.db", town.world, town.app.charter, town.clock.now())
    said = {number: [str(number)] for number in numbers}
    assert not wrong(replace(found, said=said))
    assert sum(len(seen) for seen in found.seen.values()) == people, "one answer each"


async def test_updates_that_come_twice_and_late_are_taken_once(tmp_path: Path) -> None:
    """By the simulator's own long poll, as Telegram does it."""
    async with stage(tmp_path) as town:
        town.world.chaos.set(0.4, UPDATE_KINDS, seed=3)
        for number in range(1, 61):
            town.world.person(number, f"居民{number}")
            town.world.say(number, concern(number))
        await town.settle()
    found = facts(tmp_path / "yixian.db", town.world, town.app.charter, town.clock.now())
    assert not wrong(found)
    assert sum(len(seen) for seen in found.seen.values()) == 60, "one answer each"


async def test_ids_that_begin_anew_after_an_idle_week_are_new(tmp_path: Path) -> None:
    """Some begin below the earlier ones; the offset that was asked for last is far above them."""
    ids = []
    async with stage(tmp_path) as town:
        for number in range(1, WEEKS + 1):
            town.world.person(number, f"居民{number}")
            town.world.say(number, concern(number))
            ids.append(town.world.pending_updates()[-1]["update_id"])
            await town.settle()
            await town.advance(timedelta(days=7, minutes=1))
    assert ids != sorted(ids), "some were lower than the ones before"
    found = facts(tmp_path / "yixian.db", town.world, town.app.charter, town.clock.now())
    assert not wrong(found)
    assert len(found.cases) == WEEKS
