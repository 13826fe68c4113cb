"""The schema's version: brought up to date when the program starts."""

from sqlalchemy import Connection

from storage.tables import metadata


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version."""
    metadata.create_all(connection)
