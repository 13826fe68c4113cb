"""From one database to another: every row of every table, compared one by one, whole or not at all.

Nobody may write to the source meanwhile. What is moved is marked in the source, so that no bot starts on it again.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Row,
    Table,
    collate,
    create_engine,
    func,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from storage.schema import upgrade
from storage.tables import metadata

T = TypeVar("T")

FEW = {"yield_per": 1_000}
"""Rows at a time: the whole need not fit into memory."""
MOVED_TO = "moved_to"
"""In the source's settings: where everything is now, without a password."""


class NotMoved(Exception):
    """Nothing was changed at the target; the text says why."""


def look(url: str) -> None:
    """Raises ``NotMoved`` where nothing could be moved to that address: it cannot be reached, or is not empty."""
    at(url, refuse_filled)


def move(file: Path, url: str) -> dict[str, int]:
    """Copy the file's rows to an empty PostgreSQL, compare them, and mark the file; how many rows of each table.

    Raises ``NotMoved``, and then nothing has been changed anywhere.
    """
    engine = create_engine(f"sqlite:///{file}", hide_parameters=True)
    try:
        with engine.connect() as source:
            upgrade(source)
            found = at(url, lambda target: copy_all(source, target))
            mark_moved(source, make_url(url).set(password=None).render_as_string())
            source.commit()
            return found
    finally:
        engine.dispose()


def at(url: str, work: Callable[[Connection], T]) -> T:
    """Work in one transaction at the target. Raises ``NotMoved`` where PostgreSQL says no."""
    from storage.postgresql import engine_for, reason

    engine = engine_for(make_url(url), 1)
    try:
        with engine.begin() as target:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                target.execute(text(f"SET LOCAL {limit} = 0"))
            return work(target)
    except DBAPIError as error:
        raise NotMoved(f"PostgreSQL says no ({reason(error)})") from None
    finally:
        engine.dispose()


def refuse_filled(target: Connection) -> None:
    """Raises ``NotMoved`` where there are tables already."""
    found = inspect(target).get_table_names()
    if found:
        raise NotMoved(f"it is not empty: it has a table {min(found)!r}")


def copy_all(source: Connection, target: Connection) -> dict[str, int]:
    """Copy and compare everything in the target's open transaction; how many rows of each table.

    Raises ``NotMoved`` where the target is not empty, or where a row did not arrive as it was.
    """
    refuse_filled(target)
    upgrade(target)
    return {table.name: copied(table, source, target) for table in metadata.sorted_tables}


def copied(table: Table, source: Connection, target: Connection) -> int:
    """One table; how many rows."""
    for batch in source.execute(select(table), execution_options=FEW).mappings().partitions():
        target.execute(insert(table), [dict(row) for row in batch])
    if "id" in table.c:
        numbering = func.pg_get_serial_sequence(table.name, "id")
        target.execute(select(func.setval(numbering, next_id(table), False)))
    return compared(table, source, target)


def next_id(table: Table) -> Any:
    """Where the numbering goes on."""
    return select(func.coalesce(func.max(table.c.id), 0) + 1).scalar_subquery()


def compared(table: Table, source: Connection, target: Connection) -> int:
    """Every row beside its original. Raises ``NotMoved`` for the first that differs."""
    count = 0
    with closing(rows(table, source)) as left, closing(rows(table, target)) as right:
        for before, after in zip_longest(left, right):
            if before is None or after is None or tuple(before) != tuple(after):
                raise NotMoved(f"a row of {table.name} is not as it was: {key_of(table, before or after)}")
            count += 1
    return count


def rows(table: Table, connection: Connection) -> Generator[Row[Any], None, None]:
    """All rows in the order of their keys, few at a time."""
    order = [in_bytes(column, connection) for column in table.primary_key]
    with connection.execute(select(table).order_by(*order), execution_options=FEW) as found:
        yield from found


def in_bytes(column: Column[Any], connection: Connection) -> Any:
    """Text is sorted as SQLite does it, byte by byte, whatever the server's language."""
    textual = column.type.python_type is str and connection.dialect.name == "postgresql"
    return collate(column, "C") if textual else column


def key_of(table: Table, row: Row[Any] | None) -> str:
    """Which row, without what people wrote."""
    names = [column.name for column in table.primary_key]
    return ", ".join(f"{name} {getattr(row, name)}" for name in names)


def mark_moved(source: Connection, where: str) -> None:
    """From now on this database is history."""
    source.execute(
        text("INSERT INTO settings (name, value) VALUES (:name, :value)"), {"name": MOVED_TO, "value": where}
    )
