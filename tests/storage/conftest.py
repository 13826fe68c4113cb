"""Every shelf is tested on both engines: in memory on SQLite, and in a transaction that is undone on PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine

from storage.locks import NONE
from storage.tables import metadata
from storage.unit import Unit
from tests.postgres import Server


@pytest.fixture(scope="session")
def emptied(postgres: Server) -> Iterator[str]:
    """A database on PostgreSQL in which every test undoes what it did."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to an empty database of the newest version."""
    engine = create_engine("sqlite://" if request.param == "sqlite" else request.getfixturevalue("emptied"))
    if request.param == "sqlite":
        metadata.create_all(engine)
    with engine.connect() as found:
        yield found
    engine.dispose()


@pytest.fixture
def unit(connection: Connection) -> Unit:
    """A unit of work on it."""
    if connection.dialect.name == "sqlite":
        return Unit(connection, NONE)
    from storage.postgresql import PostgreSQLLocks

    return Unit(connection, PostgreSQLLocks(connection))
