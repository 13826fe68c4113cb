"""A disk that is full, broken or locked for a while: nothing is acknowledged meanwhile, and afterwards all is handled.

The whole bot over the simulator; below SQLite lies a disk whose writes, syncs and reads fail at chosen places. Fails on
planted faults: answer True from ``Intake._take`` whatever happened; drop what was sent where it cannot be written down
(``Sender._write_down``), and there are copies.
"""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

import storage.sqlite
from domain.people import Role
from tests.faults.checker import Facts, check
from tests.faults.disk import Disk
from tests.faults.nursery import concern
from tests.stage import Role_, Stage, stage

PEOPLE = 8
CHEN = Role_("陈静", Role.COORDINATOR)


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """Every failure is told at length."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@dataclass(slots=True)
class Trouble:
    """From the ``first``-th deed of a kind on, so many fail; None: until it is mended."""

    kind: str
    error: Callable[[str], Exception]
    first: int = 1
    many: int | None = None
    seen: int = 0
    met: int = 0

    def __call__(self, kind: str, _: int) -> Exception | None:
        """Whether this one fails."""
        if kind != self.kind:
            return None
        self.seen += 1
        if self.seen < self.first or (self.many is not None and self.met >= self.many):
            return None
        self.met += 1
        return self.error("planted")


@asynccontextmanager
async def inhabited(folder: Path) -> AsyncIterator[Stage]:
    """A town of a coordinator and some residents, half of whom have spoken."""
    async with stage(folder) as town:
        await town.join(CHEN)
        for number in range(1, PEOPLE + 1):
            town.world.person(number, f"居民{number}")
        for number in range(1, PEOPLE // 2 + 1):
            town.world.say(number, concern(number))
        await town.settle()
        yield town


@asynccontextmanager
async def on_a_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stage, Disk]]:
    """That town with its database on a disk that can fail."""
    disk = Disk()
    with monkeypatch.context() as patched:
        patched.setattr(storage.sqlite, "connect", disk.connect)
        async with inhabited(folder) as town:
            yield town, disk
    disk.close()


def rest_speaks(town: Stage) -> None:
    """The other half speaks, and some add to what they have said."""
    for number in range(PEOPLE // 2 + 1, PEOPLE + 1):
        town.world.say(number, concern(number))
    town.world.say(1, "还有2号楼")


async def in_vain(town: Stage) -> None:
    """For a while nothing can be handled, and Telegram is not told otherwise."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.6):
            await town.settle()
    assert town.world.pending_updates()


async def all_is_well(town: Stage) -> None:
    """The trouble is over: everything is handled, and staff hear of it in time."""
    async with asyncio.timeout(30):
        await town.settle()
        await town.advance(timedelta(seconds=90))


def everybody_was_heard(folder: Path, town: Stage) -> Facts:
    """The checker's word, once the bot has stopped."""
    found = check(folder / "yixian.db", town.world, town.app.charter, town.clock.now())
    assert len(found.cases) == PEOPLE
    assert "还有2号楼" in found.cases[0].case.text
    return found


async def test_a_full_disk_only_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_a_disk(tmp_path, monkeypatch) as (town, disk):
        disk.trouble = full = Trouble("write", apsw.FullError)
        rest_speaks(town)
        await in_vain(town)
        disk.trouble = lambda _, __: None
        assert full.met > 3, "every try met it"
        await all_is_well(town)
    everybody_was_heard(tmp_path, town)


PLACES = [
    *(("write", at) for at in (1, 6)),
    *(("sync", at) for at in (1, 3)),
    *(("read", at) for at in (1, 2)),
]


@pytest.mark.parametrize(("kind", "at"), PLACES)
async def test_a_broken_disk_only_delays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, at: int) -> None:
    """The n-th write, sync or read fails, and a few after it."""
    assert await broken_at(tmp_path, monkeypatch, kind, at, many=3), "it was never reached"


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["write", "sync"])
async def test_a_disk_that_breaks_anywhere_only_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The long form: each of the first forty places, once and for long; of syncs there are fewer."""
    met = 0
    for at in range(1, 41):
        for many in (1, 12):
            folder = tmp_path / f"{at}-{many}"
            folder.mkdir()
            met += await broken_at(folder, monkeypatch, kind, at, many)
    assert met >= {"write": 80, "sync": 16}[kind]


async def broken_at(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, at: int, many: int) -> bool:
    """While the other half speaks and is answered, the disk fails there. Whether it came to that."""
    async with on_a_disk(folder, monkeypatch) as (town, disk):
        disk.trouble = broken = Trouble(kind, apsw.IOError, first=at, many=many)
        rest_speaks(town)
        await all_is_well(town)
    everybody_was_heard(folder, town)
    return broken.met > 0


LOCK = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
file.execute("ROLLBACK")
"""


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Another program holds the database."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOCK, str(path), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"locked\n"
    try:
        yield
    finally:
        await process.communicate(b"\n")


@pytest.mark.parametrize("patience", [10_000, 20])
async def test_a_database_that_another_program_holds_only_delays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: int
) -> None:
    """Held for less and for longer than SQLite waits, in milliseconds."""
    impatient = tuple(p.replace("busy_timeout=10000", f"busy_timeout={patience}") for p in storage.sqlite.PRAGMAS)
    monkeypatch.setattr(storage.sqlite, "PRAGMAS", impatient)
    async with inhabited(tmp_path) as town:
        async with locked(tmp_path / "yixian.db"):
            rest_speaks(town)
            await in_vain(town)
        await all_is_well(town)
    everybody_was_heard(tmp_path, town)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes, where one can be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)  # noqa: S603 - our own words
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small file system can only be mounted by root (docker run --cap-add SYS_ADMIN, or sudo)")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - what was mounted above


def fill(filler: Path) -> None:
    """Write until there is no room."""
    with filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


async def test_a_disk_that_is_really_full_only_delays(small: Path) -> None:
    async with inhabited(small) as town:
        filler = small / "filler"
        with pytest.raises(OSError, match="space"):
            fill(filler)
        rest_speaks(town)
        await in_vain(town)
        filler.unlink()
        await all_is_well(town)
    everybody_was_heard(small, town)
