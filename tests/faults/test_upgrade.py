"""An upgrade can be killed before any of its statements: the database is old or new to the last row, never between.

Three upgrades, on SQLite and on PostgreSQL: from nothing; of a database that holds something from the first version to
the newest; and to a version that only this test knows, which makes, changes, fills and drops tables. A process is
killed by SIGKILL before each statement in turn, and once when the COMMIT has been answered. Fails on a planted fault:
``upgrade`` outside of the transaction (a COMMIT before each step of ``0002``), and it is neither old nor new.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, create_engine, inspect, select, table, text

from storage import schema
from storage.database import open_database
from tests.postgres import Server

ROOT = Path(schema.__file__).parents[1]
SECOND = '''
"""A second version, of this test."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
    op.execute("INSERT INTO later (name) SELECT name FROM settings")
    with op.batch_alter_table("settings") as batch:
        batch.add_column(sa.Column("more", sa.Text))
    op.execute("UPDATE settings SET more = 'x'")
    op.drop_table("quarantine")
'''
UPGRADES = {
    "from nothing": ("", schema.HEAD),
    "from the first": ("0001", schema.HEAD),
    "to one more": (schema.HEAD, "9999"),
}
"""The version before, "" for an empty database, and the one after."""


class Upgrader:
    """The process that forks upgrades, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.upgrading"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def upgrade(self, **order: Any) -> tuple[int, int]:
        """How it ended, and how many statements it had where it lived."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        statements = 0
        while "status" not in (said := json.loads(self._process.stdout.readline())):
            statements = said["statements"]
        return said["status"], statements

    def close(self) -> None:
        """No more."""
        self._process.communicate()


@pytest.fixture(scope="module")
def upgrader() -> Iterator[Upgrader]:
    """A process that forks upgrades."""
    found = Upgrader()
    yield found
    found.close()


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The versions there are, and one more."""
    folder = tmp_path_factory.mktemp("versions") / "migrations"
    shutil.copytree(schema.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_second.py").write_text(SECOND.format(head=schema.HEAD), encoding="utf-8")
    return folder


@dataclass(slots=True)
class Files:
    """SQLite: an old database is a file, and a copy of it another."""

    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def old(self, version: str) -> Iterator[str]:
        """One of that version with something in it; its address."""
        url = f"sqlite:///{self.folder / f'{next(self.numbers)}.db'}"
        furnish(url, version)
        yield url

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """The same once more."""
        path = self.folder / f"{next(self.numbers)}.db"
        shutil.copy(url.removeprefix("sqlite:///"), path)
        yield f"sqlite:///{path}"
        for left in path.parent.glob(f"{path.name}*"):
            left.unlink()


@dataclass(slots=True)
class Served:
    """PostgreSQL: an old database is the template of its copies."""

    server: Server

    @contextmanager
    def old(self, version: str) -> Iterator[str]:
        """As of files."""
        with self.server.database("template0") as url:
            furnish(url, version)
            yield url

    @contextmanager
    def copy(self, url: str) -> Iterator[str]:
        """As of files."""
        with self.server.database(url.rpartition("/")[2].partition("?")[0]) as found:
            yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Files | Served:
    """Where databases lie."""
    return Files(tmp_path) if request.param == "sqlite" else Served(request.getfixturevalue("postgres"))


VALUES = {str: "x", int: 1, float: 1.0, bool: True, date: date(2026, 11, 23), time: time(9)}


def furnish(url: str, version: str) -> None:
    """Make a database of that version, with a row in every table as it is in that version; "" leaves it empty."""

    def build(connection: Connection) -> None:
        command.upgrade(schema.config(connection), version)
        found = MetaData()
        found.reflect(connection)
        for one in found.sorted_tables:
            if one.name != schema.VERSIONS:
                kinds = {column.name: column.type.python_type for column in one.columns}
                row = {name: VALUES[kind] for name, kind in kinds.items()}
                connection.execute(one.insert().values(row))

    async def make() -> None:
        database = await open_database(url, Path(), make=True)
        try:
            if version:
                await database.schema(build)
        finally:
            await database.close()

    asyncio.run(make())


def contents(url: str) -> dict[str, list[Any]]:
    """All of it: how tables and indices are made, and every row."""
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = sorted(inspect(connection).get_table_names())
        rows = {name: connection.execute(select(text("*")).select_from(table(name))).all() for name in tables}
        made = connection.execute(text(MADE[connection.dialect.name])).all()
    engine.dispose()
    return {"made": made, **{name: sorted(map(str, found)) for name, found in rows.items()}}


MADE = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2",
    "postgresql": """
        SELECT table_name, column_name, data_type || is_nullable || coalesce(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT relname, relkind::text, '' FROM pg_class WHERE relnamespace = 'public'::regnamespace
        ORDER BY 1, 2, 3""",
}


@dataclass(frozen=True, slots=True)
class Case:
    """An upgrade: the old database, what it holds, what the new one holds, and the statements between them."""

    shelf: Files | Served
    upgrader: Upgrader
    order: dict[str, str]
    old: str
    before: dict[str, list[Any]]
    after: dict[str, list[Any]]
    statements: int

    def killed_at(self, deadly: int) -> bool:
        """Killed there it is old or new, and a second try makes it new. Whether it was new already."""
        with self.shelf.copy(self.old) as url:
            order = {**self.order, "url": url}
            status, _ = self.upgrader.upgrade(**order, deadly=deadly)
            assert status == -signal.SIGKILL
            found = contents(url)
            assert found in (self.before, self.after), f"neither old nor new, killed at {deadly} of {self.statements}"
            status, _ = self.upgrader.upgrade(**order, deadly=0)
            assert status == 0
            assert contents(url) == self.after
            return found == self.after


@pytest.fixture(params=UPGRADES)
def case(
    request: pytest.FixtureRequest, shelf: Files | Served, upgrader: Upgrader, versions: Path, tmp_path: Path
) -> Iterator[Case]:
    """One of the upgrades, done once without a kill."""
    first, head = UPGRADES[request.param]
    order = {"folder": str(tmp_path), "versions": str(versions), "head": head}
    if head == schema.HEAD:
        order["versions"] = str(schema.FOLDER)
    with shelf.old(first) as old, shelf.copy(old) as new:
        before = contents(new)
        status, statements = upgrader.upgrade(**order, url=new, deadly=0)
        assert status == 0
        after = contents(new)
        assert after[schema.VERSIONS] == [f"('{head}',)"]
        assert after["made"] != before["made"]
        yield Case(shelf, upgrader, order, old, before, after, statements)


def test_an_upgrade_that_is_killed_is_old_or_new(case: Case) -> None:
    """In the middle, before the COMMIT, and after it."""
    assert not case.killed_at(case.statements * 2 // 3)
    assert not case.killed_at(case.statements - 1)
    assert case.killed_at(case.statements)


@pytest.mark.soak
def test_an_upgrade_that_is_killed_anywhere_is_old_or_new(case: Case) -> None:
    """The long form: before every statement."""
    assert [case.killed_at(n) for n in range(1, case.statements + 1)] == [False] * (case.statements - 1) + [True]
