"""The schema: versions lead to exactly what ``tables.py`` says, whole or not at all."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from storage import schema
from storage.database import open_database
from storage.tables import metadata


def upgraded() -> Connection:
    """An empty database, brought to the newest version."""
    connection = create_engine("sqlite://").connect()
    schema.upgrade(connection)
    return connection


def test_the_versions_lead_to_what_the_tables_say() -> None:
    with upgraded() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_indices_of_a_part_of_a_table_are_made_too() -> None:
    with upgraded() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'ix_outbox_pending'")).scalar_one()
    assert "WHERE state = 'pending'" in made


def test_the_newest_version_is_named() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert ScriptDirectory.from_config(schema.config(connection)).get_current_head() == schema.HEAD


def test_a_database_at_the_newest_version_is_left_alone() -> None:
    with upgraded() as connection:
        before = connection.execute(text("SELECT total_changes()")).scalar_one()
        schema.upgrade(connection)
        assert connection.execute(text("SELECT total_changes()")).scalar_one() == before
        assert not schema.behind(connection)


def tables_in(path: Path) -> int:
    """How much there is in a file."""
    file = sqlite3.connect(path)
    try:
        return int(file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    finally:
        file.close()


def broken(connection: Connection) -> None:
    """An upgrade that fails at its end. Without the one transaction, tables would be left behind."""
    schema.upgrade(connection)
    raise RuntimeError("killed")


async def test_an_upgrade_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    database = await open_database("sqlite:///x.db", tmp_path)
    try:
        with pytest.raises(RuntimeError):
            await database.schema(broken)
        assert tables_in(tmp_path / "x.db") == 0
        await database.schema(schema.upgrade)
    finally:
        await database.close()
    with sqlite3.connect(tmp_path / "x.db") as file:
        assert file.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.HEAD,)
    file.close()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from storage import schema
from storage.database import open_database

def work(connection):
    schema.upgrade(connection)
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = await open_database("sqlite:///x.db", Path(sys.argv[1]))
    await database.schema(work)

asyncio.run(main())
"""


async def test_an_upgrade_that_is_killed_leaves_the_old_schema(tmp_path: Path) -> None:
    """Planted fault: commit after each step, and half of the tables are there."""
    environment = {**os.environ, "PYTHONPATH": str(Path(schema.__file__).parents[1])}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False)  # noqa: ASYNC221, S603 - our own words
    assert ended.returncode == -signal.SIGKILL
    assert tables_in(tmp_path / "x.db") == 0
    database = await open_database("sqlite:///x.db", tmp_path)
    try:
        await database.schema(schema.upgrade)
        assert await database.schema(schema.behind) is False
    finally:
        await database.close()
