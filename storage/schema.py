"""The schema's version: brought up to date when the program starts, whole or not at all.

SQLite and PostgreSQL both undo changes of tables with their transaction, so an upgrade that is killed leaves the old
schema. An empty database is given the tables as they are now, which a test compares with where the versions lead;
Alembic, which is large, is loaded only where an older one has to be changed. To add a version: change ``tables.py``,
then run ``python -m storage.schema "what changed"`` and read what it wrote.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
"""The newest version in ``migrations/versions``."""

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = "alembic_version"
versions = Table(
    VERSIONS,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSIONS}_pkc"),
)
"""As Alembic makes it."""


def revision(connection: Connection) -> str | None:
    """The version of a database; None where it is empty."""
    if not inspect(connection).has_table(VERSIONS):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return found


def behind(connection: Connection) -> bool:
    """Whether there is something to upgrade."""
    return revision(connection) != HEAD


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version, in the transaction that is open."""
    found = revision(connection)
    if found == HEAD:
        return
    if found is None:
        create(connection)
    else:
        from alembic import command

        command.upgrade(config(connection), "head")


def create(connection: Connection) -> None:
    """Make every table in an empty database. Fails where there is one already: it is somebody else's."""
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=in_order):
            connection.execute(CreateIndex(index))
    connection.execute(CreateTable(versions))
    connection.execute(versions.insert(), {"version_num": HEAD})


def in_order(index: Index) -> tuple[bool, str]:
    """Of indices that seem as good SQLite takes the newest: those of a part of a table, which is smaller, come last."""
    return index.dialect_options["sqlite"]["where"] is not None, str(index.name)


def config(connection: Connection) -> "Config":
    """Alembic's settings without a file."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["connection"] = connection
    return found


def write_revision(message: str, number: str) -> None:
    """Write a version file from the difference between the versions so far and ``tables.py``."""
    from alembic import command

    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        if any((FOLDER / "versions").glob("*.py")):
            command.upgrade(config(connection), "head")
        command.revision(config(connection), message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    write_revision(sys.argv[1], f"{int(HEAD) + 1:04d}" if any((FOLDER / "versions").glob("*.py")) else HEAD)
