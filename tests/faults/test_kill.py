"""kill -9 loses nothing: every concern is one case, seen by whoever sent it; at random moments, and at named places.

Fails on a planted fault: acknowledge before the commit (in ``poll`` of ``bot/intake.py``), or mark an update
as seen in a transaction of its own, and concerns go missing; write down what was sent before it is sent, and receipts
go missing; free a chat before it is written down, and there are copies.
"""

import asyncio
import random
import signal
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from simulator.server import build, serving, until
from simulator.world import World
from tests.faults.checker import check
from tests.faults.failpoints import FAILPOINTS
from tests.faults.nursery import COORDINATOR, Births, Nursery, concern, nursery, town

KILLS = 30
MANY_KILLS = 1_000
EACH = 2
MANY_EACH = 40
"""People who speak before each kill: in the long form 40,000 in all."""
OFTEN, VERY_OFTEN = (1, 3), (1, 2, 3, 5, 8, 13, 21)
"""The how-manieth time a place is reached it is deadly."""
GROUP = 6
"""People who speak at once, so that their turns share a commit."""


async def test_nothing_is_lost_when_the_program_is_killed(births: Births, tmp_path: Path) -> None:
    await killed_again_and_again(births, tmp_path, KILLS, EACH)


@pytest.mark.soak
async def test_nothing_is_lost_when_the_program_is_killed_many_times(births: Births, tmp_path: Path) -> None:
    """The long form. Nobody runs the group: forty thousand cards for one chat would take hours at its allowance."""
    await killed_again_and_again(births, tmp_path, MANY_KILLS, MANY_EACH, YIXIAN_ROSTER__COORDINATORS="[]")


async def killed_again_and_again(births: Births, folder: Path, kills: int, each: int, **settings: str) -> None:
    """A few people speak, and a moment later the program is killed; at the end everybody has been heard."""
    chance = random.Random(7)
    numbers = count(1)
    world = town(kills * each)
    async with serving(build(world, page=None)) as address:
        house = nursery(births, folder, address, **settings)
        died = [await killed_once(house, world, [next(numbers) for _ in range(each)], chance) for _ in range(kills)]
        await house.settle(world, 60 + kills * each / 100)
        found = check(house.path, world, house.charter, kills=died)
    print(f"{kills} kills, {len(found.cases)} cases, {found.copies} copies")  # noqa: T201
    assert len(found.cases) == kills * each


async def killed_once(house: Nursery, world: World, people: list[int], chance: random.Random) -> datetime:
    """Where in a turn or in sending the kill falls is the point, so the moment is a matter of chance. When it was.

    One in four lives a little longer: after its turns it has time to say what is to be said.
    """
    async with house.bot() as born:
        for number in people:
            world.say(number, concern(number))
        await asyncio.sleep(chance.uniform(0, (0.06 + len(people) / 400) * chance.choice((1, 1, 1, 8))))
        born.signal(signal.SIGKILL)
        assert await born.ended() == -signal.SIGKILL
    return world.now()


@pytest.mark.parametrize("failpoint", FAILPOINTS)
async def test_nothing_is_lost_where_the_program_dies(births: Births, tmp_path: Path, failpoint: str) -> None:
    await dies_at(births, tmp_path, failpoint, OFTEN)


@pytest.mark.soak
@pytest.mark.parametrize("failpoint", FAILPOINTS)
async def test_nothing_is_lost_where_the_program_dies_often(births: Births, tmp_path: Path, failpoint: str) -> None:
    """The long form."""
    await dies_at(births, tmp_path, failpoint, VERY_OFTEN)


async def dies_at(births: Births, folder: Path, failpoint: str, times: tuple[int, ...]) -> None:
    """People speak; the program dies there the first time, the third time …; in the end all is as it must be.

    A place that is reached only once in a life is deadly only once. That it was reached is what the signal says.
    """
    numbers = count(1)
    world = town(GROUP * len(times))
    deaths: list[datetime] = []
    async with serving(build(world, page=None)) as address:
        house = nursery(births, folder, address)
        for nth in times:
            for number in (next(numbers) for _ in range(GROUP)):
                world.say(number, concern(number))
            if await died(house, world, failpoint, nth):
                deaths.append(world.now())
        await house.settle(world)
        await until(world, world.idle)
        found = check(house.path, world, house.charter, kills=deaths)
    assert deaths, "it was never reached"
    assert len(found.cases) == GROUP * len(times)
    assert all(stored.case.number in "".join(found.seen[COORDINATOR].values()) for stored in found.cases)


async def died(house: Nursery, world: World, failpoint: str, nth: int) -> bool:
    """Whether it died there before everything was done."""
    async with house.bot(failpoint, nth, ready=False) as born:
        ending = asyncio.ensure_future(born.ended())
        quiet = asyncio.ensure_future(until(world, world.idle, 30))
        await asyncio.wait({ending, quiet}, return_when=asyncio.FIRST_COMPLETED)
        quiet.cancel()
        await asyncio.gather(quiet, return_exceptions=True)
        if not ending.done():
            await asyncio.wait({ending}, timeout=1.5)
        if not ending.done():
            born.signal(signal.SIGUSR1)
        return await ending == -signal.SIGKILL
