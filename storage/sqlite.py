"""SQLite: one writer connection on its own thread, and reader connections for questions that change nothing.

A unit of work is a plain function that runs whole on the writer's thread, inside ``BEGIN IMMEDIATE`` … ``COMMIT``: a
deferred transaction fails at once when it turns into a writer, whatever the busy time-out. A COMMIT that fails leaves
SQLite inside the transaction while SQLAlchemy forgets it, so the raw connection is rolled back before the next one.

Units that wait while the disk is busy share the next commit: waiting for the disk is what costs most, and it costs the
same for one unit as for thirty. Each stands in a savepoint of its own, so one that fails takes nobody with it, and all
are answered only after the commit. Where the transaction as a whole fails (a full disk, a constraint found at COMMIT),
each of its units is done again alone; so a unit may run more than once, and only its last run counts.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import aiosqlite
import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from storage.leadership import Alone
from storage.ready import Ready, Rows, Values, prepared
from storage.unit import Unit

log = structlog.get_logger()

T = TypeVar("T")

READERS = 2
"""Reader threads: enough for a digest and a web page side by side with rendering."""

TOGETHER = 32
"""Units that share a commit at most: those at the end of the line wait for the whole of it."""

PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA busy_timeout=10000",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A unit in the line, and who waits for it."""

    work: Callable[[Unit], Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What a unit returned, or why it failed."""

    value: Any = None
    error: Exception | None = None


class TransactionLost(Exception):
    """SQLite undid the whole transaction by itself, as it may where the disk is full or broken."""


class OneWriter(aiosqlite.Connection):
    """aiosqlite's connection and thread, running whole units of work instead of single statements."""

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the connection's thread. A caller that is cancelled no longer waits; the work still ends."""
        return await self._execute(work)  # type: ignore[no-untyped-call, no-any-return]

    def wait(self) -> None:
        """Where it could not be opened: its thread was told to end, and says so to the event loop, which must live."""
        self._thread.join()

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's connection, for the engine that shares it."""
        return self._conn


class SQLiteDriver:
    """Ready statements on the driver's own connection."""

    __slots__ = ("_connection", "_raw", "dialect")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = cast(sqlite3.Connection, connection.connection.dbapi_connection)
        self.dialect = connection.dialect

    def execute(self, found: Ready, values: Values) -> Rows:
        """Execute one, and read what it found whole."""
        cursor = self._raw.execute(found.text, found.bound(values))
        return Rows([found.read(row) for row in cursor] if found.answers else [], cursor.rowcount)

    def savepoint(self) -> AbstractContextManager[object]:
        """SQLAlchemy's."""
        return self._connection.begin_nested()


class SQLiteDatabase:
    """One SQLite file. ``open`` it, ``run`` units of work, ``read`` questions, ``close`` it."""

    def __init__(self, path: Path, writer: OneWriter, engine: Engine, readers: Engine) -> None:
        self.path = path
        self._writer = writer
        self._engine = engine
        self._readers = readers
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._line: deque[Waiting] = deque()
        self._serving: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, make: bool = False) -> Self:
        """Open the file; ``make`` it, for its owner only, where there is none.

        Errors: ``OSError``, ``sqlite3.Error`` where it cannot be.
        """
        writer = OneWriter(lambda: made(path) if make else connect(path), iter_chunk_size=64)
        try:
            await writer
        except BaseException:
            writer.wait()
            raise
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

    engine_name = "SQLite"

    @property
    def engine_version(self) -> tuple[int, ...]:
        """SQLite's version."""
        return sqlite3.sqlite_version_info

    async def run(self, work: Callable[[Unit], T]) -> T:
        """Do ``work`` whole on the writer's thread and return what it returns, after the commit.

        A caller that is cancelled no longer waits; the work is still done.
        """
        waiting = Waiting(work, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        if self._serving is None:
            self._serving = asyncio.create_task(self._serve())
        found: T = await waiting.answer
        return found

    async def _serve(self) -> None:
        """Do what is in the line, as many units at a time as have gathered, until it is empty."""
        try:
            while self._line:
                group = [self._line.popleft() for _ in range(min(TOGETHER, len(self._line)))]
                for waiting, done in zip(group, await self._served(group), strict=True):
                    tell(waiting.answer, done)
        finally:
            self._serving = None

    async def _served(self, group: Sequence[Waiting]) -> list[Done]:
        try:
            return await self._writer.run(partial(self._group, [waiting.work for waiting in group]))
        except Exception as error:  # the connection is closed
            return [Done(error=error)] * len(group)

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Ask a question on a reader connection, in one snapshot; what it would write is refused by SQLite."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._snapshot, work)

    async def schema(self, work: Callable[[Connection], T]) -> T:
        """Run a migration on the writer's thread."""
        return await self._writer.run(lambda: self._migration(work))

    def leadership(self) -> Alone:
        """One process has the file."""
        return Alone()

    async def close(self) -> None:
        """Close readers before the writer, which then checkpoints alone."""
        if self._serving is not None:
            await self._serving
        self._pool.shutdown(wait=True)
        self._readers.dispose()
        await self._writer.run(self._engine.dispose)
        await self._writer.close()

    def _group(self, works: Sequence[Callable[[Unit], Any]]) -> list[Done]:
        if len(works) > 1:
            try:
                return self._together(works)
            except Exception as error:
                log.warning("units done again one by one", units=len(works), error=type(error).__name__)
        return [self._alone(work) for work in works]

    def _alone(self, work: Callable[[Unit], Any]) -> Done:
        """One unit in a transaction of its own."""
        try:
            with self._engine.begin() as connection:
                return self._done(work, connection)
        except Exception as error:
            return Done(error=error)
        finally:
            roll_back_raw(self._writer.raw)

    def _together(self, works: Sequence[Callable[[Unit], Any]]) -> list[Done]:
        """Units in one transaction, each in a savepoint."""
        try:
            with self._engine.begin() as connection:
                return [self._in_savepoint(work, connection) for work in works]
        finally:
            roll_back_raw(self._writer.raw)

    def _in_savepoint(self, work: Callable[[Unit], Any], connection: Connection) -> Done:
        raw = self._writer.raw
        raw.execute("SAVEPOINT unit")
        try:
            done = self._done(work, connection)
        except Exception as error:
            if not raw.in_transaction:
                raise
            raw.execute("ROLLBACK TO unit")
            done = Done(error=error)
        raw.execute("RELEASE unit")
        return done

    def _done(self, work: Callable[[Unit], Any], connection: Connection) -> Done:
        value = work(Unit(prepared(connection, SQLiteDriver(connection))))
        if not self._writer.raw.in_transaction:
            raise TransactionLost
        return Done(value)

    def _migration(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        finally:
            roll_back_raw(self._writer.raw)

    def _snapshot(self, work: Callable[[Unit], T]) -> T:
        with self._readers.begin() as connection:
            return work(Unit(prepared(connection, SQLiteDriver(connection))))


def tell(answer: asyncio.Future[Any], done: Done) -> None:
    """Tell who waited what came of their unit, unless they left."""
    if answer.done():
        return
    if done.error is None:
        answer.set_result(done.value)
    else:
        answer.set_exception(done.error)


def made(path: Path) -> sqlite3.Connection:
    """A connection to a file that is made, for its owner only, where there is none."""
    path.touch(mode=0o600)
    return connect(path)


def connect(path: Path, read_only: bool = False) -> sqlite3.Connection:
    """A connection that leaves transactions to us. ``isolation_level=None``: the driver begins and commits nothing.

    A file that is not there is not made: what has gone is on a disk that has gone, and must not come back empty.
    """
    address = f"{path.resolve().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (*PRAGMAS, "PRAGMA query_only=ON") if read_only else PRAGMAS:
            connection.execute(pragma)
    except sqlite3.Error:
        connection.close()
        raise
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
