"""Statements made ready once: their text, how values are bound, how rows are read.

SQLAlchemy builds every statement, when the program is imported. What it does at each execution besides (finding the
compiled form, contexts, result objects) costs 30 to 100 µs, and a turn has about twenty statements; a ready one costs a
tenth of that. A statement that has no fixed text (a list of values of any length) goes SQLAlchemy's way as before.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Executable, Float, TextClause
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]

FLOAT8 = 701
"""What PostgreSQL calls the type of real numbers; theirs is the one type whose reader asks for it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A statement as the engine wants it. ``names`` are its values in order; ``constants`` are those nobody passes."""

    text: str
    writes: bool
    answers: bool
    names: tuple[str, ...]
    constants: dict[str, Any]
    writers: tuple[tuple[int, Convert], ...]
    readers: tuple[tuple[int, Convert], ...]
    row: Callable[[Sequence[Any]], Any]

    def bound(self, values: Values) -> list[Any]:
        """The values in order, as the driver stores them. A missing one is a bug: ``KeyError``."""
        given = {**self.constants, **values} if self.constants else values
        found = [given[name] for name in self.names]
        for place, convert in self.writers:
            found[place] = convert(found[place])
        return found

    def read(self, raw: Sequence[Any]) -> Any:
        """A row with the names and types of its columns."""
        if self.readers:
            raw = list(raw)
            for place, convert in self.readers:
                raw[place] = convert(raw[place])
        return self.row(raw)


class Rows:
    """What a statement found, read whole, so that no statement is left open; the part of SQLAlchemy's result in use."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        """Every row."""
        return self._rows

    def first(self) -> Any | None:
        """The first row, or None."""
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any | None:
        """The row, or None; more than one is a bug."""
        if len(self._rows) > 1:
            raise MultipleResultsFound("more than one row")
        return self.first()

    def one(self) -> Any:
        """The row; none is a bug."""
        row = self.one_or_none()
        if row is None:
            raise NoResultFound("no row")
        return row

    def scalar_one(self) -> Any:
        """The row's first column."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any | None:
        """The row's first column, or None without a row."""
        row = self.one_or_none()
        return None if row is None else row[0]


class Driver(Protocol):
    """What an engine does with ready statements."""

    @property
    def dialect(self) -> Dialect:
        """How they are written."""
        ...

    def execute(self, found: Ready, values: Values) -> Rows:
        """Execute one."""
        ...

    def savepoint(self) -> AbstractContextManager[object]:
        """A part of the transaction that is undone by itself where it fails."""
        ...


Known = dict[tuple[object, ...], Ready | None]
_known: WeakKeyDictionary[Executable, Known] = WeakKeyDictionary()
"""Of each statement what it is for an engine's compiler and for values of these names."""


class ReadyConnection:
    """A connection whose statements are made ready the first time; for shelves it is SQLAlchemy's own."""

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection, driver: Driver) -> None:
        self._connection = connection
        self._driver = driver

    def execute(self, statement: Executable, values: Values | None = None) -> Any:
        """Execute a statement with named values."""
        given = values or {}
        known = _known.get(statement)
        if known is None:
            known = _known[statement] = {}
        dialect = self._driver.dialect
        key = (dialect.statement_compiler, *given)
        if key not in known:
            known[key] = ready(statement, tuple(given), dialect)
        found = known[key]
        if found is None:
            return self._connection.execute(statement, given)
        return self._driver.execute(found, given)

    def exec_driver_sql(self, text: str) -> Any:
        """SQL of the driver's own, as SQLAlchemy executes it."""
        return self._connection.exec_driver_sql(text)

    def begin_nested(self) -> AbstractContextManager[object]:
        """A savepoint."""
        return self._driver.savepoint()


def prepared(connection: Connection, driver: Driver) -> Connection:
    """The connection for shelves, which use no more of it than this; a test holds both side by side."""
    return cast(Connection, ReadyConnection(connection, driver))


def ready(statement: Any, names: tuple[str, ...], dialect: Dialect) -> Ready | None:
    """The statement for values of these names; None where they do not say all of it."""
    if isinstance(statement, TextClause):  # does not tell what its columns are
        return None
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect, column_keys=list(names)))
    computed = [column for column in compiled.insert_prefetch if not getattr(column.default, "is_scalar", False)]
    if compiled.post_compile_params or compiled.literal_execute_params or compiled.update_prefetch or computed:
        return None
    defaults = {column.key: cast(Any, column.default).arg for column in compiled.insert_prefetch}
    order = tuple(compiled.positiontup or ())
    constants = {name: compiled.binds[name].effective_value for name in order if not compiled.binds[name].required}
    columns = list(getattr(statement, "exported_columns", ()))
    return Ready(
        str(compiled),
        compiled.isinsert or compiled.isupdate or compiled.isdelete,
        bool(columns),
        order,
        {name: value for name, value in {**constants, **defaults}.items() if name not in names},
        converters([writer(compiled.binds[name].type, dialect) for name in order]),
        converters([reader(column.type, dialect) for column in columns]),
        row_of([str(column.name) for column in columns]),
    )


def writer(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How a value of that type is stored."""
    return kind.dialect_impl(dialect).bind_processor(dialect)


def reader(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How a value of that type is read."""
    return kind.dialect_impl(dialect).result_processor(dialect, FLOAT8 if isinstance(kind, Float) else None)


def converters(found: Sequence[Convert | None]) -> tuple[tuple[int, Convert], ...]:
    """The places where something has to be converted."""
    return tuple((place, convert) for place, convert in enumerate(found) if convert is not None)


def row_of(names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    """A kind of tuple whose fields have the columns' names; a column without one is found by its place."""
    kind = cast(Any, namedtuple)("Row", names, rename=True)
    return cast(Callable[[Sequence[Any]], Any], kind._make)
