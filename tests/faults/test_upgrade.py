"""An upgrade of a database that holds something can be killed between any two steps: old or new, never between.

A second version, which only this test knows, changes, fills and drops tables; the program is killed by SIGKILL before
each of its statements in turn. That an upgrade from nothing is whole or nothing is shown in ``storage/test_schema.py``.
Fails on a planted fault: ``upgrade`` outside of the transaction, and it is neither old nor new.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from storage import schema
from storage.database import open_database
from storage.schema import upgrade

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
UPGRADE = """
import asyncio, os, signal, sqlite3, sys
from pathlib import Path
from storage import schema
from storage.database import open_database

schema.FOLDER, schema.HEAD = Path(sys.argv[2]), "9999"
deadly, seen = int(sys.argv[3]), 0

def traced(statement):
    global seen
    seen += 1
    if seen == deadly:
        os.kill(os.getpid(), signal.SIGKILL)

def work(connection):
    connection.connection.dbapi_connection.set_trace_callback(traced)
    schema.upgrade(connection)

async def main():
    database = await open_database("sqlite:///x.db", Path(sys.argv[1]))
    await database.schema(work)
    await database.run(lambda unit: unit.settings._connection.exec_driver_sql("SELECT 1"))
    print(seen)
    await database.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the present version with something in it, and the versions with one more."""
    folder = tmp_path_factory.mktemp("old")

    async def make() -> None:
        database = await open_database("sqlite:///x.db", folder)
        await database.schema(upgrade)
        await database.run(lambda unit: unit.settings.put("swept", "2026-11-23"))
        await database.close()

    asyncio.run(make())
    shutil.copytree(schema.FOLDER, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    second = folder / "migrations" / "versions" / "9999_second.py"
    second.write_text(SECOND.format(head=schema.HEAD), encoding="utf-8")
    return folder


def upgraded(folder: Path, versions: Path, deadly: int) -> subprocess.CompletedProcess[str]:
    """The upgrade in a program of its own, which dies before its n-th statement; 0: it lives."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    given = [sys.executable, "-W", "ignore", "-c", UPGRADE, str(folder), str(versions), str(deadly)]
    return subprocess.run(given, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - our own words


def state_of(path: Path) -> tuple[str, bool, bool, bool, bool]:
    """The version, and which of its changes are there: each of them, or none."""
    with sqlite3.connect(path) as file:
        tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        columns = {row[1] for row in file.execute("PRAGMA table_info(settings)")}
        version = file.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        later = "later" in tables and file.execute("SELECT count(*) FROM later").fetchone()[0] == 1
        kept = file.execute("SELECT value FROM settings WHERE name = 'swept'").fetchone() == ("2026-11-23",)
    file.close()
    return version, later, "more" in columns, "quarantine" not in tables, kept


OLD = (schema.HEAD, False, False, False, True)
NEW = ("9999", True, True, True, True)


def copy(old: Path, folder: Path) -> Path:
    """The old database again."""
    folder.mkdir()
    shutil.copy(old / "x.db", folder / "x.db")
    return folder


def killed_at(old: Path, tmp_path: Path, deadly: int) -> None:
    """Killed there it is old or new, and a second try makes it new."""
    folder = copy(old, tmp_path / f"at{deadly}")
    ended = upgraded(folder, old / "migrations", deadly)
    assert ended.returncode == -signal.SIGKILL, ended.stderr[-500:]
    assert state_of(folder / "x.db") in (OLD, NEW)
    again = upgraded(folder, old / "migrations", 0)
    assert again.returncode == 0, again.stderr[-500:]
    assert state_of(folder / "x.db") == NEW


def statements(old: Path, tmp_path: Path) -> int:
    """How many statements the upgrade has, when nobody kills it."""
    folder = copy(old, tmp_path / "whole")
    ended = upgraded(folder, old / "migrations", 0)
    assert ended.returncode == 0, ended.stderr[-500:]
    assert state_of(folder / "x.db") == NEW
    return int(ended.stdout)


def test_an_upgrade_that_is_killed_is_old_or_new(old: Path, tmp_path: Path) -> None:
    """At three places towards its end."""
    many = statements(old, tmp_path)
    for deadly in (many - 9, many - 6, many - 3):
        killed_at(old, tmp_path, deadly)


@pytest.mark.soak
def test_an_upgrade_that_is_killed_anywhere_is_old_or_new(old: Path, tmp_path: Path) -> None:
    """The long form: before every statement."""
    for deadly in range(1, statements(old, tmp_path) + 1):
        killed_at(old, tmp_path, deadly)
