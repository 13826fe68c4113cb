"""The schema's version: brought up to date when the program starts, whole or not at all.

SQLite and PostgreSQL both undo changes of tables with their transaction, so an upgrade that is killed leaves the old
schema. Alembic is loaded only where there is something to do. To add a version: change ``tables.py``, then run
``python -m storage.schema "what changed"`` and read what it wrote.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0003"
"""The newest version in ``migrations/versions``."""

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = "alembic_version"


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
    if not behind(connection):
        return
    from alembic import command

    command.upgrade(config(connection), "head")


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
