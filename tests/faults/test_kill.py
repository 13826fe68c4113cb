"""kill -9 in the middle of turns loses nothing: every concern is one case, seen by whoever sent it.

Fails on a planted fault: acknowledge before the commit (in ``poll`` of ``bot/intake.py``), or mark an update
as seen in a transaction of its own, and concerns go missing.
"""

import asyncio
import os
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from domain.cases import Case
from domain.people import ChatId
from simulator.server import build, serving, until
from simulator.world import World
from storage.database import open_database
from storage.unit import Unit
from tests.postgres import Server
from tests.stage import FAST, TOKEN

KILLS = 30
FEW_KILLS = 8
MANY_KILLS = 300
EACH = 2
"""People who speak before each kill."""
ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def program(folder: Path, address: str, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot in a process of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("YIXIAN_")},
        **FAST,
        "YIXIAN_TELEGRAM__TOKEN": TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "YIXIAN_STORAGE__URL": url,
        "YIXIAN_STORAGE__FOLDER": str(folder),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ROOT / "tests" / "faults" / "program.py"),
        str(folder),
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def file(folder: Path) -> str:
    """The address of a SQLite file."""
    return f"sqlite:///{folder / 'yixian.db'}"


async def test_nothing_is_lost_when_the_program_is_killed(tmp_path: Path) -> None:
    await killed_again_and_again(tmp_path, KILLS, file(tmp_path))


async def test_nothing_is_lost_on_postgresql_either(tmp_path: Path, postgres: Server) -> None:
    """The next program leads as soon as the server has noticed that the last one is gone."""
    with postgres.database() as url:
        await killed_again_and_again(tmp_path, FEW_KILLS, url)


@pytest.mark.soak
async def test_nothing_is_lost_when_the_program_is_killed_many_times(tmp_path: Path) -> None:
    """The long form."""
    await killed_again_and_again(tmp_path, MANY_KILLS, file(tmp_path))


@pytest.mark.soak
async def test_nothing_is_lost_on_postgresql_either_many_times(tmp_path: Path, postgres: Server) -> None:
    """The long form."""
    with postgres.database() as url:
        await killed_again_and_again(tmp_path, MANY_KILLS, url)


async def killed_again_and_again(folder: Path, kills: int, url: str) -> None:
    """Two people speak, and a moment later the program is killed; at the end everybody has been heard."""
    chance = random.Random(7)
    world = World(token=TOKEN)
    people = range(1, kills * EACH + 1)
    for number in people:
        world.person(number, f"居民{number}")
    told = iter(people)
    async with serving(build(world, page=None)) as address:
        for _ in range(kills):
            await killed_once(folder, address, url, world, [next(told) for _ in range(EACH)], chance)
        async with program(folder, address, url):
            await until(world, lambda: world.idle() and all(receipts(world, n) for n in people), 120)
    texts = await case_texts(url, len(people))
    assert Counter(re.findall(r"第(\d+)号", "".join(texts))) == Counter(str(n) for n in people)
    copies = sum(len(receipts(world, n)) - 1 for n in people)
    assert copies <= kills, "at most one more copy of a message for a kill"


async def killed_once(
    folder: Path, address: str, url: str, world: World, people: list[int], chance: random.Random
) -> None:
    """Where in the turn the kill falls is the point, so the moment is a matter of chance."""
    async with program(folder, address, url) as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 30)
        for number in people:
            world.say(number, f"第{number}号诉求:城北社区楼道里的路灯坏了好几天")
        await asyncio.sleep(chance.uniform(0, 0.06))
        process.kill()


def receipts(world: World, number: int) -> list[str]:
    """The receipts that somebody sees."""
    return [m["text"] for m in world.messages(number) if not m["mine"] and "已收到" in m["text"]]


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
