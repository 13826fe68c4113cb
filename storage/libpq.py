"""PostgreSQL's own calls for ready statements: prepared once a connection, executed in one call of libpq.

psycopg's cursors send, wait and read step by step, and give the interpreter's lock back at each step: with eight
threads that want it most of the time goes into passing it on (``docs/decisions/cost.md`` has the figures). Here a
statement is one call, which blocks its thread alone and gives the lock back once. How values are written and read is
psycopg's business as before, and so are the errors: those that a cursor would raise.

SQLAlchemy's connection lives on the same session, for statements that are never ready.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InFailedSqlTransaction, OperationalError, error_from_result
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import Dialect

from storage.ready import Ready, Rows, Values
from storage.settled import note

FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
IDLE, BROKEN = pq.TransactionStatus.IDLE, pq.TransactionStatus.INERROR
ALIVE = pq.ConnStatus.OK

PREPARED = "prepared"
"""Where a session keeps what it has prepared."""


class ReadOnly(PGCompiler):
    """A shelf reads a case for its change; whoever only asks must not lock it, and may not."""

    def for_update_clause(self, select: Any, **kw: Any) -> str:
        """Nothing."""
        return ""


def written_by(compiler: type[PGCompiler]) -> Dialect:
    """Statements with libpq's own places for values, ``$1``."""
    found: Dialect = PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    found.statement_compiler = compiler
    return found


WRITING, READING = written_by(PGCompiler), written_by(ReadOnly)


class Prepared:
    """A statement that a session knows by name, and how its values are written and its rows read."""

    __slots__ = ("_formats", "_read", "_transformer", "name")

    def __init__(self, name: bytes, values: int, session: psycopg.Connection[Any]) -> None:
        self.name = name
        self._formats = [PyFormat.TEXT] * values
        self._transformer = Transformer(session)
        self._read = False

    def written(self, values: list[Any]) -> list[Any]:
        """Values as text; ``DataError`` where PostgreSQL has no such text."""
        return list(self._transformer.dump_sequence(values, self._formats))

    def rows(self, found: Ready, result: pq.abc.PGresult) -> list[Any]:
        """What came of it, read whole."""
        transformer = self._transformer
        transformer.set_pgresult(result, set_loaders=not self._read)
        self._read = True
        rows = transformer.load_rows(0, result.ntuples, found.read)
        transformer.set_pgresult(None, set_loaders=False)
        return rows


class LibpqDriver:
    """A session. Errors are psycopg's; one without a code is an ``OperationalError``: the session is lost."""

    __slots__ = ("_info", "_known", "_pq", "_session", "dialect")

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self.dialect = dialect
        self._session = cast("psycopg.Connection[Any]", connection.connection.dbapi_connection)
        self._pq = self._session.pgconn
        self._info = connection.info
        self._known: dict[str, Prepared] = self._info.setdefault(PREPARED, {})

    def execute(self, found: Ready, values: Values) -> Rows:
        """Execute a statement, and read what it found whole."""
        bound = found.bound(values)
        known = self._known.get(found.text) or self._prepare(found)
        result = self._checked(self._pq.exec_prepared(known.name, known.written(bound)))
        count = result.command_tuples or 0
        if found.writes and count:
            note(self._info)
        return Rows(known.rows(found, result) if found.answers else [], count)

    def command(self, text: bytes) -> None:
        """Say something that has no values and whose answer nobody reads; several statements are one round trip."""
        self._checked(self._pq.exec_(text))

    def commit(self, text: bytes) -> None:
        """Commit by a command. Raises where the transaction has failed: PostgreSQL would undo it and say nothing."""
        if self._pq.transaction_status == BROKEN:
            raise InFailedSqlTransaction("a unit went on after a statement of it had failed")
        self.command(text)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone by itself where it fails."""
        self.command(b"SAVEPOINT part")
        try:
            yield
        except Exception:
            self.command(b"ROLLBACK TO part; RELEASE part")
            raise
        self.command(b"RELEASE part")

    def leave(self) -> bool:
        """Leave no transaction open. False where the session is lost."""
        if self._pq.transaction_status != IDLE and self._pq.status == ALIVE:
            self._pq.exec_(b"ROLLBACK")
        return self._pq.transaction_status == IDLE

    def _prepare(self, found: Ready) -> Prepared:
        name = f"ready_{len(self._known)}".encode()
        self._checked(self._pq.prepare(name, found.text.encode()))
        known = self._known[found.text] = Prepared(name, len(found.names), self._session)
        return known

    def _checked(self, result: pq.abc.PGresult) -> pq.abc.PGresult:
        if result.status not in FAILED:
            return result
        error = error_from_result(result, self._session.info.encoding)
        raise error if error.sqlstate else OperationalError(str(error))
