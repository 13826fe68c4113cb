"""Read-only questions that cross shelves: what waits for a coordinator, and what a digest tells.

Every question is answered by an index, however many finished cases there are; lists are cut in SQL, counted whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from domain.cases import Case, CaseId
from domain.visits import Visit
from storage.cases import OPEN_STATES, cases_of, number
from storage.shelf import Shelf, listing
from storage.tables import EPOCH, calls, cases, journal, visits
from storage.visits import visit_of

Condition = ColumnElement[bool]

SINCE: BindParameter[Any] = bindparam("since_")
UNTIL: BindParameter[Any] = bindparam("until_")
HOLDER: BindParameter[Any] = bindparam("holder_")
LINES: BindParameter[Any] = bindparam("lines_")

UNASSIGNED = and_(
    cases.c.state.in_([literal_column("'submitted'"), literal_column("'accepted'")]), cases.c.settled_at.is_not(None)
)
"""In the words of its index."""
DISPUTED = and_(cases.c.state == "resolved", cases.c.disputed)
WORKED = cases.c.state.in_(("assigned", "in_progress", "need_info"))
HELD = cases.c.state.in_(("assigned", "in_progress", "need_info", "resolved", "closed"))
OVERDUE = cases.c.due_at <= UNTIL
"""Only what somebody in the group must still do has a deadline, so the state need not be asked for."""
NOT_SOLVED = or_(DISPUTED, and_(cases.c.state.in_(("in_progress", "need_info")), cases.c.attempt > literal_column("1")))
SETTLED_THEN = select(journal.c.case_id).where(
    journal.c.kind == "CaseSettled", journal.c.at > SINCE, journal.c.at <= UNTIL
)
NEW = cases.c.id.in_(SETTLED_THEN)
"""Settled between the two moments: the journal has an index of what happened when."""
CLOSED = and_(cases.c.closed_at > SINCE, cases.c.closed_at <= UNTIL, cases.c.satisfaction.is_not(None))
"""Withdrawn and declined cases end without a verdict."""
SOLVED = and_(
    cases.c.closed_at > SINCE, cases.c.closed_at <= UNTIL, cases.c.satisfaction.in_(("satisfied", "basically"))
)
CALLS = and_(calls.c.next_at > EPOCH, calls.c.done_at.is_(None))
"""Open ones have a next date; asked for like this SQLite uses the index of those dates."""
VISITED = and_(visits.c.at > SINCE, visits.c.at <= UNTIL)
URGENT_FIRST = (
    cases.c.supervision.in_(("supervised", "elevated")).desc(),
    cases.c.urgent.desc(),
    cases.c.due_at.nulls_first(),
    cases.c.id,
)

_ordering = (cases.c.id, cases.c.urgent, cases.c.due_at)
WAITING = union_all(select(*_ordering).where(UNASSIGNED), select(*_ordering).where(DISPUTED)).subquery("waiting")
"""One index for what nobody has, one for what is disputed; both hold all that the order needs."""
INBOX = listing(select(WAITING.c.id).order_by(WAITING.c.urgent.desc(), WAITING.c.due_at.nulls_first(), WAITING.c.id))
COUNT_BY_STATE = select(cases.c.state, func.count()).group_by(cases.c.state)
AWAKE_WITHOUT_DATE = (
    select(cases.c.year, cases.c.serial)
    .where(literal_column("+cases.next_at").is_(None), cases.c.state.in_((*OPEN_STATES, "resolved")))
    .order_by(cases.c.id)
    .limit(100)
)
"""The plus keeps SQLite from the index of next dates, in which every finished case has none."""


class Questions:
    """What a digest asks, of the whole group or of one member, as statements that are built once."""

    def __init__(
        self,
        sections: Mapping[str, Condition],
        working: Condition,
        visited: Condition,
        calling: Condition,
        closed: Condition,
    ) -> None:
        everything = {**sections, "visits": visited, "calls": calling}
        self.lists = {name: listed(condition) for name, condition in sections.items()}
        self.visits = select(visits).where(visited).order_by(visits.c.at, visits.c.id).limit(LINES)
        counting = {**everything, "working": working}
        self.counted = tuple(counting)
        self.counts = select(*(counted(found).label(name) for name, found in counting.items()))
        self.verdicts = select(cases.c.satisfaction, func.count()).where(closed).group_by(cases.c.satisfaction)
        self.lively = select(or_(*(exists().where(found) for found in everything.values())))


def listed(condition: Condition) -> Select[Any]:
    """The first cases of a section. Rows are sorted by what the order needs, then read whole."""
    first = select(cases.c.id).where(condition).order_by(*URGENT_FIRST).limit(LINES)
    return select(cases).where(cases.c.id.in_(first)).order_by(*URGENT_FIRST)


def counted(condition: Condition) -> ScalarSelect[int]:
    """How many rows there are."""
    return select(func.count()).where(condition).scalar_subquery()


SECTIONS = ("overdue", "unassigned", "not_solved", "new", "solved")
"""What a digest lists, in its order: what needs action first, then the news, then what went well."""

OF_ALL = Questions(
    dict(zip(SECTIONS, (OVERDUE, UNASSIGNED, NOT_SOLVED, NEW, SOLVED), strict=True)), WORKED, VISITED, CALLS, CLOSED
)
MINE = cases.c.holder == HOLDER
OF_HOLDER = Questions(
    {
        # A case that was given back still names who held it last, and a dispute is the coordinators' to settle.
        "overdue": and_(MINE, WORKED, OVERDUE),
        "not_solved": and_(MINE, cases.c.state.in_(("resolved", "in_progress", "need_info")), NOT_SOLVED),
        "new": and_(MINE, HELD, NEW),
        "solved": and_(MINE, SOLVED),
    },
    and_(MINE, WORKED),
    and_(visits.c.member == HOLDER, VISITED),
    and_(calls.c.member == HOLDER, CALLS),
    and_(MINE, CLOSED),
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
        return not any(self.counts[name] for name in (*self.sections, "visits", "calls"))


class Board(Shelf):
    """Questions only."""

    def count_inbox(self) -> int:
        """How many cases a coordinator must decide, as far as a list is counted."""
        return self._count(INBOX, {})

    def inbox(self, start: int, count: int) -> list[CaseId]:
        """What a coordinator must decide: unassigned, returned and disputed cases, urgent ones first."""
        return [CaseId(row.id) for row in self._some(INBOX, start, count, {})]

    def count_by_state(self) -> dict[str, int]:
        """How many cases are in each state."""
        return {row[0]: row[1] for row in self._connection.execute(COUNT_BY_STATE)}

    def report(self, since: datetime, until: datetime, lines: int, holder: int | None = None) -> Report:
        """Everything between two moments, of the whole group or of one member; at most ``lines`` cases a section."""
        ask, values = asked(since, until, holder)
        few = {**values, "lines_": lines}
        found = {name: tuple(cases_of(self._connection.execute(s, few).all())) for name, s in ask.lists.items()}
        visited = tuple(visit_of(row) for row in self._connection.execute(ask.visits, few))
        verdicts = {row[0]: row[1] for row in self._connection.execute(ask.verdicts, values)}
        counted = self._connection.execute(ask.counts, values).one()
        counts = {"unassigned": 0, **dict(zip(ask.counted, counted, strict=True))}
        counts |= {"open": counts["working"] + counts["unassigned"], "closed": sum(verdicts.values())}
        return Report({name: found.get(name, ()) for name in SECTIONS}, visited, counts, verdicts)

    def quiet(self, since: datetime, until: datetime, holder: int | None = None) -> bool:
        """Whether a report would be empty; much cheaper than making it."""
        ask, values = asked(since, until, holder)
        return not self._connection.execute(ask.lively, values).scalar_one()

    def awake_without_date(self) -> list[str]:
        """Numbers of open cases that would be forgotten; there are none."""
        return [number(row.year, row.serial) for row in self._connection.execute(AWAKE_WITHOUT_DATE)]


def asked(since: datetime, until: datetime, holder: int | None) -> tuple[Questions, dict[str, Any]]:
    """The statements for everyone or for one member, and their values."""
    values: dict[str, Any] = {"since_": since, "until_": until}
    return (OF_ALL, values) if holder is None else (OF_HOLDER, {**values, "holder_": holder})
