"""``INSERT … ON CONFLICT``, which both engines have and SQLAlchemy has only under their names.

PostgreSQL's construct is compiled by SQLite's dialect as well (not the other way round): a shelf's statement stays one.
"""

from sqlalchemy.dialects.postgresql import insert as insert_or

__all__ = ["insert_or"]
