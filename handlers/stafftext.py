"""What staff write freely opens no case by itself: it is kept, and a tap makes it a visit, a report or a concern."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from domain import casework, visits
from domain.cases import CaseId, VisitId
from domain.casework import STAFF, Refusal, Relation
from domain.people import Role
from domain.visits import VisitRefusal
from handlers.announce import decide
from handlers.cards import pairs
from handlers.kit.kept import KEEPS, Kept, kept, once_an_album, received
from handlers.kit.messages import Button, CaseMessage, Message, Rows
from handlers.kit.press import CasePress, Press
from handlers.kit.routes import STALE, Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import Cancel, NewBehalf, NewConcern, NewVisit

feature = Feature("stafftext")

WORKED_ON = timedelta(days=3)
"""A case that staff did something on this recently is offered to add the words to."""

GIVES_WAY = ("visit.add_more", "calls.take_words")
"""Questions that nobody need answer: they give way to what is written."""

OFFERED = 2
"""Cases that are offered at most: a row of buttons."""


@dataclass(frozen=True, slots=True)
class NoteInCase(CasePress):
    """What was kept is a note on that case."""

    code: ClassVar[str] = "sa"
    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class AddToVisit(Press):
    """What was kept belongs to that visit."""

    code: ClassVar[str] = "sv"
    visit: int


@dataclass(frozen=True, slots=True)
class AskWhatItIs(Message):
    """The words are kept; what are they? ``visit`` is 0 where there is no recent one."""

    text: str
    files: int
    place: bool
    visit: int
    cases: tuple[CaseId, ...]

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A visit, a report, a concern; the visit or the case it may belong to; give up."""
        member = view.reader is not None and view.reader.has(Role.MEMBER)
        work = (Button("log_visit", NewVisit()), Button("report_for_someone", NewBehalf(0))) if member else ()
        visit = (Button("add_to_visit", AddToVisit(self.visit)),) if self.visit and member else ()
        cases = [
            Button("note_in_case", NoteInCase(case.id), {"number": case.number})
            for number in self.cases
            if self.text and (case := view.unit.cases.get(number))
        ]
        return (work, (Button("my_own_concern", NewConcern()), *visit), *pairs(cases), (Button("cancel", Cancel()),))


@dataclass(frozen=True, slots=True)
class StillAsking(Message):
    """This was no answer to the open question, and only one thing can wait at a time: answer or give up first."""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up the question."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class KeptAsNote(CaseMessage):
    """The words are a note on the case now; only staff read them."""

    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class KeptInVisit(Message):
    """The words are part of the visit now."""


@feature.free_text
def hear_staff(turn: Turn) -> bool:
    """Keep it and ask; what comes soon after, or belongs to the same album, is kept with it."""
    now = received(turn)
    if not (turn.person.staff and now.anything):
        return False
    if another_question(turn):
        turn.say(StillAsking(), once=once_an_album(turn.incoming))
        return True
    found = kept(turn, lately=True).and_then(now)
    turn.keep_asking(keep, found, AskWhatItIs.__name__)
    turn.say(question(turn, found), once=once_an_album(turn.incoming))
    return True


def another_question(turn: Turn) -> bool:
    """Whether a question is open that would be lost."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog is None or dialog.expires_at <= turn.now:
        return False
    return not dialog.step.endswith(KEEPS) and dialog.step not in GIVES_WAY


def question(turn: Turn, found: Kept) -> AskWhatItIs:
    """The question, with what the words may belong to."""
    latest = next(iter(turn.unit.visits.of_member(turn.person.id)), None)
    recent = latest.id if latest and visits.is_recent(latest, turn.now, turn.charter) else 0
    cases = turn.unit.cases.held_lately(turn.person.id, turn.now - WORKED_ON, OFFERED)
    return AskWhatItIs(found.text, len(found.photos), found.place is not None, recent, tuple(cases))


@feature.step("keep")
def keep(turn: Turn, draft: Kept) -> bool:
    """Only buttons answer this; whatever is written meanwhile is taken for what it looks like."""
    return False


@feature.press(NoteInCase)
def note_in_case(turn: Turn, press: NoteInCase) -> None:
    """The words become a note on a case."""
    case, found = turn.case(press.case), kept(turn)
    if case is None:
        return
    if not found.text:
        turn.refuse(STALE)
    elif decide(turn, case, casework.note(case, found.text, turn.person, turn.now)):
        turn.done()
        turn.edit(KeptAsNote(case.id))


@feature.press(AddToVisit)
def add_to_visit(turn: Turn, press: AddToVisit) -> None:
    """The words, photos and place join a visit."""
    visit, found = turn.unit.visits.get(VisitId(press.visit)), kept(turn)
    if visit is None or not visits.belongs_to(visit, turn.person):
        turn.refuse(VisitRefusal.NO_SUCH_VISIT)
        return
    if not found.anything:
        turn.refuse(STALE)
        return
    grown = visits.add(visit, found.text, found.photos, found.place, turn.charter)
    if isinstance(grown, Refusal):
        turn.refuse(grown)
        return
    turn.unit.visits.save(grown)
    turn.done()
    turn.edit(KeptInVisit())
