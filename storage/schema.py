"""The schema's version: brought up to date when the program starts, whole or not at all.

SQLite and PostgreSQL both undo changes of tables with their transaction, so an upgrade that is killed leaves the old
schema. An empty database is given the tables as they are now, which a test compares with where the versions lead;
Alembic, which is large, is loaded only where an older one has to be changed. To add a version: change ``tables.py``,
then run ``python -m storage.schema "what changed"`` and read what it wrote.
"""

import sys
from collections.abc import Mapping
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
    select,
    text,
)
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.tables import metadata
from storage.unusable import MAKING, Unusable, Why

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


OURS = frozenset({"people", "cases", "journal", "outbox", "settings"})
"""Tables of every version: who has none of them is somebody else's."""
COLUMNS = {
    "sqlite": "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c "
    "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite^_%' ESCAPE '^'",
    "postgresql": "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
    "WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') "
    "AND a.attnum > 0 AND NOT a.attisdropped",
}
"""Tables and their columns, also those that may not be read."""


def known() -> list[str]:
    """The versions this program knows, the oldest first."""
    return sorted({path.name.partition("_")[0] for path in (FOLDER / "versions").glob("[0-9]*.py")} | {HEAD})


def refuse_unusable(connection: Connection) -> None:
    """Raises ``Unusable`` where this program cannot work on a database: it has none of our tables, or not all of them,
    or is of a version that we do not know."""
    found = columns_in(connection)
    if not found:
        raise Unusable(Why.EMPTY, "is empty: it has no tables")
    if not OURS & found.keys():
        raise Unusable(Why.FOREIGN, f"is another program's: it has a table {min(found)!r}, and none of a bot's")
    if VERSIONS not in found:
        raise Unusable(Why.DAMAGED, f"is damaged: the table {VERSIONS} is missing")
    versions_there = connection.execute(select(versions.c.version_num)).scalars().all()
    if len(versions_there) != 1:
        raise Unusable(Why.DAMAGED, "is damaged: it does not say of which version it is")
    version = versions_there[0]
    if version not in known():
        raise Unusable(
            Why.OTHER_VERSION, f"has the schema of version {version}, and this program knows {', '.join(known())}"
        )
    if lacking := lacks(found, version):
        raise Unusable(Why.DAMAGED, f"is damaged: {lacking[0]} is missing")


def columns_in(connection: Connection) -> dict[str, set[str]]:
    """The columns of every table."""
    found: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(COLUMNS[connection.dialect.name]):
        found.setdefault(table, set()).add(column)
    return found


def lacks(found: Mapping[str, set[str]], version: str) -> list[str]:
    """Tables and columns that should be there; of an older version only the tables that every one has."""
    if version != HEAD:
        return [f"the table {name}" for name in sorted(OURS - found.keys())]
    missing = []
    for table in metadata.sorted_tables:
        if table.name not in found:
            missing.append(f"the table {table.name}")
        else:
            columns = [column.name for column in table.c if column.name not in found[table.name]]
            missing += [f"the column {table.name}.{column}" for column in columns]
    return missing


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


def bring_up(connection: Connection, make: bool = False) -> None:
    """The same of a database that is one of ours; from nothing only to ``make`` one. Raises ``Unusable``."""
    try:
        refuse_unusable(connection)
    except Unusable as found:
        if not (make and found.why in MAKING):
            raise
    upgrade(connection)


def begin(connection: Connection) -> bool:
    """Every table, in an empty database; False where it is one of ours. Raises ``Unusable`` where it is another's."""
    try:
        refuse_unusable(connection)
    except Unusable as found:
        if found.why not in MAKING:
            raise
        create(connection)
        return True
    return False


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
