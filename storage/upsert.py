"""``INSERT … ON CONFLICT``, which both engines have and SQLAlchemy has only under their names.

PostgreSQL's construct is compiled by SQLite's dialect as well (not the other way round): a shelf's statement stays one.
"""

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import Insert, insert


def insert_or(table: Table) -> Insert:
    """Insert a row, or what ``on_conflict_…`` says. Its ``rowcount`` counts: the row's new id is not asked for."""
    return insert(table).inline().execution_options(preserve_rowcount=True)
