"""The file of a SQLite database, looked at before it is opened for work: is it there, whole, and one of ours?

Looking makes nothing and changes nothing: neither the file nor a log beside it. What can be told cheaply is told for a
file of any size (its head, its length, its schema, the first row of every table); up to ``LOOKED_THROUGH`` its pages
are looked through as well.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from storage.schema import refuse_unusable
from storage.tables import metadata
from storage.unusable import Unusable, Why

MAGIC = b"SQLite format 3\0"
"""How every database begins (sqlite.org/fileformat2.html, 1.3)."""
LOG_MAGIC = (0x377F0682, 0x377F0683)
"""How every log begins (4.1). A log that is only zeros has never been written to."""
LOG_HEAD, FRAME_HEAD = 32, 24
LOOKED_THROUGH = 64 * 1024 * 1024
"""Bytes up to which every page is looked at: this takes about a quarter of a second."""

ERRORS = (sqlite3.Error, SQLAlchemyError, UnicodeDecodeError)
"""What SQLite, its driver and SQLAlchemy raise where a file is not what it should be."""
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
REFUSED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
NO_TEXT = "Could not decode to UTF-8"
"""How the driver begins to say that a column's bytes are no text; it goes on with them."""
EFFECTIVE = os.access in os.supports_effective_ids


def look(path: Path, whole: bool = False) -> None:
    """Raises ``Unusable`` where no bot can work on that file. ``whole``: look into its pages, as far as is quick."""
    size = size_of(path)
    refuse_headless(path, size)
    try:
        with reading(path) as connection:
            refuse_cut(connection, path)
            refuse_unusable(connection)
            for table in metadata.sorted_tables if whole else ():
                connection.execute(select(func.typeof(list(table.c)[-1])).limit(1)).first()
            if whole and size <= LOOKED_THROUGH:
                refuse_false(connection)
    except ERRORS as error:
        raise unusable(error) or Unusable(Why.DAMAGED, f"is damaged ({name_of(error)})") from None


def size_of(path: Path) -> int:
    """How many bytes there are. Raises ``Unusable`` where they are no file that can be read and written."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        missing = path if path.parent.is_dir() else path.parent
        raise Unusable(Why.ABSENT, f"is not there: {missing} does not exist") from None
    except OSError as error:
        raise Unusable(Why.CLOSED, f"cannot be reached: {path}: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise Unusable(Why.NO_FILE, f"is no file: {path} is {'a folder' if path.is_dir() else 'a device'}")
    for place, wanted, words in ((path, os.R_OK | os.W_OK, "file"), (path.parent, os.W_OK | os.X_OK, "folder")):
        if not os.access(place, wanted, effective_ids=EFFECTIVE):
            raise Unusable(Why.CLOSED, f"is closed to us: the {words} {place} cannot be read and written")
    if not found.st_size:
        if has_log(path):
            raise Unusable(Why.DAMAGED, f"is damaged: {path} is empty, and its log beside it is not")
        raise Unusable(Why.EMPTY, f"is empty: {path} has 0 bytes")
    return found.st_size


def log_of(path: Path) -> Path:
    """Where SQLite keeps what has not been brought into the file yet."""
    return path.with_name(path.name + "-wal")


def has_log(path: Path) -> bool:
    """Whether something is in the log."""
    log = log_of(path)
    return log.exists() and log.stat().st_size > 0


def refuse_headless(path: Path, size: int) -> None:
    """Raises ``Unusable`` where file or log do not begin as they must."""
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
        with log_of(path).open("rb") if has_log(path) else open(os.devnull, "rb") as log:  # noqa: PTH123
            log_head = log.read(LOG_HEAD)
    except OSError as error:
        raise Unusable(Why.CLOSED, f"cannot be read: {error.filename}: {error.strerror}") from None
    if head != MAGIC:
        raise Unusable(Why.DAMAGED, f"is damaged: {path} ({size} bytes) does not begin as SQLite's files do")
    if any(log_head) and int.from_bytes(log_head[:4], "big") not in LOG_MAGIC:
        raise Unusable(Why.LOST_LOG, f"is damaged: {log_of(path)}, its log, does not begin as SQLite's logs do")


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """A connection in one transaction, which makes no file. Whoever works on a database has a log beside it; without
    one nobody does, and it cannot change."""
    how = "mode=ro" if log_of(path).exists() else "mode=ro&immutable=1"
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None)) as raw:
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool, hide_parameters=True)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()


def refuse_cut(connection: Connection, path: Path) -> None:
    """Raises ``Unusable`` where pages are missing at the end: they are neither in the file nor in its log.

    The file is measured after they were counted: until then a bot that works may bring its log into the file, and
    begin the log anew.
    """
    page, wanted = (
        int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in ("page_size", "page_count")
    )
    size = size_of(path)
    lost = set(range(size // page + 1, wanted + 1)) - pages_in_log(path, page)
    if lost:
        raise Unusable(
            Why.DAMAGED, f"is cut off: {path} has {size} bytes, and {len(lost)} of its {wanted} pages are gone"
        )


def pages_in_log(path: Path, page: int) -> set[int]:
    """Which pages stand in the log, whether they were committed or not."""
    if not has_log(path):
        return set()
    with log_of(path).open("rb") as log:
        frames = (log_of(path).stat().st_size - LOG_HEAD) // (FRAME_HEAD + page)
        found = set()
        for number in range(frames):
            log.seek(LOG_HEAD + number * (FRAME_HEAD + page))
            found.add(int.from_bytes(log.read(4), "big"))
    return found


def refuse_false(connection: Connection) -> None:
    """Raises ``Unusable`` where a page is not what it should be."""
    if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one() != "ok":
        raise Unusable(Why.DAMAGED, "is damaged: its pages do not fit together (quick_check)")


def damage(path: Path, most: int) -> list[str]:
    """Where a file is damaged, in SQLite's words, which quote no row."""
    try:
        size = size_of(path)  # opening one that is empty would throw away its log
        refuse_headless(path, size)
        with reading(path) as connection:
            found = connection.exec_driver_sql(f"PRAGMA integrity_check({most})").scalars()
            return [str(line) for line in found if line != "ok"]
    except Unusable:
        return []
    except ERRORS as error:
        return [f"no page of it can be read ({name_of(error)})"]


def unusable(error: BaseException) -> Unusable | None:
    """What an error of SQLite's says against the file itself; None where it says nothing."""
    original = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    if code in DAMAGE:
        return Unusable(Why.DAMAGED, f"is damaged ({name_of(error)})")
    if isinstance(original, sqlite3.OperationalError) and str(original).startswith(NO_TEXT):
        return Unusable(Why.DAMAGED, "is damaged (text that is none)")
    if code in REFUSED:
        return Unusable(Why.CLOSED, f"is closed to us ({name_of(error)})")
    return None


def name_of(error: BaseException) -> str:
    """An error by its name; its words may quote what somebody wrote."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(original, "sqlite_errorname", "") or type(original).__name__)
