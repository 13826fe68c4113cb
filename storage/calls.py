"""Telephone tasks: what a member must tell or ask someone whom the bot cannot write to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from domain.cases import CaseId
from domain.people import PersonId
from storage.shelf import Shelf
from storage.tables import calls

BATCH = 100
"""Tasks looked at in one turn of the clock."""

ADD = insert(calls).returning(calls.c.id)
BY_ID = select(calls).where(calls.c.id == bindparam("id_"))
DONE = (
    update(calls)
    .where(calls.c.id == bindparam("id_"), calls.c.done_at.is_(None))
    .values(done_at=bindparam("now_"), next_at=None)
)
DONE_FOR_CASE = (
    update(calls)
    .where(calls.c.case_id == bindparam("case_"), calls.c.done_at.is_(None))
    .values(done_at=bindparam("now_"), next_at=None)
)
OPEN_OF_MEMBER = (
    select(calls).where(calls.c.member == bindparam("person_"), calls.c.done_at.is_(None)).order_by(calls.c.id)
)
OPEN_OF_CASE = (
    select(calls).where(calls.c.case_id == bindparam("case_"), calls.c.done_at.is_(None)).order_by(calls.c.id)
)
DUE = select(calls).where(calls.c.next_at <= bindparam("now_")).order_by(calls.c.next_at).limit(BATCH).with_for_update()
"""Locked where others write too: one that is done meanwhile must not be reminded of."""
REMINDED = (
    update(calls)
    .where(calls.c.id == bindparam("id_"))
    .values(next_at=bindparam("next_"), reminded=calls.c.reminded + 1)
)
POSTPONE = (
    update(calls).where(calls.c.id == bindparam("id_"), calls.c.done_at.is_(None)).values(next_at=bindparam("next_"))
)
HAND_OVER = (
    update(calls)
    .where(calls.c.case_id == bindparam("case_"), calls.c.member == bindparam("old_"), calls.c.done_at.is_(None))
    .values(member=bindparam("new_"), reminded=0)
)


@dataclass(frozen=True, slots=True)
class Call:
    """A task to telephone or see someone about a case. ``subject`` says what for, ``text`` what to tell."""

    id: int
    case: CaseId
    member: PersonId
    subject: str
    text: str
    asked_at: datetime
    reminded: int = 0
    done: bool = False


class Calls(Shelf):
    """A row a task."""

    def add(self, case: CaseId, member: PersonId, subject: str, text: str, now: datetime, next_at: datetime) -> int:
        """Ask a member to call; ``next_at`` is when they are reminded."""
        row = {
            "case_id": case,
            "member": member,
            "subject": subject,
            "text": text,
            "asked_at": now,
            "next_at": next_at,
            "reminded": 0,
        }
        return int(self._connection.execute(ADD, row).scalar_one())

    def get(self, call: int) -> Call | None:
        """The task with that id."""
        row = self._connection.execute(BY_ID, {"id_": call}).one_or_none()
        return None if row is None else call_of(row)

    def done(self, call: int, now: datetime) -> bool:
        """The call was made; False where it was already logged."""
        return self._connection.execute(DONE, {"id_": call, "now_": now}).rowcount == 1

    def all_done(self, case: CaseId, now: datetime) -> int:
        """Every open task of a case is answered by what just happened."""
        return self._connection.execute(DONE_FOR_CASE, {"case_": case, "now_": now}).rowcount

    def open_of_member(self, member: PersonId) -> list[Call]:
        """What a member still has to call about."""
        return [call_of(row) for row in self._connection.execute(OPEN_OF_MEMBER, {"person_": member})]

    def open_of_case(self, case: CaseId) -> list[Call]:
        """What is still to be called about in a case."""
        return [call_of(row) for row in self._connection.execute(OPEN_OF_CASE, {"case_": case})]

    def due(self, now: datetime) -> list[Call]:
        """Tasks to remind of."""
        return [call_of(row) for row in self._connection.execute(DUE, {"now_": now})]

    def remind(self, call: int, next_at: datetime) -> None:
        """A step was made because it was not done; look again then."""
        self._connection.execute(REMINDED, {"id_": call, "next_": next_at})

    def postpone(self, call: int, next_at: datetime) -> None:
        """Nobody answered the telephone: remind again then."""
        self._connection.execute(POSTPONE, {"id_": call, "next_": next_at})

    def hand_over(self, case: CaseId, old: PersonId, new: PersonId) -> int:
        """Somebody else calls from now on, and has not been reminded yet; how many tasks those are."""
        return self._connection.execute(HAND_OVER, {"case_": case, "old_": old, "new_": new}).rowcount


def call_of(row: Row[Any]) -> Call:
    """A row as a task."""
    return Call(
        row.id,
        CaseId(row.case_id),
        PersonId(row.member),
        row.subject,
        row.text,
        row.asked_at,
        row.reminded,
        row.done_at is not None,
    )
