"""Three workers on one PostgreSQL, one killed every few seconds: nothing lost, nothing double, order kept, one leads.

Planted faults are named in the table of README.md.
"""

import asyncio
import itertools
import os
import random
import re
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from bot.config import ConfigError, load
from bot.workers import refuse_workers
from simulator.server import build, serving, until
from simulator.world import World
from storage.database import open_database
from tests.faults.telegram_side import copied_without_cause
from tests.faults.test_kill_postgresql import cases_of
from tests.postgres import Server
from tests.stage import FAST, TOKEN
from tests.test_commands import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 3
CROWD = 20
"""People who speak at once just before a kill."""
BACKLOG = 200
"""Nobody speaks while so much waits."""
TAKEOVER = 15.0
"""Seconds without a leader at most."""


@pytest.fixture
def url(postgres: Server) -> AsyncIterator[str]:
    """An empty database's address."""
    with postgres.database() as found:
        yield found  # type: ignore[misc]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration's file."""
    path = tmp_path / "config.toml"
    path.write_text((ROOT / "config.example.toml").read_text(encoding="utf-8"), encoding="utf-8")
    path.chmod(0o600)
    return path


@asynccontextmanager
async def bot(config: Path, url: str, address: str) -> AsyncIterator[Process]:
    """``python -m bot run --workers N``; killed where it does not end."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("YIXIAN_")},
        **FAST,
        "YIXIAN_TELEGRAM__TOKEN": TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "YIXIAN_TELEGRAM__MODE": "webhook",
        "YIXIAN_WEBHOOK__URL": f"http://127.0.0.1:{port}",
        "YIXIAN_WEBHOOK__PORT": str(port),
        "YIXIAN_WEBHOOK__SECRET": "a-secret-of-the-test",
        "YIXIAN_STORAGE__URL": url,
        "YIXIAN_STORAGE__FOLDER": str(config.parent),
        "YIXIAN_INTAKE__SETTLE": "0s",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--config", str(config), "--workers", str(WORKERS)),
        env=environment,
        cwd=ROOT,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 40)


def children(process: Process) -> list[int]:
    """The workers' process numbers."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
    pairs = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, parent in pairs if int(parent) == process.pid]


LEADER = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND classid = 4 AND granted AND datname = current_database()
"""


def leaders(postgres: Server, url: str) -> list[int]:
    """The process numbers of whoever leads: one, or none for a moment."""
    with postgres.at(url) as connection:
        return [int(row[0].split()[-1]) for row in connection.execute(LEADER.encode())]


CANDIDATES = """
SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()
AND application_name LIKE 'yixian %' AND (query LIKE 'SELECT pg_try_advisory_lock%' OR query LIKE 'NOTIFY %')
"""


def ready(postgres: Server, url: str, process: Process) -> bool:
    """Whether every worker leads or asks to, so that one of them can when the leader dies."""
    with postgres.at(url) as connection:
        asking = {int(row[0].split()[-1]) for row in connection.execute(CANDIDATES.encode())}
    return len({*asking, *leaders(postgres, url)} & set(children(process))) == WORKERS


async def soon(found: Callable[[], bool], seconds: float) -> float:
    """Wait until it is so; how long that took."""
    started = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(found):  # noqa: ASYNC110 - it happens in other processes
            await asyncio.sleep(0.05)
    return time.monotonic() - started


def receipts(world: World, number: int) -> list[str]:
    """The receipts that somebody sees."""
    return [m["text"] for m in world.messages(number) if not m["mine"] and "已收到" in m["text"]]


async def test_one_worker_after_another_is_killed(config: Path, url: str, postgres: Server) -> None:
    await killed_one_by_one(config, url, postgres, times=6, every=0.5)


@pytest.mark.soak
async def test_one_worker_is_killed_every_five_seconds(config: Path, url: str, postgres: Server) -> None:
    """The long form: for five minutes."""
    await killed_one_by_one(config, url, postgres, times=60, every=5.0)


async def killed_one_by_one(config: Path, url: str, postgres: Server, times: int, every: float) -> None:
    """People speak all the time, each two sentences; now and then the leader dies, else one of the others.

    A busy machine only makes it longer: nobody speaks while many wait, nobody is killed while another one still starts,
    and nothing has a limit of time but the fifteen seconds without a leader.
    """
    chance, world, spoken = random.Random(7), World(token=TOKEN, kept_events=100_000), count(1)
    deaths: list[Death] = []
    async with serving(build(world, page=None)) as address, bot(config, url, address) as process:
        await until(world, lambda: world.called("setWebhook"), 60)
        while len(deaths) < times:
            told = time.monotonic()
            while time.monotonic() - told < every:
                if len(world.queue) < BACKLOG:
                    speak(world, next(spoken))
                await asyncio.sleep(chance.uniform(0, 0.08))
            await soon(lambda: ready(postgres, url, process), 60)
            lead, others = leaders(postgres, url), children(process)
            for number in itertools.islice(spoken, CROWD):
                speak(world, number)
            await asyncio.sleep(chance.uniform(0.01, 0.06))  # somewhere in the middle of it
            deaths.append(await killed(world, chance.choice(others) if len(deaths) % 2 or not lead else lead[0], lead))
            deaths[-1].takeover = asyncio.create_task(soon(deaths[-1].another_leads(postgres, url), 60))
        people = range(1, next(spoken))
        await until(world, everybody_heard(world, people), 60 + len(people) / 10)
        waited = [await death.takeover for death in deaths if death.takeover]
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    copies = sum(len(receipts(world, n)) - 1 for n in people)
    print(f"{times} kills, {len(people)} people, {copies} copies, at most {max(waited):.1f} s without a leader")  # noqa: T201
    await everything_is_there(url, len(people))
    assert list(copied_without_cause(world, [(death.at, death.gone) for death in deaths if death.led])) == []
    assert copies < times * CROWD
    assert max(waited) <= TAKEOVER


@dataclass(slots=True)
class Death:
    """Who was killed and whether they led; between which moments they died; how long nobody led then."""

    victim: int
    led: bool
    at: datetime
    gone: datetime
    takeover: asyncio.Task[float] | None = None

    def another_leads(self, postgres: Server, url: str) -> Callable[[], bool]:
        """Whether somebody else leads now."""
        return lambda: leaders(postgres, url) not in ([], [self.victim])


async def killed(world: World, victim: int, lead: list[int]) -> Death:
    """Kill one, and wait until it is gone. Where nobody led just now, whoever it is may have begun to."""
    at = world.now()
    os.kill(victim, signal.SIGKILL)
    await soon(lambda: not alive(victim), 60)
    return Death(victim, lead in ([], [victim]), at, world.now())


def everybody_heard(world: World, people: range) -> Callable[[], bool]:
    """Whether everybody has a receipt by now; nobody is looked at again who has."""
    waiting = deque(people)

    def heard() -> bool:
        while waiting and receipts(world, waiting[0]):
            waiting.popleft()
        return not waiting and world.idle()

    return heard


def speak(world: World, number: int) -> None:
    """Somebody tells a concern, and adds to it at once."""
    world.person(number, f"居民{number}")
    world.say(number, f"第{number}号诉求:城北社区楼道里的路灯坏了好几天")
    world.say(number, f"补充{number}号:四楼")


async def test_another_one_leads_within_fifteen_seconds_and_nobody_without_a_supervisor(
    config: Path, url: str, postgres: Server
) -> None:
    """The leader stands still, the next one is killed, and at last nobody is left to stop the others.

    Somebody who speaks to the bot meanwhile is answered, once; who stood still says nothing when it goes on.
    Planted fault: no ``stop_without_supervisor``, and they go on without anybody to stop them.
    """
    world = World(token=TOKEN)
    async with serving(build(world, page=None)) as address, bot(config, url, address) as process:
        await until(world, lambda: world.called("setWebhook"), 60)
        await another_leads(process, world, url, postgres, signal.SIGSTOP, range(1, 11))
        await another_leads(process, world, url, postgres, signal.SIGKILL, range(11, 21))
        assert [len(receipts(world, n)) for n in range(1, 21)] == [1] * 20
        orphans = children(process)
        assert len(orphans) == WORKERS
        process.kill()
        await process.wait()
        await soon(lambda: not any(map(alive, orphans)), 60)


async def another_leads(
    process: Process, world: World, url: str, postgres: Server, blow: signal.Signals, people: range
) -> None:
    """The leader gets that blow, people speak, and another one answers them in time."""
    await soon(lambda: ready(postgres, url, process), 60)
    [first] = leaders(postgres, url)
    os.kill(first, blow)
    took = await soon(lambda: leaders(postgres, url) not in ([], [first]), TAKEOVER)
    for number in people:
        speak(world, number)
    await until(world, lambda: all(receipts(world, n) for n in people), TAKEOVER - took + 10)
    if blow is signal.SIGSTOP:
        os.kill(first, signal.SIGCONT)
        await until(world, world.idle, 60)
    [second] = leaders(postgres, url)
    assert second != first


SHARED = {"YIXIAN_STORAGE__URL": "postgresql+psycopg://h/d"}
REFUSED = {
    "a file": ({}, "--workers is 3, but storage.url is sqlite:///yixian.db, which one process has to itself: move to"),
    "polling": (SHARED, "--workers is 3, but telegram.mode is polling, and Telegram lets one process poll: set"),
}


@pytest.mark.parametrize(("more", "told"), REFUSED.values(), ids=REFUSED)
def test_what_workers_cannot_share_is_refused_in_one_sentence(more: dict[str, str], told: str) -> None:
    """Planted fault: start them all the same, and each has its own idea of the file."""
    with pytest.raises(ConfigError) as refusal:
        refuse_workers(load(None, more), WORKERS)
    assert str(refusal.value).startswith(told)
    refuse_workers(load(None, more), 1)


def alive(number: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return not listed.stdout.strip().startswith("Z")


async def everything_is_there(url: str, people: int) -> None:
    """Every concern is one case, its words in order, its number given once, its journal telling the same."""
    database = await open_database(url, Path())
    try:
        cases = await database.read(lambda unit: [c for n in range(1, people + 1) for c in cases_of(unit, n)])
        replayed = await database.read(lambda unit: [unit.journal.replay(case.id) for case in cases])
        kept_back = await database.read(lambda unit: unit.intake.quarantined())
    finally:
        await database.close()
    assert kept_back == []
    assert Counter(n for case in cases for n in re.findall(r"第(\d+)号", case.text)) == Counter(
        str(n) for n in range(1, people + 1)
    )
    wrong = [case.text for case in cases if not re.fullmatch(r"第(\d+)号诉求.*\n补充\1号:四楼", case.text, re.DOTALL)]
    assert wrong == []
    assert sorted(int(case.number[3:]) for case in cases) == list(range(1, people + 1))
    assert replayed == cases
