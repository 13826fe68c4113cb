"""Telephone tasks: when the member is reminded of one, and when the coordinators hear that it was not done.

The rule: the member is reminded twice, on two working days; then coordinators are told once; then the member once a
week, so that nobody who has no Telegram is forgotten.
"""

from datetime import datetime
from enum import StrEnum

from domain import casework
from domain.calendar import Span
from domain.cases import Case, InfoGiven, NoteAdded, SaidToMember, State, WordsAdded
from domain.casework import Refusal, Relation, relations
from domain.charter import Charter
from domain.people import Person

REMINDERS = 2
"""How often the member alone is reminded."""

NEXT = Span(1, "wd")
LATER = Span(5, "wd")


class CallStep(StrEnum):
    """What is due for a call that was not made."""

    REMIND = "remind"
    TELL = "tell"


def due_step(reminded: int) -> CallStep:
    """What to do now, after so many steps."""
    return CallStep.TELL if reminded == REMINDERS else CallStep.REMIND


def next_reminder(reminded: int, now: datetime, charter: Charter) -> datetime:
    """When to look again, after this step is done."""
    return charter.calendar.after(now, NEXT if reminded < REMINDERS else LATER)


def heard(
    case: Case, text: str, by: Person, now: datetime, file_kind: str | None = None, file_id: str | None = None
) -> InfoGiven | SaidToMember | WordsAdded | NoteAdded | Refusal:
    """What they said on the telephone.

    Whoever reported for them speaks for them: the holder reads it, an open question is answered by it. The holder who
    called answers the question too; otherwise the holder's words are a note.
    """
    mine = relations(case, by)
    if Relation.REPORTER in mine and (Relation.HOLDER not in mine or case.state is State.NEED_INFO):
        return casework.say_to_member(case, text, by, now, file_kind, file_id)
    if Relation.HOLDER in mine and case.state is State.NEED_INFO and text.strip():
        return InfoGiven(case=case.id, at=now, by=by.id, text=text, file_kind=file_kind, file_id=file_id)
    return casework.note(case, text, by, now)
