"""kill -9 loses nothing on PostgreSQL either: the next program leads once the server has noticed the last one's end."""

import asyncio
import random
import re
import signal
from collections import Counter
from itertools import count
from pathlib import Path

import pytest

from domain.cases import Case
from domain.people import ChatId
from simulator.server import build, serving
from simulator.world import World
from storage.database import open_database
from storage.unit import Unit
from tests.faults.nursery import Births, concern, nursery, town
from tests.postgres import Server

KILLS = 8
MANY_KILLS = 300
EACH = 2
"""People who speak before each kill."""


async def test_nothing_is_lost_when_the_program_is_killed(births: Births, tmp_path: Path, postgres: Server) -> None:
    await killed_again_and_again(births, tmp_path, postgres, KILLS)


@pytest.mark.soak
async def test_nothing_is_lost_when_it_is_killed_many_times(births: Births, tmp_path: Path, postgres: Server) -> None:
    """The long form."""
    await killed_again_and_again(births, tmp_path, postgres, MANY_KILLS)


async def killed_again_and_again(births: Births, folder: Path, postgres: Server, kills: int) -> None:
    """Two people speak, and a moment later the program is killed; at the end everybody has been heard."""
    chance, numbers = random.Random(7), count(1)
    people = range(1, kills * EACH + 1)
    world = town(len(people))
    with postgres.database() as url:
        async with serving(build(world, page=None)) as address:
            house = nursery(births, folder, address, YIXIAN_STORAGE__URL=url)
            for _ in range(kills):
                async with house.bot() as born:
                    for number in (next(numbers) for _ in range(EACH)):
                        world.say(number, concern(number))
                    await asyncio.sleep(chance.uniform(0, 0.06))
                    born.signal(signal.SIGKILL)
                    assert await born.ended() == -signal.SIGKILL
            await house.settle(world)
        texts = await case_texts(url, people)
    assert Counter(re.findall(r"第(\d+)号", "".join(texts))) == Counter(str(n) for n in people)
    assert all(receipts(world, n) for n in people)
    copies = sum(len(receipts(world, n)) - 1 for n in people)
    assert copies <= kills, "at most one more copy of a message for a kill"


def receipts(world: World, number: int) -> list[str]:
    """The receipts that somebody sees."""
    return [m["text"] for m in world.messages(number) if not m["mine"] and "已收到" in m["text"]]


async def case_texts(url: str, people: range) -> list[str]:
    """The words of every case there is; each is what its journal says of it."""
    database = await open_database(url, Path())
    try:
        cases = await database.read(lambda unit: [case for number in people for case in cases_of(unit, number)])
        for case in cases:
            assert await database.read(lambda unit, found=case: unit.journal.replay(found.id)) == case
    finally:
        await database.close()
    return [case.text for case in cases]


def cases_of(unit: Unit, chat: int) -> list[Case]:
    """What somebody told."""
    person = unit.people.by_chat(ChatId(chat))
    return unit.cases.of_reporter(person.id) if person else []
