"""SIGTERM under load: the program ends within ten seconds, and in the end nobody was lost and nobody told twice.

Fails on a planted fault: cancel the sender at once in ``stop`` of ``bot/app.py``, and somebody is told twice.
"""

import asyncio
import random
import signal
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from simulator.server import build, serving
from simulator.world import World
from tests.faults.checker import check
from tests.faults.nursery import Births, Nursery, concern, nursery, town

STOPS, MANY_STOPS = 4, 100
EACH = 30
LONGEST = 10.0
"""Seconds."""


async def test_polite_stops_lose_nothing_and_copy_nothing(births: Births, tmp_path: Path) -> None:
    await stopped_again_and_again(births, tmp_path, STOPS)


@pytest.mark.soak
async def test_many_polite_stops_lose_nothing_and_copy_nothing(births: Births, tmp_path: Path) -> None:
    """The long form."""
    await stopped_again_and_again(births, tmp_path, MANY_STOPS)


async def stopped_again_and_again(births: Births, folder: Path, stops: int) -> None:
    """Many speak at once, and the program is told to stop in the middle of it."""
    chance, numbers, world = random.Random(11), count(1), town(stops * EACH)
    async with serving(build(world, page=None)) as address:
        house = nursery(births, folder, address)
        for _ in range(stops):
            await stopped_once(house, world, [next(numbers) for _ in range(EACH)], chance.uniform(0, 0.3))
        await house.settle(world)
    found = check(house.path, world, house.charter)
    assert len(found.cases) == stops * EACH


async def stopped_once(house: Nursery, world: World, people: list[int], moment: float) -> None:
    """Where the signal falls is a matter of chance; how long it takes to end is not."""
    async with house.bot() as born:
        for number in people:
            world.say(number, concern(number))
        await asyncio.sleep(moment)
        told = monotonic()
        born.signal(signal.SIGTERM)
        assert await born.ended() == 0, house.log
        assert monotonic() - told < LONGEST
