"""A copy of the SQLite file while it is in use, and whether a copy tells the truth. Run as a program of its own.

A copy is made page by page within one read transaction, so it is one moment of the database however much is written
meanwhile; a page copy also carries over whatever is wrong with the file, so checking the copy checks the original. It
stands under a temporary name until it has been checked: integrity, foreign keys, version, and every case replayed from
its journal. As a process of its own (``python -m storage.backup SOURCE TARGET``) it keeps neither the bot's threads
nor its memory, and can be ended at any time.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, create_engine, event, select
from sqlalchemy.pool import StaticPool

from domain.cases import CaseSubmitted, rebuild
from storage.cases import case_of
from storage.file import ERRORS, name_of, unusable
from storage.journal import EVENTS
from storage.records import load
from storage.schema import HEAD, known, revision, upgrade
from storage.tables import cases, journal
from storage.unusable import UNREADABLE

PAGES = 256
"""Pages of a step, a megabyte; a short rest follows, so that a small machine's disk serves the bot as well."""
REST = 0.002
CHUNK = 200
"""Cases read at a time."""
PARTIAL = ".partial"
CASES = select(cases).order_by(cases.c.id)
EVENTS_BY_CASE = (
    select(journal.c.case_id, journal.c.kind, journal.c.data)
    .where(journal.c.case_id.is_not(None))
    .order_by(journal.c.case_id, journal.c.id)
)


class BadCopy(Exception):
    """A copy that must not be trusted; the text says why, and holds nothing that anybody wrote."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a copy holds: its version, how many cases and events, how many bytes; how long it took in seconds."""

    version: str
    cases: int
    events: int
    size: int
    seconds: float = 0.0


def back_up(source: Path, target: Path) -> Checked:
    """Copy, check, and only then give the copy its name. Raises ``BadCopy``; ``OSError`` and ``sqlite3.Error`` too."""
    started = time.monotonic()
    if target.exists():
        raise BadCopy("there is a file of that name already")
    partial = target.with_name(target.name + PARTIAL)
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        copy(source, partial)
        found = check(partial)
        to_disk(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    to_disk(target.parent)
    return Checked(found.version, found.cases, found.events, found.size, round(time.monotonic() - started, 2))


def copy(source: Path, target: Path) -> None:
    """One moment of the database, page by page. Raises ``BadCopy`` where it is damaged; other ``sqlite3.Error`` too."""
    try:
        copied(source, target)
    except sqlite3.Error as error:
        if unusable(error) is None:
            raise
        raise BadCopy(f"the database is damaged ({name_of(error)})") from None


def copied(source: Path, target: Path) -> None:
    """The same; what SQLite says comes as it is."""
    with contextlib.closing(read_only(source)) as reading, contextlib.closing(sqlite3.connect(target)) as writing:
        reading.execute("BEGIN")
        reading.execute("SELECT 1 FROM sqlite_master").fetchone()  # from here on it stays that moment
        writing.execute("PRAGMA synchronous=OFF")  # the whole file is brought to the disk at the end
        reading.backup(writing, pages=PAGES, progress=lambda *_: time.sleep(REST))


def read_only(path: Path, more: str = "") -> sqlite3.Connection:
    """A connection that can neither write nor checkpoint."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{more}", uri=True, isolation_level=None)


def check(path: Path) -> Checked:
    """Read a copy that nobody else uses. Raises ``BadCopy`` where it is not whole or not true, ``OSError``."""
    try:
        return checked(path)
    except (*ERRORS, *UNREADABLE) as error:
        raise BadCopy(f"it cannot be read ({name_of(error)})") from None


def checked(path: Path) -> Checked:
    """The same; what SQLite says comes as it is."""
    found = sound(path)
    if found == HEAD:
        count, events = replayed(path)
        return Checked(found, count, events, path.stat().st_size)
    if found not in known():
        raise BadCopy(f"it has version {found}, and this program knows {HEAD} and older")
    newer = path.with_name(path.name + ".upgraded")
    try:
        shutil.copyfile(path, newer)
        with opened(newer, "") as connection:
            upgrade(connection)
        count, events = replayed(newer)
    finally:
        for left in (newer, *map(newer.with_name, (f"{newer.name}-wal", f"{newer.name}-shm"))):
            left.unlink(missing_ok=True)
    return Checked(found, count, events, path.stat().st_size)


def sound(path: Path) -> str:
    """The version of a file whose pages, indexes and references are whole."""
    try:
        with contextlib.closing(read_only(path, "&immutable=1")) as connection:
            if connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise BadCopy("its pages or indexes are damaged (integrity_check)")
            if connection.execute("PRAGMA foreign_key_check").fetchone():
                raise BadCopy("a row refers to one that is not there (foreign_key_check)")
    except sqlite3.DatabaseError:
        raise BadCopy("it is no SQLite database, or a damaged one") from None
    found = version(path, "&immutable=1")
    if found is None:
        raise BadCopy("it is a database, but none of this program's")
    return found


def version(path: Path, how: str = "") -> str | None:
    """The version of a database's schema; None where it has none. Raises ``BadCopy`` where nobody can tell."""
    try:
        with opened(path, f"mode=ro{how}") as connection:
            return revision(connection)
    except ERRORS as error:
        raise BadCopy(f"it cannot be read ({name_of(error)})") from None


@contextlib.contextmanager
def opened(path: Path, how: str) -> Iterator[Connection]:
    """A SQLAlchemy connection in one transaction."""
    raw = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
        raw.close()


def replayed(path: Path) -> tuple[int, int]:
    """How many cases and events there are. Raises ``BadCopy`` where a case is not what its journal tells."""
    count = events = 0
    with opened(path, "mode=ro&immutable=1") as connection:
        told = groupby(streamed(connection, EVENTS_BY_CASE), key=lambda row: row.case_id)
        for row in streamed(connection, CASES):
            number, lines = next(told, (None, iter(())))
            happened = list(lines)
            if number != row.id or not told_by(happened, row):
                raise BadCopy(f"case {row.year % 100:02d}-{row.serial:04d} is not what its journal tells")
            count, events = count + 1, events + len(happened)
        if next(told, None) is not None:
            raise BadCopy("the journal tells of a case that is not there")
    return count, events


def told_by(lines: Sequence[Row[Any]], row: Row[Any]) -> bool:
    """Whether a case is what its journal tells. A line or a case that cannot be read tells nothing: it is damaged."""
    try:
        happened = [load(EVENTS[line.kind], line.data) for line in lines]
        first = happened[0] if happened else None
        return isinstance(first, CaseSubmitted) and rebuild(first, happened[1:]) == case_of(row)
    except UNREADABLE:
        return False


def streamed(connection: Connection, statement: Select[Any]) -> Iterator[Row[Any]]:
    """Rows a few at a time."""
    yield from connection.execution_options(yield_per=CHUNK).execute(statement)


def fold(path: Path) -> bool:
    """Bring what is left in the log into the file nobody uses; False where the file is too damaged for that."""
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    except sqlite3.DatabaseError:
        return False


def to_disk(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def main(source: str, target: str) -> int:
    """Make a copy politely; what came of it as one line of JSON."""
    os.nice(10)
    try:
        sys.stdout.write(json.dumps(asdict(back_up(Path(source), Path(target)))) + "\n")
    except (BadCopy, OSError, sqlite3.Error) as error:
        why = str(error) if isinstance(error, BadCopy) else getattr(error, "strerror", None) or type(error).__name__
        sys.stdout.write(json.dumps({"error": why}) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
