"""PostgreSQL: a connection for every worker thread, and as many processes as are wanted on one database.

A unit of work is a plain function that runs whole on one thread, in one transaction that sees what is committed
(READ COMMITTED); what one writer guarantees by itself is kept by locks (``storage/locks.py``) and by reading a case for
its change (FOR UPDATE). Questions see one moment (REPEATABLE READ) and cannot write.

A unit that lost a race or its connection is done again from its beginning, on a fresh connection, until ``PATIENCE`` is
over; then ``Unavailable`` says that nothing is wrong with the unit. Where the answer to a COMMIT was lost nobody knows
whether it was done: units bear being done twice (a turn through ``first_sight``, what is due through being data).
"""

import asyncio
import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, Self, TypeVar

import psycopg
import structlog
from psycopg import Error as DriverError
from sqlalchemy import URL, BigInteger, Connection, Engine, Integer, bindparam, create_engine, func, select, text
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from domain.people import ChatId
from storage.lease import Lease
from storage.libpq import READING, WRITING, LibpqDriver, ReadOnly
from storage.locks import Again, Locks
from storage.ready import prepared
from storage.settled import COMMIT_SETTLED, EARLY, begun, ending, watch
from storage.unavailable import NotLetIn, Unavailable
from storage.unit import Unit

log = structlog.get_logger()

T = TypeVar("T")

WRITERS = 8
"""Threads, and so connections, for turns. The database's cores are the limit, not their number."""
READERS = 2
PATIENCE = 10.0
"""Seconds in which a unit is done again. Telegram waits longer for a webhook's answer."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0

LOST = ("08", "57", "53", "40", "25P0", "55P03")
"""Beginnings of SQLSTATE (PostgreSQL, appendix A) that say nothing against the unit: connection lost, server going down
or statement cancelled, no room, deadlock or serialization failure, idle too long, waited too long for a lock."""

SERVER = {
    "statement_timeout": "30s",
    "lock_timeout": "8s",
    "idle_in_transaction_session_timeout": "8s",  # a process that is stopped must not keep its locks
    "jit": "off",
}
CLIENT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": f"yixian {os.getpid()}",
}
"""Seconds, but ``tcp_user_timeout`` in milliseconds. What the address says itself wins."""

BEGIN_WRITING = b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
BEGIN_READING = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

ROSTER, NUMBERS, SCHEMA, LEADER = 1, 2, 3, 4
"""The first half of an advisory lock's key; chats have the keys of one 64-bit number to themselves."""

LOCK_CHAT = select(func.pg_advisory_xact_lock(bindparam("chat_", type_=BigInteger)))
LOCK = select(
    func.pg_advisory_xact_lock(bindparam("kind_", type_=Integer), bindparam("number_", type_=Integer)),
)

LOCK_NUMBERS = LOCK.add_columns(EARLY)
"""Numbers are given one after another, but the disk is waited for together."""


class PostgreSQLLocks(Locks):
    """Advisory locks, which last as long as the transaction. ``early``: it does not wait for the disk."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.early = False

    def chat(self, chat: ChatId) -> None:
        """By the chat's own number."""
        self._connection.execute(LOCK_CHAT, {"chat_": chat})

    def roster(self) -> None:
        """One for everybody: roles change rarely."""
        self._connection.execute(LOCK, {"kind_": ROSTER, "number_": 0})

    def numbers(self, year: int) -> None:
        """One a year, held until the commit, not until the disk: a number is given back where the turn is undone."""
        self._connection.execute(LOCK_NUMBERS, {"kind_": NUMBERS, "number_": year})
        self.early = True

    def lost(self, error: Exception) -> bool:
        """By the engine's code."""
        return lost(error)


def lost(error: BaseException) -> bool:
    """Whether a transaction failed through no fault of its statements."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and lost(error.orig))
    if not isinstance(error, DriverError):
        return False
    return error.sqlstate.startswith(LOST) if error.sqlstate else unconnected(error)


def unconnected(error: DriverError) -> bool:
    """An error without a code is the driver's own: ``OperationalError`` where there is no connection."""
    return type(error).__name__ in ("OperationalError", "ConnectionTimeout")


class PostgreSQLDatabase:
    """One database. ``open`` it, ``run`` units of work, ``read`` questions, ``close`` it."""

    def __init__(self, url: URL, engine: Engine, readers: Engine, version: tuple[int, ...], patience: float) -> None:
        self.url = url
        self._patience = patience
        self.engine_version = version
        self._engine = engine
        self._readers = readers
        self._pool = ThreadPoolExecutor(WRITERS, thread_name_prefix="writer")
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="reader")

    @classmethod
    async def open(cls, url: URL, patience: float = PATIENCE) -> Self:
        """Connect. Raises ``Unavailable`` where the server cannot be reached, ``NotLetIn`` where it refuses us."""
        engine = engine_for(url, WRITERS)
        watch(engine)
        readers = engine_for(
            url,
            READERS,
            default_transaction_isolation="repeatable\\ read",
            default_transaction_read_only="on",
        )
        readers.dialect.statement_compiler = ReadOnly
        try:
            version = await asyncio.to_thread(version_of, engine)
        except DBAPIError as error:
            kind = NotLetIn if refused(error) else Unavailable
            raise kind(f"{reason(error)}{refusal(error)}") from None
        return cls(url, engine, readers, version, patience)

    engine_name = "PostgreSQL"

    async def run(self, work: Callable[[Unit], T]) -> T:
        """Do ``work`` in one transaction and return what it returns, after the commit.

        A caller that is cancelled no longer waits; the work is still done. Raises ``Unavailable`` where the database
        did not let it be done in time.
        """
        return await on(self._pool, lambda: self._patiently(lambda: self._transaction(work)))

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Ask a question in one snapshot; what it would write is refused by PostgreSQL."""
        return await on(self._reading, lambda: self._patiently(lambda: self._snapshot(work)))

    async def schema(self, work: Callable[[Connection], T]) -> T:
        """Run a migration, whole or not at all; processes that start at once do it one after another."""
        return await on(self._pool, lambda: self._migration(work))

    def leadership(self) -> Lease:
        """By a session of its own, one a process."""
        return Lease(self._connect, (LEADER, 0))

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        _, arguments = self._engine.dialect.create_connect_args(self._engine.url)
        return psycopg.connect(**{**arguments, **known(self.url)}, autocommit=True)

    async def close(self) -> None:
        """Let go of every connection, after what is under way."""
        for pool, engine in ((self._reading, self._readers), (self._pool, self._engine)):
            await asyncio.to_thread(pool.shutdown)
            engine.dispose()

    def _transaction(self, work: Callable[[Unit], T]) -> T:
        with session(self._engine, WRITING) as (connection, driver):
            driver.command(BEGIN_WRITING)
            begun(connection.info)
            shelved = prepared(connection, driver)
            locks = PostgreSQLLocks(shelved)
            found = work(Unit(shelved, locks))
            driver.commit(ending(connection.info, locks.early))
            return found

    def _snapshot(self, work: Callable[[Unit], T]) -> T:
        with session(self._readers, READING) as (connection, driver):
            driver.command(BEGIN_READING)
            found = work(Unit(prepared(connection, driver)))
            driver.commit(COMMIT_SETTLED)
            return found

    def _migration(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(LOCK, {"kind_": SCHEMA, "number_": 0})
            return work(connection)

    def _patiently(self, attempt: Callable[[], T]) -> T:
        """Again and again while it is not the unit's fault."""
        give_up, pause = monotonic() + self._patience, FIRST_PAUSE
        while True:
            try:
                return attempt()
            except Again as again:
                cause = again.__cause__
            except (DBAPIError, DriverError) as error:
                if not lost(error):
                    raise
                cause = error
            if monotonic() >= give_up:
                raise Unavailable(reason(cause)) from None
            log.info("done again", why=reason(cause))
            sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - so that two that met do not meet again
            pause = min(LONGEST_PAUSE, pause * 2)


@contextmanager
def session(engine: Engine, dialect: Dialect) -> Iterator[tuple[Connection, LibpqDriver]]:
    """A connection and how to speak to it; it is left without a transaction. Where it is lost, so are the others."""
    with engine.connect() as connection:
        driver = LibpqDriver(connection, dialect)
        try:
            yield connection, driver
        finally:
            if not driver.leave():
                connection.invalidate()
                engine.dispose()


async def on(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    """Wait for a thread's answer; the work is done even where nobody waits any more."""
    return await asyncio.shield(asyncio.wrap_future(pool.submit(work)))


def engine_for(url: URL, size: int, **settings: str) -> Engine:
    """Connections with our time-outs, as many as there are threads."""
    return create_engine(
        url.difference_update_query(["options"]),
        connect_args=known(url, **settings),
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,
    )


def known(url: URL, **settings: str) -> dict[str, Any]:
    """What a connection is told besides its address: time-outs, and how soon a dead one is noticed."""
    own = " ".join(f"-c {name}={value}" for name, value in {**SERVER, **settings}.items())
    client = {name: value for name, value in CLIENT.items() if name not in url.query}
    return {**client, "options": f"{own} {url.query.get('options', '')}".strip()}


def version_of(engine: Engine) -> tuple[int, ...]:
    """Of the server, from the first connection."""
    with engine.connect() as connection:
        return tuple(int(part) for part in connection.dialect.server_version_info or ())


REFUSED = {
    "password authentication failed": "it refuses the user or the password: look at ~/.pgpass",
    "no password supplied": "it wants a password: write one into ~/.pgpass",
    "no pg_hba.conf entry": "it lets nobody in from here: look at its pg_hba.conf",
    "does not exist": "it knows no such database, or no such user",
}
"""What servers and libpq say, where there is no code yet, of what stays until somebody changes it; what it means."""
AWAY = {
    "connection refused": "nobody listens there: start PostgreSQL, or mend host and port",
    "no such file": "nobody listens there: start PostgreSQL, or mend host and port",
    "resolve": "no such host is known",
    "translate host": "no such host is known",
    "starting up": "it is starting: try again",
    "too many": "it has no connection left: see max_connections",
    "timeout expired": "it does not answer",
}
"""The same of what may be over by itself, as after the machine was started."""


def refused(error: DBAPIError) -> bool:
    """Whether the server has answered, and will answer the same the next time."""
    said = str(error.orig).lower()
    return any(words in said for words in REFUSED)


def refusal(error: DBAPIError) -> str:
    """Why there is no connection, in words of ours, where that can be told."""
    said = str(error.orig).lower()
    return next((f": {meaning}" for words, meaning in {**REFUSED, **AWAY}.items() if words in said), "")


def reason(error: BaseException | None) -> str:
    """Why, in short and without what people wrote."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlstate", None)
    return f"{type(original).__name__}{f' {code}' if code else ''}"
