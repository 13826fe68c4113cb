"""What every shelf is: a view of one connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

MOST = 500
"""Entries of a list that are counted: a hundred pages of five, and nobody turns more."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that may be long, as two questions: how many entries it has, at most ``MOST``; and some of them."""

    count: Select[Any]
    some: Select[Any]


def listing(whole: Select[Any]) -> Listing:
    """The two questions for a list in its order."""
    counted = whole.order_by(None).limit(MOST).subquery()
    return Listing(
        select(func.count()).select_from(counted), whole.limit(bindparam("count_")).offset(bindparam("start_"))
    )


class Shelf:
    """Reads and writes rows of one subject within a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _count(self, listed: Listing, values: Mapping[str, Any]) -> int:
        return int(self._connection.execute(listed.count, values).scalar_one())

    def _some(self, listed: Listing, start: int, count: int, values: Mapping[str, Any]) -> list[Any]:
        return list(self._connection.execute(listed.some, {**values, "start_": start, "count_": count}))
