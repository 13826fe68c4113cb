"""A disk that loses what was not synced, or is full or broken for a while, under SQLite and the real storage code.

The rule, for a power cut: of each write since a file's last sync, any sector may have reached the disk or not, in any
order. What was synced is there. The files lie in an ordinary folder; beside them each file has what is surely on the
disk and what may be. The shared memory of the WAL is lost with the power.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Self

import apsw

from storage.sqlite import PRAGMAS

SECTOR = 512
_names = count(1)


@dataclass(slots=True)
class Kept:
    """A file: what is surely on the disk, and the writes since (None for its new length)."""

    image: bytearray
    since: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        """All of it is on the disk."""
        for place, data in self.since:
            write(self.image, place, data)
        self.since.clear()

    def after_power_cut(self, chance: random.Random) -> bytes:
        """What is found afterwards."""
        found, luck = bytearray(self.image), chance.choice((0.0, 0.5, 1.0))
        sectors = [part for place, data in self.since for part in parts(place, data)]
        if chance.random() < 0.5:
            chance.shuffle(sectors)
        for place, data in sectors:
            if chance.random() < luck:
                write(found, place, data)
        return bytes(found)


def parts(place: int, data: bytes | None) -> Iterator[tuple[int, bytes | None]]:
    """A write, sector by sector."""
    if data is None:
        yield place, None
        return
    end = place + len(data)
    while place < end:
        until = min(end, (place // SECTOR + 1) * SECTOR)
        yield place, data[: until - place]
        data, place = data[until - place :], until


def write(image: bytearray, place: int, data: bytes | None) -> None:
    """Change an image; without data it is cut to that length."""
    if data is None:
        del image[place:]
        return
    image.extend(bytes(max(0, place - len(image))))
    image[place : place + len(data)] = data


Trouble = Callable[[str, int], Exception | None]
"""Asked before each "write", "sync" and "read" with the count of all of them so far: what goes wrong, if anything."""


class Disk(apsw.VFS):
    """Register it by making it; ``connect`` to a database on it; ``close`` it."""

    def __init__(self) -> None:
        self.name = f"disk{next(_names)}"
        self.files: dict[str, Kept] = {}
        self.trouble: Trouble = lambda _, __: None
        self.deeds = 0
        self.pragmas: Sequence[str] = PRAGMAS
        super().__init__(self.name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """A file of SQLite's."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name or "")
        return File(self, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Gone, at once and surely."""
        self.files.pop(filename, None)
        super().xDelete(filename, syncdir)

    def kept(self, path: str) -> Kept:
        """What is known of a file."""
        if path not in self.files:
            there = Path(path)
            self.files[path] = Kept(bytearray(there.read_bytes() if there.exists() else b""))
        return self.files[path]

    def deed(self, kind: str) -> None:
        """One more; it may fail."""
        self.deeds += 1
        if error := self.trouble(kind, self.deeds):
            raise error

    def connect(self, path: Path, read_only: bool = False) -> "Connection":
        """As ``storage.sqlite.connect``, on this disk."""
        path.touch(mode=0o600)
        connection = Connection(str(path), self.name)
        for pragma in self.pragmas:
            connection.execute(pragma)
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        return connection

    def cut_into(self, folder: Path, chance: random.Random) -> None:
        """What is found in another folder after the power was cut now."""
        for path, kept in self.files.items():
            (folder / Path(path).name).write_bytes(kept.after_power_cut(chance))

    def close(self) -> None:
        """Nobody uses it any more."""
        self.unregister()


class File(apsw.VFSFile):
    """A file that remembers what was synced; temporary ones do not count."""

    def __init__(self, disk: Disk, path: str, name: Any, flags: list[int]) -> None:
        self.disk = disk
        self.path = path
        if path:
            disk.kept(path)
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Write; it may be lost."""
        if self.path:
            self.disk.deed("write")
            self.disk.kept(self.path).since.append((offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """Cut; it may be lost."""
        if self.path:
            self.disk.deed("write")
            self.disk.kept(self.path).since.append((newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Now it is sure."""
        if self.path:
            self.disk.deed("sync")
            self.disk.kept(self.path).sync()

    def xRead(self, amount: int, offset: int) -> bytes:
        """Read."""
        if self.path:
            self.disk.deed("read")
        return super().xRead(amount, offset)


# -- the driver: so much of sqlite3's as SQLAlchemy and the storage code use


def translated(error: apsw.Error) -> sqlite3.Error:
    """The error that sqlite3 would raise."""
    kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
    return kind(f"{type(error).__name__}: {error}")


class Cursor:
    """Reads every row at once, as a statement that is left open would hold the transaction."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self.description: Any = None
        self.rowcount = -1
        self._rows: list[Any] = []

    def execute(self, sql: str, values: Any = ()) -> Self:
        """Run a statement."""
        cursor = self.connection.inner.cursor()
        cursor.exec_trace = self._begun
        try:
            self._rows = list(cursor.execute(sql, values))
        except apsw.Error as error:
            failure = translated(error)
        else:
            changes = sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")
            self.rowcount = self.connection.inner.changes() if changes else -1
            return self
        raise failure

    def _begun(self, cursor: apsw.Cursor, _: str, __: Any) -> bool:
        self.description = tuple((*column[:1], *(None,) * 6) for column in cursor.get_description()) or None
        return True

    def executemany(self, sql: str, many: Any) -> Self:
        """Run it for each."""
        total = sum(self.execute(sql, values).rowcount for values in many)
        self.rowcount = total
        return self

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> Any:
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        """The next rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def close(self) -> None:
        """Nothing is open."""


class Connection:
    """A connection as sqlite3 has them with ``isolation_level=None``."""

    isolation_level = None
    row_factory = None

    def __init__(self, path: str, vfs: str) -> None:
        self.inner = apsw.Connection(path, vfs=vfs)

    def cursor(self, *_: Any) -> Cursor:
        """A cursor."""
        return Cursor(self)

    def execute(self, sql: str, values: Any = ()) -> Cursor:
        """Run a statement."""
        return Cursor(self).execute(sql, values)

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        return self.inner.in_transaction

    def commit(self) -> None:
        """Commit what is open."""
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo what is open."""
        if self.in_transaction:
            self.execute("ROLLBACK")

    def create_function(self, name: str, arguments: int, function: Any, *, deterministic: bool = False) -> None:
        """A function for SQL."""
        self.inner.create_scalar_function(name, function, arguments, deterministic=deterministic)

    def close(self) -> None:
        """Close it; the last one moves the WAL into the file."""
        try:
            self.inner.close()
        except apsw.Error as error:
            failure = translated(error)
        else:
            return
        raise failure
