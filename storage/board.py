"""Read-only questions that cross shelves: what waits for a coordinator, and what a digest tells.

Every question names its state and is answered by an index; lists are cut in SQL, counted whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, func, or_, select

from domain.cases import Case
from domain.visits import Visit
from storage.cases import OPEN_STATES, cases_of, number
from storage.shelf import Shelf
from storage.tables import calls, cases, visits
from storage.visits import visit_of

SETTLED = cases.c.settled_at.is_not(None)
UNASSIGNED = and_(cases.c.state.in_(("submitted", "accepted")), SETTLED)
DISPUTED = and_(cases.c.state == "resolved", cases.c.disputed)
INBOX = (
    select(cases)
    .where(or_(UNASSIGNED, DISPUTED))
    .order_by(cases.c.urgent.desc(), cases.c.due_at, cases.c.id)
    .limit(500)
)
COUNT_BY_STATE = select(cases.c.state, func.count()).group_by(cases.c.state)
SINCE: BindParameter[Any] = bindparam("since_")
UNTIL: BindParameter[Any] = bindparam("until_")
HOLDER: BindParameter[Any] = bindparam("holder_")
OVERDUE = and_(cases.c.due_at <= UNTIL, cases.c.state.in_((*OPEN_STATES, "resolved")))
SUPERVISED = cases.c.supervision.in_(("supervised", "elevated"))
NOT_SOLVED = or_(DISPUTED, and_(cases.c.state.in_(("in_progress", "need_info")), cases.c.attempt > 1))
NEW = and_(cases.c.settled_at > SINCE, cases.c.settled_at <= UNTIL)
SOLVED = and_(
    cases.c.closed_at > SINCE, cases.c.closed_at <= UNTIL, cases.c.satisfaction.in_(("satisfied", "basically"))
)
CLOSED = and_(cases.c.closed_at > SINCE, cases.c.closed_at <= UNTIL, cases.c.state == "closed")
OPEN = and_(cases.c.state.in_(OPEN_STATES), SETTLED)
HELD_BY = or_(HOLDER.is_(None), cases.c.holder == HOLDER)
LINES: BindParameter[Any] = bindparam("lines_")

SECTIONS: Mapping[str, Any] = {
    "overdue": OVERDUE,
    "unassigned": UNASSIGNED,
    "not_solved": NOT_SOLVED,
    "new": NEW,
    "solved": SOLVED,
}
"""What a digest lists, in its order: what needs action first, then the news, then what went well."""

ORDER = (SUPERVISED.desc(), cases.c.urgent.desc(), cases.c.due_at, cases.c.id)


def listed(condition: Any) -> Select[Any]:
    """The first cases of a section."""
    return select(cases).where(condition, HELD_BY).order_by(*ORDER).limit(LINES)


def counted(condition: Any) -> Select[Any]:
    """How many cases a section has."""
    return select(func.count()).select_from(cases).where(condition, HELD_BY)


LISTS = {name: listed(condition) for name, condition in SECTIONS.items()}
COUNTS = {name: counted(condition) for name, condition in {**SECTIONS, "open": OPEN, "closed": CLOSED}.items()}
MADE = and_(visits.c.at > SINCE, visits.c.at <= UNTIL, or_(HOLDER.is_(None), visits.c.member == HOLDER))
VISITS = select(visits).where(MADE).order_by(visits.c.at).limit(LINES)
COUNT_VISITS = select(func.count()).select_from(visits).where(MADE)
COUNT_CALLS = (
    select(func.count())
    .select_from(calls)
    .where(calls.c.done_at.is_(None), or_(HOLDER.is_(None), calls.c.member == HOLDER))
)
VERDICTS = (
    select(cases.c.satisfaction, func.count())
    .where(CLOSED, cases.c.satisfaction.in_(("satisfied", "basically", "not")))
    .group_by(cases.c.satisfaction)
)
AWAKE_WITHOUT_DATE = (
    select(cases.c.year, cases.c.serial)
    .where(cases.c.next_at.is_(None), cases.c.state.in_((*OPEN_STATES, "resolved")))
    .order_by(cases.c.id)
    .limit(100)
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a digest tells: the first cases of each section, and how many there are of everything."""

    sections: Mapping[str, tuple[Case, ...]]
    visits: tuple[Visit, ...]
    counts: Mapping[str, int]
    verdicts: Mapping[str, int]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to act on and nothing new."""
        quiet = ("overdue", "unassigned", "not_solved", "new", "solved", "visits", "calls")
        return not any(self.counts[name] for name in quiet)


class Board(Shelf):
    """Questions only."""

    def inbox(self) -> list[Case]:
        """What a coordinator must decide: unassigned, returned and disputed cases, urgent ones first."""
        return cases_of(self._connection.execute(INBOX).all())

    def count_by_state(self) -> dict[str, int]:
        """How many cases are in each state."""
        return {row[0]: row[1] for row in self._connection.execute(COUNT_BY_STATE)}

    def report(self, since: datetime, until: datetime, lines: int, holder: int | None = None) -> Report:
        """Everything between two moments, of the whole group or of one member."""
        values = {"since_": since, "until_": until, "lines_": lines, "holder_": holder}
        sections = {name: tuple(cases_of(self._connection.execute(s, values).all())) for name, s in LISTS.items()}
        counts = {name: int(self._connection.execute(s, values).scalar_one()) for name, s in COUNTS.items()}
        found = tuple(visit_of(row) for row in self._connection.execute(VISITS, values))
        counts["visits"] = int(self._connection.execute(COUNT_VISITS, values).scalar_one())
        counts["calls"] = int(self._connection.execute(COUNT_CALLS, values).scalar_one())
        verdicts = {row[0]: row[1] for row in self._connection.execute(VERDICTS, values)}
        return Report(sections, found, counts, verdicts)

    def awake_without_date(self) -> list[str]:
        """Numbers of open cases that would be forgotten; there are none."""
        return [number(row.year, row.serial) for row in self._connection.execute(AWAKE_WITHOUT_DATE)]
