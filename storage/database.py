"""The database as the rest of the program sees it, and which engine ``storage.url`` names."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from storage.leadership import Leadership
from storage.sqlite import SQLiteDatabase
from storage.unavailable import NotLetIn, Unavailable
from storage.unit import Unit

__all__ = ["Database", "NotLetIn", "Unavailable", "open_database"]

T = TypeVar("T")

POSTGRESQL = "postgresql+psycopg"


class Database(Protocol):
    """Runs units of work. A unit is a plain function that gets its shelves and returns plain data."""

    @property
    def engine_name(self) -> str:
        """The engine, as people call it."""
        ...

    @property
    def engine_version(self) -> tuple[int, ...]:
        """The engine's version."""
        ...

    async def run(self, work: Callable[[Unit], T]) -> T:
        """Do ``work`` in one transaction and return what it returns, after the commit."""
        ...

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Ask a question in one snapshot; what it would write is refused."""
        ...

    async def schema(self, work: Callable[[Connection], T]) -> T:
        """Run a migration, whole or not at all."""
        ...

    def leadership(self) -> Leadership:
        """Whether this process leads, of all on this database."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


async def open_database(url: str, folder: Path, make: bool = False) -> Database:
    """The database that ``storage.url`` names; a relative path lies in ``folder``. ``make`` the file if it is missing.

    Raises ``ValueError`` for an address that is none of ours, ``Unavailable`` where the server does not answer,
    ``NotLetIn`` where it refuses us, ``sqlite3.Error`` where there is no such file.
    """
    parsed = make_url(url)
    if parsed.drivername == POSTGRESQL:
        from storage.postgresql import PostgreSQLDatabase  # its driver is loaded only where it is used

        return await PostgreSQLDatabase.open(parsed)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise ValueError(f"storage.url is {parsed!r}; it must be sqlite:///FILE or {POSTGRESQL}://HOST/DATABASE")
    return await SQLiteDatabase.open(folder / parsed.database, make)
