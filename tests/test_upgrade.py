"""``make upgrade`` and the way back, on a clone of this checkout, with the real bot as the service.

The new version has another schema. Planted faults: leave ``restore`` out of the way back, and the old program meets a
database it does not know; restore without putting aside, and what was said after the upgrade is nowhere.
"""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.version import version
from simulator.server import build, serving, until
from simulator.world import World
from storage.database import open_database
from tests.operating import block, commands_of, deployed, stood_in
from tests.stage import TOKEN
from tests.test_commands import receipts

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("bot", "domain", "handlers", "storage", "templates", "deploy", "Makefile", "config.example.toml",
         "pyproject.toml", "requirements-dev.txt")  # fmt: skip
PAGE = "Upgrade, and the way back"
SET_UP, UPGRADE, DOWNGRADE = block("Set up"), block(PAGE), block(PAGE, 2)
deployed("upgrade")  # what `make upgrade` runs
NEW = '''"""A table more."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{new}", "{old}", None, None


def upgrade() -> None:
    op.create_table("novelties", sa.Column("id", sa.Integer, primary_key=True))
    {more}
'''
VERSION, BROKEN, NEXT = version(), "98.0.0", "99.0.0"
SERVICE = """#!/bin/sh
# The bot as a service, without systemd.
cd {clone}
case $1 in
start) {python} -m bot run --config {config} >>{folder}/log 2>&1 & echo $! >{folder}/pid ;;
stop) kill "$(cat {folder}/pid)"; while kill -0 "$(cat {folder}/pid)" 2>/dev/null; do sleep 0.1; done ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """A server: a clone, its origin, and the bot's folder."""

    origin: Path
    clone: Path
    folder: Path
    environment: dict[str, str]

    @property
    def config(self) -> Path:
        """Where the bot's settings are."""
        return self.folder / "config.toml"

    async def run(self, *command: str, cwd: Path | None = None) -> tuple[int, str]:
        """A command in the clone; its exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd or self.clone,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 120)
        return process.returncode or 0, out.decode()

    async def must(self, *command: str, cwd: Path | None = None) -> str:
        """A command that succeeds."""
        code, out = await self.run(*command, cwd=cwd)
        assert code == 0, out
        return out.strip()

    async def release(self, number: str, more: str = "pass") -> None:
        """A new version at the origin, with its tag and a change of the schema."""
        schema = self.origin / "storage" / "schema.py"
        text = schema.read_text(encoding="utf-8")
        old = text.partition('HEAD = "')[2].partition('"')[0]
        new = f"{int(old) + 1:04d}"
        schema.write_text(text.replace(f'HEAD = "{old}"', f'HEAD = "{new}"'), encoding="utf-8")
        version = self.origin / "storage" / "migrations" / "versions" / f"{new}_novelties.py"
        version.write_text(NEW.format(new=new, old=old, more=more), encoding="utf-8")
        project = self.origin / "pyproject.toml"
        project.write_text(
            project.read_text("utf-8").replace(f'\nversion = "{VERSION}"\n', f'\nversion = "{number}"\n')
        )
        await self.must("git", "add", "-A", cwd=self.origin)
        await self.must("git", "commit", "-qm", "novelties", cwd=self.origin)
        await self.must("git", "tag", f"v{number}", cwd=self.origin)


@contextmanager
def clone_of_this(folder: Path) -> Iterator[tuple[Path, Path]]:
    """An origin with what the program consists of, and where its clone goes."""
    origin = folder / "origin"
    origin.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, origin / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, origin / part)
    (origin / ".gitignore").write_text("__pycache__/\n.venv\n")
    (folder / "opt").mkdir()
    (folder / "var" / "lib").mkdir(parents=True)
    yield origin, folder / "opt" / "yixian"


@asynccontextmanager
async def machine(folder: Path, address: str) -> AsyncIterator[Machine]:
    """The bot set up by the lines of docs/operating.md, and running; there is a Telegram at that address."""
    who = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@x"}
    service = folder / "service"
    data = folder / "var" / "lib" / "yixian"
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("YIXIAN_", "GIT_", "PYTHON", "MAKE", "MFLAGS"))
    }
    environment = {
        **plain,
        **who,
        **stood_in(folder),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "YIXIAN_CONFIG": str(data / "config.toml"),
        "YIXIAN_TELEGRAM__TOKEN": TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "START": f"{service} start",
        "STOP": f"{service} stop",
        "SETUP": "true",
        "PYTHON": sys.executable,
        "WAIT": "30",
    }
    with clone_of_this(folder) as (origin, clone):
        found = Machine(origin, clone, data, environment)
        for command in ("git init -q -b main", "git add -A", "git commit -qm first"):
            await found.must(*command.split(), cwd=origin)
        assert "<this repository>" in SET_UP
        lines = [part.replace("<this repository>", str(origin)) for part in commands_of(SET_UP, folder)]
        out = await found.must(*lines, cwd=folder)
        assert f"{found.config} is written" in out
        service.write_text(SERVICE.format(clone=clone, python=sys.executable, config=found.config, folder=data))
        service.chmod(0o700)
        await found.must(str(service), "start")
        await found.must(sys.executable, "-m", "bot", "health", "--wait", "30")
        try:
            yield found
        finally:
            await found.run(str(service), "stop")


async def texts(found: Machine) -> list[str]:
    """What was reported, as the database has it."""
    database = await open_database("sqlite:///yixian.db", found.folder)
    try:
        ids = await database.read(lambda unit: unit.operations.newest_cases(-1))
        cases = await database.read(lambda unit: [unit.cases.get(case) for case in ids])  # type: ignore[arg-type]
        return sorted(case.text for case in cases if case)
    finally:
        await database.close()


async def said(world: World, number: int, words: str) -> None:
    """Somebody reports something and is told that it has arrived."""
    world.say(number, words)
    await until(world, lambda: world.idle() and receipts(world, number), 40)


pytestmark = pytest.mark.skipif(not shutil.which("git") or not shutil.which("make"), reason="git and make: apt-get")


async def test_an_upgrade_and_the_way_back(tmp_path: Path) -> None:
    """One machine, because setting it up takes longest: upgrades that go wrong, and then one that does not."""
    world = World(token=TOKEN)
    for number in (1, 2, 3):
        world.person(number, f"居民{number}")
    async with serving(build(world, page=None)) as address, machine(tmp_path, address) as found:
        await what_is_wrong_beforehand_stops_it_before_anything_happens(found)
        await said(world, 1, "第一件:城北社区的路灯坏了三天")
        await one_that_fails_says_the_one_command_back(found)
        before = await found.must("git", "rev-parse", "HEAD")
        await found.release(NEXT)
        up = await found.must(*commands_of(UPGRADE, tmp_path))
        assert re.search(rf"from {VERSION} \(\w+\) to {NEXT} \(\w+\), which runs; the way back: make downgrade", up)
        assert await found.must(sys.executable, "-m", "bot", "--version") == NEXT
        assert await found.must("git", "rev-parse", "HEAD") != before
        await said(world, 2, "第二件:城北社区的垃圾三天没人收")
        back = await found.must(*commands_of(DOWNGRADE, tmp_path))
        assert "is in place: 1 cases" in back
        assert re.search(rf"from {NEXT} \(\w+\) back to {VERSION} \(\w+\), which runs$", back)
        assert await found.must("git", "rev-parse", "HEAD") == before
        await said(world, 3, "第三件:城北社区的水管漏水两天了")
    assert [text[:3] for text in await texts(found)] == ["第一件", "第三件"]
    aside = [path for path in found.folder.glob("yixian.db.before-*") if "-wal" not in path.name]
    assert len(aside) == 1, "what was said after the upgrade is put aside, not deleted"
    aside[0].replace(found.folder / "yixian.db")
    assert [text[:3] for text in await texts(found)] == ["第一件", "第二件"]


async def one_that_fails_says_the_one_command_back(found: Machine) -> None:
    """The new version's migration breaks off. Planted fault: no ``ERR`` trap, and nobody says how to go on."""
    await found.release(BROKEN, 'raise RuntimeError("planted")')
    code, out = await found.run("make", "upgrade", f"REF=v{BROKEN}")
    assert code != 0
    assert "FAILED while: migrating the database" in out
    assert out.count("make downgrade") == 1
    back = await found.must("make", "downgrade")
    assert "nothing is restored" in back, "the database is as it was: whole or not at all"
    assert [text[:3] for text in await texts(found)] == ["第一件"]
    await found.must("git", "reset", "-q", "--hard", "HEAD~1", cwd=found.origin)


async def what_is_wrong_beforehand_stops_it_before_anything_happens(found: Machine) -> None:
    """Changes of one's own, a version that is not there, a tag that holds another version than it says.

    Planted fault: no ``refuse_false_tag``, and the bot is stopped for a version that nobody meant.
    """
    (found.clone / "Makefile").write_text("# mine\n" + (found.clone / "Makefile").read_text())
    code, out = await found.run("deploy/upgrade")
    assert code != 0
    assert "changes of your own\nupgrade: nothing was changed" in out
    await found.must("git", "checkout", "-q", "Makefile")
    code, out = await found.run("deploy/upgrade", "v0.7.7")
    assert code != 0
    assert "FAILED while: looking for v0.7.7\nupgrade: nothing was changed" in out
    await found.must("git", "tag", "v0.7.7", cwd=found.origin)
    for tag in ("v0.7.7", "refs/tags/v0.7.7"):
        code, out = await found.run("deploy/upgrade", tag)
        assert code != 0
        assert f"the tag v0.7.7 holds version {VERSION} (" in out
    assert not list(found.folder.glob("before-upgrade-*"))
