"""SQLite: one writer connection on its own thread, and reader connections for questions that change nothing.

A unit of work is a plain function that runs whole on the writer's thread, inside ``BEGIN IMMEDIATE`` … ``COMMIT``: a
deferred transaction fails at once when it turns into a writer, whatever the busy time-out. A COMMIT that fails leaves
SQLite inside the transaction while SQLAlchemy forgets it, so the raw connection is rolled back before the next one.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from storage.unit import Unit

T = TypeVar("T")

READERS = 2
"""Reader threads: enough for a digest and a web page side by side with rendering."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA secure_delete=ON",
)


class OneWriter(aiosqlite.Connection):
    """aiosqlite's connection and thread, running whole units of work instead of single statements."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the connection's thread. A caller that is cancelled no longer waits; the work still ends."""
        return await self._execute(work)  # type: ignore[no-untyped-call, no-any-return]

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's connection, for the engine that shares it."""
        return self._conn


class SQLiteDatabase:
    """One SQLite file. ``open`` it, ``run`` units of work, ``read`` questions, ``close`` it."""

    def __init__(self, path: Path, writer: OneWriter, engine: Engine, readers: Engine) -> None:
        self.path = path
        self._writer = writer
        self._engine = engine
        self._readers = readers
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the file, for its owner only. Errors: ``OSError``, ``sqlite3.Error`` where it cannot be."""
        writer = OneWriter(lambda: connect(path), iter_chunk_size=64)
        await writer
        engine = create_engine(
            "sqlite://",
            creator=lambda: writer.raw,
            poolclass=StaticPool,
            hide_parameters=True,
            pool_reset_on_return=None,
        )
        event.listen(engine, "begin", begin_immediate)
        readers = create_engine(
            "sqlite://",
            creator=lambda: connect(path, read_only=True),
            poolclass=QueuePool,
            pool_size=READERS,
            hide_parameters=True,
        )
        event.listen(readers, "begin", begin_deferred)
        return cls(path, writer, engine, readers)

    @property
    def engine_version(self) -> tuple[int, ...]:
        """SQLite's version."""
        return sqlite3.sqlite_version_info

    async def run(self, work: Callable[[Unit], T]) -> T:
        """Do ``work`` in one transaction on the writer's thread and return what it returns, after the commit."""
        return await self._writer.run(lambda: self._transaction(work))

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Ask a question on a reader connection, in one snapshot; what it would write is refused by SQLite."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._snapshot, work)

    async def schema(self, work: Callable[[Connection], T]) -> T:
        """Run a migration on the writer's thread."""
        return await self._writer.run(lambda: self._migration(work))

    async def close(self) -> None:
        """Close readers before the writer, which then checkpoints alone."""
        self._pool.shutdown(wait=True)
        self._readers.dispose()
        await self._writer.run(self._engine.dispose)
        await self._writer.close()

    def _transaction(self, work: Callable[[Unit], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(Unit(connection))
        finally:
            roll_back_raw(self._writer.raw)

    def _migration(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        finally:
            roll_back_raw(self._writer.raw)

    def _snapshot(self, work: Callable[[Unit], T]) -> T:
        with self._readers.connect() as connection:
            return work(Unit(connection))


def connect(path: Path, read_only: bool = False) -> sqlite3.Connection:
    """A connection that leaves transactions to us. ``isolation_level=None``: the driver begins and commits nothing."""
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    if read_only:
        connection.execute("PRAGMA query_only=ON")
    return connection


def begin_immediate(connection: Connection) -> None:
    """Take the write lock at once."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def begin_deferred(connection: Connection) -> None:
    """A snapshot for reading."""
    connection.exec_driver_sql("BEGIN")


def roll_back_raw(connection: sqlite3.Connection) -> None:
    """Leave no transaction open behind a COMMIT that failed."""
    if connection.in_transaction:
        connection.rollback()
