"""Read-only questions that cross shelves: what waits for a coordinator, and the numbers of a digest."""

from sqlalchemy import func, select

from domain.cases import Case
from storage.cases import cases_of
from storage.shelf import Shelf
from storage.tables import cases

WAITING = cases.c.state.in_(("submitted", "accepted")) & cases.c.settled_at.is_not(None)
INBOX = (
    select(cases)
    .where(WAITING | ((cases.c.state == "resolved") & cases.c.disputed))
    .order_by(cases.c.urgent.desc(), cases.c.due_at, cases.c.id)
)
COUNT_BY_STATE = select(cases.c.state, func.count()).group_by(cases.c.state)


class Board(Shelf):
    """Questions only."""

    def inbox(self) -> list[Case]:
        """What a coordinator must decide: unassigned, returned and disputed cases, urgent ones first."""
        return cases_of(self._connection.execute(INBOX).all())

    def count_by_state(self) -> dict[str, int]:
        """How many cases are in each state."""
        return {row[0]: row[1] for row in self._connection.execute(COUNT_BY_STATE)}
