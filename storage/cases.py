"""Cases and what came with them. A case's number is given in its insert: the year and the next serial."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, func, insert, not_, or_, select, text, update

from domain.cases import (
    Behalf,
    BehalfKind,
    Case,
    CaseId,
    Outcome,
    Place,
    Satisfaction,
    State,
    Supervision,
    VisitId,
)
from domain.charter import Handling
from domain.people import PersonId, Role
from storage.locks import NONE, Locks
from storage.shelf import Shelf, listing
from storage.tables import IN_HAND, attachments, calls, cases, people
from storage.upsert import insert_or

OPEN_STATES = ("submitted", "accepted", "assigned", "in_progress", "need_info")
NEXT_SERIAL = (
    select(func.coalesce(func.max(cases.c.serial), 0) + 1).where(cases.c.year == bindparam("year_")).scalar_subquery()
)
ALLOCATE = (
    insert(cases)
    .values(year=bindparam("year_"), serial=NEXT_SERIAL)
    .returning(cases.c.id, cases.c.year, cases.c.serial)
)
BY_ID = select(cases).where(cases.c.id == bindparam("id_")).with_for_update()
"""Read for a change, which means nothing to SQLite and to whoever only asks."""
BY_NUMBER = select(cases).where(cases.c.year == bindparam("year_"), cases.c.serial == bindparam("serial_"))
SAVE = update(cases).where(cases.c.id == bindparam("id_"))
_by_themselves = cases.c.behalf_kind.is_(None)
_a_member = exists().where(people.c.id == bindparam("person_"), people.c.roles.contains(Role.MEMBER.value))
OF_REPORTER = (
    select(cases)
    .where(cases.c.reporter == bindparam("person_"), or_(_by_themselves, _a_member))
    .order_by(cases.c.submitted_at.desc(), cases.c.id.desc())
)
NEWEST = OF_REPORTER.limit(1)
LATEST = OF_REPORTER.where(cases.c.submitted_at >= bindparam("since_")).limit(10)
CONCERNS = listing(OF_REPORTER.with_only_columns(cases.c.id))
"""Their own, and for as long as they are a member those they reported for others: see ``relations``."""
FOR_OTHERS = (
    select(cases)
    .where(cases.c.reporter == bindparam("person_"), not_(_by_themselves), cases.c.next_at.is_not(None))
    .order_by(cases.c.submitted_at, cases.c.id)
)
TO_CALL_ABOUT = (
    select(cases)
    .where(
        cases.c.id.in_(select(calls.c.case_id).where(calls.c.member == bindparam("person_"), calls.c.done_at.is_(None)))
    )
    .order_by(cases.c.id)
)
OF_HOLDER = select(cases.c.id).where(cases.c.holder == bindparam("person_"), text(IN_HAND))
HELD = listing(OF_HOLDER.order_by(cases.c.due_at.nulls_last(), cases.c.id))
HELD_LATELY = (
    OF_HOLDER.where(cases.c.state != "assigned", func.coalesce(cases.c.acted_at, cases.c.since) >= bindparam("since_"))
    .order_by(cases.c.due_at.nulls_last(), cases.c.id)
    .limit(bindparam("limit_"))
)
DUE = (
    select(cases)
    .where(cases.c.next_at <= bindparam("now_"))
    .order_by(cases.c.next_at)
    .limit(bindparam("limit_"))
    .with_for_update()
)
ATTACH = insert_or(attachments).on_conflict_do_nothing()
ATTACHED = select(attachments).where(attachments.c.case_id == bindparam("case_")).order_by(attachments.c.id)
COUNT_ATTACHED = select(func.count()).where(attachments.c.case_id == bindparam("case_"))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or file that Telegram keeps under ``file_id``."""

    kind: str
    file_id: str
    unique_id: str


class Cases(Shelf):
    """Every case, at its present state. One that is to be saved was read by ``get`` or ``due``, which lock it."""

    def __init__(self, connection: Connection, locks: Locks = NONE) -> None:
        super().__init__(connection)
        self._locks = locks
        self._locked: set[CaseId] = set()

    def add(self, case: Case, year: int, next_at: datetime | None, due_at: datetime | None) -> Case:
        """Insert a new case with its next date and deadline; it comes back with its id and its number."""
        values = {"year_": year, "next_at": next_at, "due_at": due_at, **columns(case)}
        self._locks.numbers(year)
        row = self._connection.execute(ALLOCATE, values).one()
        self._locked.add(row.id)
        return replace(case, id=CaseId(row.id), number=number(row.year, row.serial))

    def get(self, case: CaseId) -> Case | None:
        """The case with that id."""
        row = self._connection.execute(BY_ID, {"id_": case}).one_or_none()
        self._locked.add(case)
        return None if row is None else case_of(row)

    def by_number(self, text: str) -> Case | None:
        """The case with that number (``26-0007``), if it is one and exists."""
        year, dash, serial = text.partition("-")
        if not (dash and year.isdecimal() and serial.isdecimal() and len(year) == 2 and len(serial) <= 9):
            return None
        row = self._connection.execute(BY_NUMBER, {"year_": 2000 + int(year), "serial_": int(serial)}).one_or_none()
        return None if row is None else case_of(row)

    def save(self, case: Case, next_at: datetime | None, due_at: datetime | None) -> None:
        """Keep a case as it is now, with its next date and its earliest deadline.

        Raises ``LookupError`` where it was not read for that: somebody else's change could be lost.
        """
        if case.id not in self._locked:
            raise LookupError(f"case {case.id} is saved without having been read by get() or due()")
        self._connection.execute(SAVE, {"id_": case.id, "next_at": next_at, "due_at": due_at, **columns(case)})

    def put_off(self, case: CaseId, until: datetime) -> None:
        """Look at a case that could not be followed up again later."""
        self._connection.execute(SAVE, {"id_": case, "next_at": until})

    def of_reporter(self, person: PersonId) -> list[Case]:
        """A resident's cases, newest first; a member's also those they reported for others."""
        return self._list(OF_REPORTER, {"person_": person})

    def for_others(self, person: PersonId) -> list[Case]:
        """What somebody has reported for others and is not at rest, whether they are a member (any more) or not."""
        return self._list(FOR_OTHERS, {"person_": person})

    def to_call_about(self, person: PersonId) -> list[Case]:
        """The cases about which somebody still has to telephone."""
        return self._list(TO_CALL_ABOUT, {"person_": person})

    def newest(self, person: PersonId) -> Case | None:
        """The last case a resident has told of."""
        return next(iter(self._list(NEWEST, {"person_": person})), None)

    def latest(self, person: PersonId, since: datetime) -> list[Case]:
        """A resident's newest cases, at most ten."""
        return self._list(LATEST, {"person_": person, "since_": since})

    def count_concerns(self, person: PersonId) -> int:
        """How many cases a resident has, as far as a list is counted."""
        return self._count(CONCERNS, {"person_": person})

    def concerns(self, person: PersonId, start: int, count: int) -> list[CaseId]:
        """Some of a resident's cases, newest first."""
        return [CaseId(row.id) for row in self._some(CONCERNS, start, count, {"person_": person})]

    def count_held(self, person: PersonId) -> int:
        """How many cases a member holds and has not finished, as far as a list is counted."""
        return self._count(HELD, {"person_": person})

    def held(self, person: PersonId, start: int, count: int) -> list[CaseId]:
        """Some of what a member holds and has not finished, the earliest deadline first."""
        return [CaseId(row.id) for row in self._some(HELD, start, count, {"person_": person})]

    def held_lately(self, person: PersonId, since: datetime, limit: int) -> list[CaseId]:
        """What a member has claimed and somebody did something about since then."""
        values = {"person_": person, "since_": since, "limit_": limit}
        return [CaseId(row.id) for row in self._connection.execute(HELD_LATELY, values)]

    def due(self, now: datetime, limit: int) -> list[Case]:
        """Cases that may have something due, the longest waiting first."""
        found = self._list(DUE, {"now_": now, "limit_": limit})
        self._locked |= {case.id for case in found}
        return found

    def attach(self, case: CaseId, found: Attachment, by: PersonId, now: datetime) -> bool:
        """Keep a photo or file; False where the case has it already."""
        row = {
            "case_id": case,
            "kind": found.kind,
            "file_id": found.file_id,
            "unique_id": found.unique_id,
            "added_by": by,
            "added_at": now,
        }
        return self._connection.execute(ATTACH, row).rowcount == 1

    def attachments(self, case: CaseId) -> list[Attachment]:
        """What came with a case, in order."""
        rows = self._connection.execute(ATTACHED, {"case_": case})
        return [Attachment(row.kind, row.file_id, row.unique_id) for row in rows]

    def count_attachments(self, case: CaseId) -> int:
        """How many files a case has."""
        return self._connection.execute(COUNT_ATTACHED, {"case_": case}).scalar_one()

    def _list(self, statement: Any, values: dict[str, Any]) -> list[Case]:
        return cases_of(self._connection.execute(statement, values).all())


def number(year: int, serial: int) -> str:
    """How a case is named: two digits of the year and at least four of the serial."""
    return f"{year % 100:02d}-{serial:04d}"


def columns(case: Case) -> dict[str, Any]:
    """A case as columns (all but id, number and the dates that follow from it)."""
    place, behalf = case.place or Place(), case.behalf
    return {
        "state": case.state,
        "reporter": case.reporter,
        "text": case.text,
        "submitted_at": case.submitted_at,
        "since": case.since,
        "followed_to": case.followed_to,
        "category": case.category,
        "guessed": case.guessed,
        "community": case.community,
        "place_words": place.words if case.place else None,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "urgent": case.urgent,
        "handling": case.handling,
        "behalf_kind": behalf.kind if behalf else None,
        "behalf_name": behalf.name if behalf else None,
        "behalf_phone": behalf.phone if behalf else None,
        "visit": case.visit,
        "settled_at": case.settled_at,
        "holder": case.holder,
        "claimed_at": case.claimed_at,
        "contacted_at": case.contacted_at,
        "acted_at": case.acted_at,
        "paused": case.paused,
        "attempt": case.attempt,
        "transfers": case.transfers,
        "supervision": case.supervision,
        "outcome": case.outcome,
        "answer": case.answer,
        "planned": case.planned,
        "satisfaction": case.satisfaction,
        "disputed": case.disputed,
        "looked_back": case.looked_back,
        "asked_back": case.asked_back,
        "closed_at": case.closed_at,
        "reason": case.reason,
    }


def cases_of(rows: Sequence[Row[Any]]) -> list[Case]:
    """Rows as cases."""
    return [case_of(row) for row in rows]


def case_of(row: Row[Any]) -> Case:
    """A row as a case."""
    return Case(
        id=CaseId(row.id),
        number=number(row.year, row.serial),
        state=State(row.state),
        reporter=PersonId(row.reporter),
        text=row.text,
        submitted_at=row.submitted_at,
        since=row.since,
        followed_to=row.followed_to,
        category=row.category,
        guessed=row.guessed,
        community=row.community,
        place=None if row.place_words is None else Place(row.place_words, row.latitude, row.longitude),
        urgent=row.urgent,
        handling=Handling(row.handling),
        behalf=Behalf(BehalfKind(row.behalf_kind), row.behalf_name, row.behalf_phone) if row.behalf_kind else None,
        visit=None if row.visit is None else VisitId(row.visit),
        settled_at=row.settled_at,
        holder=None if row.holder is None else PersonId(row.holder),
        claimed_at=row.claimed_at,
        contacted_at=row.contacted_at,
        acted_at=row.acted_at,
        paused=row.paused or timedelta(),
        attempt=row.attempt,
        transfers=row.transfers,
        supervision=Supervision(row.supervision),
        outcome=Outcome(row.outcome) if row.outcome else None,
        answer=row.answer,
        planned=row.planned,
        satisfaction=Satisfaction(row.satisfaction) if row.satisfaction else None,
        disputed=row.disputed,
        looked_back=row.looked_back,
        asked_back=row.asked_back,
        closed_at=row.closed_at,
        reason=row.reason,
    )
