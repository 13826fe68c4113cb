"""The schema: versions lead to exactly what ``tables.py`` says, whole or not at all."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from storage import schema
from storage.database import open_database
from storage.tables import metadata
from tests.postgres import Server


def step_by_step(connection: Connection) -> None:
    """From nothing through every version."""
    command.upgrade(schema.config(connection), "head")


def upgraded() -> Connection:
    """An empty database, brought to the newest version step by step."""
    connection = create_engine("sqlite://").connect()
    step_by_step(connection)
    return connection


def test_the_versions_lead_to_what_the_tables_say() -> None:
    with upgraded() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_schema_may_be_named_with_capitals(postgres: Server) -> None:
    """Planted fault: its name without quotes, which PostgreSQL reads in small letters."""
    with postgres.database("template0") as url:
        engine = create_engine(url, connect_args={"options": '-c search_path="Yixian"'})
        with engine.begin() as connection:
            connection.execute(text('CREATE SCHEMA "Yixian"'))
            assert schema.begin(connection)
            schema.refuse_unusable(connection)
            assert {*metadata.tables} < schema.columns_in(connection).keys()
        engine.dispose()


def test_the_versions_lead_there_on_postgresql_too(postgres: Server) -> None:
    """Planted fault: another type in ``tables.py``, or an index less."""
    with postgres.database("template0") as url:
        engine = create_engine(url)
        with engine.begin() as connection:
            step_by_step(connection)
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []
            wanted = parts_on_postgresql(connection)
            assert any("WHERE" in definition for _, definition in wanted)
        engine.dispose()
    with postgres.database() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            assert parts_on_postgresql(connection) == wanted
        engine.dispose()


def parts_on_postgresql(connection: Connection) -> set[tuple[str, str]]:
    """Columns with their types, keys and indices with their conditions."""
    columns = connection.execute(
        text(
            "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default) "
            "FROM information_schema.columns WHERE table_schema = 'public'"
        )
    )
    indices = connection.execute(text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"))
    return {(name, definition) for name, definition in [*columns, *indices]}


def test_indices_of_a_part_of_a_table_are_made_too() -> None:
    with upgraded() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'ix_outbox_pending'")).scalar_one()
    assert "WHERE state = 'pending'" in made


def parts(connection: Connection) -> dict[str, object]:
    """Tables with their columns, keys and row ids, and indices with their columns and conditions."""
    found: dict[str, object] = {}
    for kind, name, sql in connection.execute(text("SELECT type, name, sql FROM sqlite_master")):
        if kind == "index":
            if not name.startswith("sqlite_autoindex_alembic"):  # the key of Alembic's own table
                found[name] = sql
        elif name != schema.VERSIONS:
            columns = connection.execute(text(f"PRAGMA table_xinfo({name})")).all()
            found[name] = ([tuple(column) for column in columns], "WITHOUT ROWID" in sql, "AUTOINCREMENT" in sql)
    return found


def test_every_table_and_index_is_made_as_the_tables_say() -> None:
    """What Alembic's comparison does not look at: conditions of indices, defaults, row ids."""
    with create_engine("sqlite://").connect() as connection:
        schema.upgrade(connection)
        made, version = parts(connection), schema.revision(connection)
        assert schema.VERSIONS in {row[0] for row in connection.execute(text("SELECT name FROM sqlite_master"))}
    with upgraded() as connection:
        assert (parts(connection), schema.revision(connection)) == (made, version)


def test_tables_of_somebody_else_are_left_alone() -> None:
    with create_engine("sqlite://").connect() as connection:
        connection.execute(text("CREATE TABLE people (name TEXT)"))
        with pytest.raises(OperationalError, match="already exists"):
            schema.upgrade(connection)


def test_a_database_without_a_version_is_behind() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert schema.revision(connection) is None
        assert schema.behind(connection)


def test_alembic_is_not_loaded_where_there_is_nothing_to_do() -> None:
    """It takes longer to load than the demo may take to start."""
    code = (
        "import sys; from sqlalchemy import create_engine, text; from storage import schema; "
        "c = create_engine('sqlite://').connect(); c.execute(text('CREATE TABLE alembic_version (version_num)')); "
        "c.execute(text('INSERT INTO alembic_version VALUES (:head)'), {'head': schema.HEAD}); "
        "schema.upgrade(c); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0  # noqa: S603 - our own words


def test_an_upgrade_leaves_the_logs_alone() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("alembic").level)
    with upgraded():
        assert (root.level, list(root.handlers), logging.getLogger("alembic").level) == before


def test_the_way_back_leads_to_an_empty_database() -> None:
    with upgraded() as connection:
        command.downgrade(schema.config(connection), "base")
        assert parts(connection) == {}


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


class Killed(BaseException):
    """No error that anybody handles."""


async def test_an_upgrade_that_is_killed_between_two_steps_leaves_the_old_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: commit after every step, and half of the tables are there."""
    database = await open_database("sqlite:///x.db", tmp_path, make=True)
    done: list[str] = []

    def create(self: Operations, name: str, *rest: Any, **options: Any) -> Any:
        if len(done) == 5:
            raise Killed
        done.append(name)
        return made(self, name, *rest, **options)

    made = Operations.create_table
    try:
        with monkeypatch.context() as patched:
            patched.setattr(Operations, "create_table", create)
            with pytest.raises(Killed):
                await database.schema(step_by_step)
        assert (len(done), tables_in(tmp_path / "x.db")) == (5, 0)
    finally:
        await database.close()


def broken(connection: Connection) -> None:
    """An upgrade that fails at its end. Without the one transaction, tables would be left behind."""
    schema.upgrade(connection)
    raise RuntimeError("killed")


async def test_an_upgrade_that_fails_leaves_the_old_schema(tmp_path: Path) -> None:
    database = await open_database("sqlite:///x.db", tmp_path, make=True)
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
    database = await open_database("sqlite:///x.db", Path(sys.argv[1]), make=True)
    await database.schema(work)

asyncio.run(main())
"""


async def test_an_upgrade_that_is_killed_leaves_the_old_schema(tmp_path: Path) -> None:
    """Planted fault: commit after each step, and half of the tables are there."""
    environment = {**os.environ, "PYTHONPATH": str(Path(schema.__file__).parents[1])}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], env=environment, check=False)  # noqa: ASYNC221, S603 - our own words
    assert ended.returncode == -signal.SIGKILL
    assert tables_in(tmp_path / "x.db") == 0
    database = await open_database("sqlite:///x.db", tmp_path, make=True)
    try:
        await database.schema(schema.upgrade)
        assert await database.schema(schema.behind) is False
    finally:
        await database.close()
