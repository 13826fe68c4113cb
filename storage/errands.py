"""Durable work that needs the network: added in a turn, done outside it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, literal_column, select, update

from storage.shelf import Shelf
from storage.tables import errands
from storage.upsert import insert_or

ADD = insert_or(errands).on_conflict_do_nothing()
DUE = (
    select(errands)
    .where(errands.c.state == literal_column("'pending'"), errands.c.not_before <= bindparam("now_"))
    .order_by(errands.c.not_before, errands.c.id)
    .limit(20)
)
FINISH = (
    update(errands)
    .where(errands.c.id == bindparam("id_"))
    .values(state=bindparam("state_"), error=bindparam("error_"), once=None)
)
RETRY = (
    update(errands)
    .where(errands.c.id == bindparam("id_"))
    .values(attempts=errands.c.attempts + 1, not_before=bindparam("at_"), error=bindparam("error_"))
)
COUNT_FAILED = select(func.count()).select_from(errands).where(errands.c.state == "failed")


@dataclass(frozen=True, slots=True)
class Errand:
    """A piece of work by the name of its kind; ``fields`` is JSON."""

    id: int
    kind: str
    fields: str
    attempts: int


class Errands(Shelf):
    """Work is done at least once; each kind must bear being done twice."""

    def add(self, kind: str, fields: str, now: datetime, once: str | None = None) -> None:
        """Ask for work; with ``once``, only while the same is not already waiting."""
        self._connection.execute(
            ADD, {"kind": kind, "fields": fields, "once": once, "state": "pending", "not_before": now}
        )

    def due(self, now: datetime) -> list[Errand]:
        """What can be done now, oldest first."""
        return [Errand(r.id, r.kind, r.fields, r.attempts) for r in self._connection.execute(DUE, {"now_": now})]

    def done(self, errand: int) -> None:
        """It is done."""
        self._connection.execute(FINISH, {"id_": errand, "state_": "done", "error_": None})

    def failed(self, errand: int, error: str) -> None:
        """It will not succeed; ``doctor`` lists it."""
        self._connection.execute(FINISH, {"id_": errand, "state_": "failed", "error_": error})

    def retry(self, errand: int, at: datetime, error: str) -> None:
        """Try again later."""
        self._connection.execute(RETRY, {"id_": errand, "at_": at, "error_": error})

    def count_failed(self) -> int:
        """How many were given up."""
        return self._connection.execute(COUNT_FAILED).scalar_one()
