"""kill -9 in the middle of turns loses nothing on PostgreSQL either: every concern is one case, seen by its author.

Fails on a planted fault: mark an update as seen in a transaction of its own (``first_sight``), and concerns go missing.
"""

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
from simulator.server import build, serving, until
from simulator.world import World
from storage.database import open_database
from storage.unit import Unit
from tests.faults.nursery import Births, concern, nursery, town
from tests.postgres import Server

KILLS, MANY_KILLS = 8, 300
EACH = 2
"""People who speak before each kill."""


async def test_nothing_is_lost_on_postgresql_either(births: Births, tmp_path: Path, postgres: Server) -> None:
    """The next program leads as soon as the server has noticed that the last one is gone."""
    with postgres.database() as url:
        await killed_again_and_again(births, tmp_path, KILLS, url)


@pytest.mark.soak
async def test_nothing_is_lost_on_postgresql_either_many_times(
    births: Births, tmp_path: Path, postgres: Server
) -> None:
    """The long form."""
    with postgres.database() as url:
        await killed_again_and_again(births, tmp_path, MANY_KILLS, url)


async def killed_again_and_again(births: Births, folder: Path, kills: int, url: str) -> None:
    """Two people speak, and a moment later the program is killed; at the end everybody has been heard."""
    chance, numbers = random.Random(7), count(1)
    people = range(1, kills * EACH + 1)
    world = town(len(people))
    async with serving(build(world, page=None)) as address:
        house = nursery(births, folder, address, YIXIAN_STORAGE__URL=url)
        for _ in range(kills):
            async with house.bot() as born:
                for number in (next(numbers) for _ in range(EACH)):
                    world.say(number, concern(number))
                await asyncio.sleep(chance.uniform(0, 0.06))
                born.signal(signal.SIGKILL)
        async with house.bot():
            await until(world, lambda: world.idle() and all(receipts(world, n) for n in people), 120)
    texts = await case_texts(url, len(people))
    assert Counter(re.findall(r"第(\d+)号", "".join(texts))) == Counter(str(n) for n in people)
    copies = sum(len(receipts(world, n)) - 1 for n in people)
    assert copies <= kills, "at most one more copy of a message for a kill"


def receipts(world: World, number: int) -> list[str]:
    """The receipts that somebody sees, whatever has become of the case."""
    return [m["text"] for m in world.messages(number) if not m["mine"] and concern(number) in m["text"]]


async def case_texts(url: str, people: int) -> list[str]:
    """The words of every case there is, and what its journal says of it."""
    database = await open_database(url, Path())
    try:
        cases = await database.read(lambda unit: [case for n in range(1, people + 1) for case in cases_of(unit, n)])
        for case in cases:
            assert await database.read(lambda unit, found=case: unit.journal.replay(found.id)) == case
    finally:
        await database.close()
    return [case.text for case in cases]


def cases_of(unit: Unit, chat: int) -> list[Case]:
    """What somebody told."""
    person = unit.people.by_chat(ChatId(chat))
    return unit.cases.of_reporter(person.id) if person else []
