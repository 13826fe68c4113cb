"""PostgreSQL's own calls fail and commit as cursors would."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, cast

import psycopg
import pytest
from psycopg.errors import DataError, NotNullViolation, OperationalError, ReadOnlySqlTransaction, UniqueViolation
from sqlalchemy import Connection, create_engine, insert, make_url, text

from domain.people import ChatId
from storage.libpq import WRITING, LibpqDriver
from storage.postgresql import PostgreSQLDatabase, lost
from storage.ready import ReadyConnection
from storage.settings import Settings
from storage.tables import settings as settings_table
from storage.unavailable import Unavailable
from storage.unit import Unit
from tests.postgres import Server

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PREPARED = text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'ready%'")


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """An empty database's address."""
    with postgres.database() as found:
        yield found


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgreSQLDatabase]:
    """The bot's side of it; it does not try anything again for long."""
    found = await PostgreSQLDatabase.open(make_url(url), patience=0.1)
    yield found
    await found.close()


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    """A transaction that is undone."""
    engine = create_engine(url)
    with engine.connect() as found:
        found.execute(text("SELECT 1"))
        yield found
    engine.dispose()


@pytest.fixture
def shelved(connection: Connection) -> ReadyConnection:
    """The same, as shelves have it."""
    return ReadyConnection(connection, LibpqDriver(connection, WRITING))


def put(unit: Unit, name: str, value: Any = "1") -> None:
    """Write something."""
    unit.settings.put(name, value)


async def test_an_error_undoes_the_unit(database: PostgreSQLDatabase) -> None:
    """Planted fault: ``execute`` without ``_checked``."""

    def work(unit: Unit) -> None:
        put(unit, "a")
        put(unit, "路灯坏了", None)

    with pytest.raises(NotNullViolation):
        await database.run(work)
    assert await database.read(lambda unit: unit.settings.get("a")) is None


async def test_an_error_stays_in_its_savepoint(database: PostgreSQLDatabase) -> None:
    """Planted fault: ``savepoint`` rolls nothing back; nor may it take with it what came before."""

    def fails(unit: Unit) -> None:
        with unit.savepoint():
            put(unit, "within")
            put(unit, "wrong", None)

    def work(unit: Unit) -> str:
        put(unit, "before")
        with pytest.raises(NotNullViolation), unit.savepoint():
            fails(unit)
        with unit.savepoint():
            put(unit, "after")
        return "went on"

    assert await database.run(work) == "went on"
    names = ("before", "within", "wrong", "after")
    found = await database.read(lambda unit: [name for name in names if unit.settings.get(name)])
    assert found == ["before", "after"]


async def test_a_transaction_that_failed_is_not_taken_for_committed(database: PostgreSQLDatabase) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK and no error. Planted fault: ``commit`` does not look."""

    def work(unit: Unit) -> str:
        put(unit, "a")
        with pytest.raises(NotNullViolation):
            put(unit, "b", None)
        return "done"

    with pytest.raises(Unavailable, match="25P02"):
        await database.run(work)
    assert await database.read(lambda unit: unit.settings.get("a")) is None


async def test_who_only_asks_locks_nothing_and_writes_nothing(database: PostgreSQLDatabase) -> None:
    """Planted fault: ``READING`` with PostgreSQL's own compiler."""
    from tests.storage.test_postgresql import opened

    case = await database.run(opened)
    assert await database.read(lambda unit: unit.cases.get(case.id))
    with pytest.raises(ReadOnlySqlTransaction):
        await database.read(lambda unit: put(unit, "a"))


def test_errors_are_those_of_a_cursor(shelved: ReadyConnection) -> None:
    unit = Unit(cast(Connection, shelved))
    unit.people.add(ChatId(7), "王芳", "zh", NOW)
    with pytest.raises(UniqueViolation) as twice, unit.savepoint():
        unit.people.add(ChatId(7), "王芳", "zh", NOW)
    assert not lost(twice.value)
    with pytest.raises(DataError):
        unit.settings.put("a", "\x00")
    unit.settings.put("a", "1")
    assert unit.settings.get("a") == "1"


def test_a_lost_session_is_an_error_without_a_code_or_with_the_server_s(
    connection: Connection, shelved: ReadyConnection, postgres: Server, url: str
) -> None:
    """Planted fault: ``_checked`` takes psycopg's word for an error without a code, ``DatabaseError``."""
    unit = Settings(cast(Connection, shelved))
    unit.get("a")
    pid = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection).info.backend_pid
    with postgres.at(url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    for _ in range(3):
        with pytest.raises(OperationalError) as failure:
            unit.get("a")
        assert lost(failure.value)
    connection.invalidate()


def test_a_statement_is_prepared_once_however_often_it_is_built(
    connection: Connection, shelved: ReadyConnection
) -> None:
    """Planted fault: ``_known`` by the statement instead of its text."""
    for number in range(20):
        shelved.execute(insert(settings_table).values(name=f"n{number}", value="1"))
    assert connection.execute(PREPARED).scalar_one() == 1
    assert Settings(cast(Connection, shelved)).get("n19") == "1"
