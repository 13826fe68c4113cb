"""A member works a case: sign for it, ask, note, return, and say what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, ClassVar

from domain import casework
from domain.cases import Case, CaseId, Outcome, State
from domain.casework import ANYBODY, HOLDER, STAFF, Refusal, Relation, reads_as
from domain.dates import read_date
from domain.people import Role
from handlers.announce import decide
from handlers.cards import CaseCard, ConcernCard, MoreActions
from handlers.kit.incoming import Kind
from handlers.kit.messages import Button, CaseMessage, Media, Message, Rows
from handlers.kit.pages import number_row, page_of, turn_row
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import (
    AskInfo,
    Cancel,
    Claim,
    GiveBack,
    More,
    MyCases,
    OpenCase,
    Redraw,
    Resolve,
    ResolveAs,
    ShowPhotos,
    Side,
    WriteNote,
)

feature = Feature("casework")


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """The case a question is about."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """What is known of an answer so far."""

    case: CaseId
    outcome: Outcome
    text: str = ""


@dataclass(frozen=True, slots=True)
class Question(CaseMessage):
    """A question about a case; it can be given up."""

    whose: ClassVar[frozenset[Relation]] = HOLDER

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class AskReturnReason(Question):
    """Why is it returned?"""


@dataclass(frozen=True, slots=True)
class AskInfoWords(Question):
    """What does the resident have to answer?"""


@dataclass(frozen=True, slots=True)
class AskNote(Question):
    """What is to be noted for staff?"""

    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class AskAnswer(Question):
    """What came of it, in words for the resident?"""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class AskPlannedDate(Question):
    """By which day is it planned?"""


@dataclass(frozen=True, slots=True)
class NoSuchDate(Question):
    """That was no day that lies ahead."""


@dataclass(frozen=True, slots=True)
class OutcomeMenu(CaseMessage):
    """The kinds of outcome, drawn in the card's place."""

    whose: ClassVar[frozenset[Relation]] = HOLDER

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A to D, and back."""
        a, b, c, d = (Button(f"outcome_{o.name.lower()}", ResolveAs(self.case, o)) for o in Outcome)
        return ((a, b), (c, d), (Button("back", Redraw(self.case, Side.STAFF)),))


@dataclass(frozen=True, slots=True)
class InfoSent(CaseMessage):
    """The question went to the resident; the clock stands still."""

    whose: ClassVar[frozenset[Relation]] = HOLDER


@dataclass(frozen=True, slots=True)
class NoteTaken(CaseMessage):
    """The note is kept."""

    whose: ClassVar[frozenset[Relation]] = STAFF


@dataclass(frozen=True, slots=True)
class GivenBack(CaseMessage):
    """The coordinator has it again, and whoever returned it may no longer read it."""

    whose: ClassVar[frozenset[Relation]] = ANYBODY
    number: str


@dataclass(frozen=True, slots=True)
class ResolvedNow(CaseMessage):
    """The resident is asked whether it helped."""

    whose: ClassVar[frozenset[Relation]] = HOLDER


@dataclass(frozen=True, slots=True)
class Photo(CaseMessage):
    """A photo or file that came with the case."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    kind: str
    file_id: str

    def media(self, view: View) -> Media | None:
        """The file itself."""
        return Media(self.kind, self.file_id)


@dataclass(frozen=True, slots=True)
class MyCasesList(Message):
    """What a member holds, the earliest deadline first."""

    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """The cases of whoever reads."""
        if view.reader is None:
            return None
        cases, reader = view.unit.cases, view.reader.id
        shown = page_of(cases.count_held(reader), partial(cases.held, reader), self.page)
        return {"shown": shown, "cases": view.cases(shown.entries, view.reader)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5] and the row that turns the page."""
        shown = context["shown"]
        return (number_row(shown, OpenCase), turn_row(shown, MyCases))


# -- finding a case


@feature.command("cases", Role.MEMBER)
def cases(turn: Turn) -> None:
    """``/cases``."""
    turn.say(MyCasesList(0))


@feature.press(MyCases)
def turn_page(turn: Turn, press: MyCases) -> None:
    """Another page, in place."""
    if not turn.person.has(Role.MEMBER):
        turn.refuse(Refusal.NOT_STAFF)
    elif press.page < 0:
        turn.say(MyCasesList(0))
    else:
        turn.edit(MyCasesList(press.page))


@feature.command("case", Role.MEMBER)
@feature.command("case", Role.COORDINATOR)
def case_by_number(turn: Turn) -> None:
    """``/case 26-0007``: the case's card; to whoever only reported it, their own."""
    found = turn.unit.cases.by_number(turn.incoming.arguments)
    if case := turn.case(found.id if found else None):
        turn.card(turn.person, CaseCard(case.id) if reads_as(case, turn.person, STAFF) else ConcernCard(case.id))


@feature.press(OpenCase)
def open_case_card(turn: Turn, press: OpenCase) -> None:
    """Its card, as a new message."""
    if case := turn.case(press.case):
        turn.card(turn.person, CaseCard(case.id))


@feature.press(More)
def more(turn: Turn, press: More) -> None:
    """What else can be done, in the card's place."""
    if case := turn.case(press.case):
        turn.edit(MoreActions(case.id))


@feature.press(ShowPhotos)
def show_photos(turn: Turn, press: ShowPhotos) -> None:
    """Everything that came with it."""
    if case := turn.case(press.case):
        for found in turn.unit.cases.attachments(case.id):
            turn.say(Photo(case.id, found.kind, found.file_id))


# -- working it


@feature.press(Claim)
def claim(turn: Turn, press: Claim) -> None:
    """Signed for."""
    if (case := turn.case(press.case)) and decide(turn, case, casework.claim(case, turn.person, turn.now)):
        turn.note("claimed")


@feature.press(GiveBack)
def give_back(turn: Turn, press: GiveBack) -> None:
    """Ask why."""
    if case := held(turn, press.case, State.ASSIGNED, State.IN_PROGRESS):
        turn.ask(take_return_reason, CaseDraft(case.id), AskReturnReason(case.id))


@feature.step("take_return_reason", Role.MEMBER)
def take_return_reason(turn: Turn, draft: CaseDraft) -> bool:
    """The reason, and the coordinator has it again."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    case = finish(turn, draft.case)
    if case and decide(turn, case, casework.give_back(case, turn.incoming.text, turn.person, turn.now)):
        turn.say(GivenBack(case.id, case.number))
    return True


@feature.press(AskInfo)
def ask_info(turn: Turn, press: AskInfo) -> None:
    """Ask what the resident has to answer."""
    if case := held(turn, press.case, State.IN_PROGRESS):
        turn.ask(take_info_words, CaseDraft(case.id), AskInfoWords(case.id))


@feature.step("take_info_words", Role.MEMBER)
def take_info_words(turn: Turn, draft: CaseDraft) -> bool:
    """The question goes to the resident."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    case = finish(turn, draft.case)
    if case and decide(turn, case, casework.ask_info(case, turn.incoming.text, turn.person, turn.now)):
        turn.say(InfoSent(case.id))
    return True


@feature.press(WriteNote)
def write_note(turn: Turn, press: WriteNote) -> None:
    """Ask what to note."""
    if case := turn.case(press.case):
        turn.ask(take_note, CaseDraft(case.id), AskNote(case.id))


@feature.step("take_note", Role.MEMBER, Role.COORDINATOR)
def take_note(turn: Turn, draft: CaseDraft) -> bool:
    """A note for staff."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    case = finish(turn, draft.case)
    if case and decide(turn, case, casework.note(case, turn.incoming.text, turn.person, turn.now)):
        turn.say(NoteTaken(case.id))
    return True


@feature.press(Resolve)
def resolve(turn: Turn, press: Resolve) -> None:
    """Which kind of outcome?"""
    if case := held(turn, press.case, State.IN_PROGRESS, State.NEED_INFO):
        turn.edit(OutcomeMenu(case.id))


@feature.press(ResolveAs)
def resolve_as(turn: Turn, press: ResolveAs) -> None:
    """Then the words for the resident."""
    if case := held(turn, press.case, State.IN_PROGRESS, State.NEED_INFO):
        turn.edit(CaseCard(case.id))
        turn.ask(take_answer, AnswerDraft(case.id, press.outcome), AskAnswer(case.id, press.outcome))


@feature.step("take_answer", Role.MEMBER)
def take_answer(turn: Turn, draft: AnswerDraft) -> bool:
    """The words; a plan is asked for its day."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    if draft.outcome is Outcome.PLANNED:
        known = AnswerDraft(draft.case, draft.outcome, turn.incoming.text)
        turn.ask(take_planned_date, known, AskPlannedDate(draft.case))
    else:
        answer(turn, draft, turn.incoming.text, None)
    return True


@feature.step("take_planned_date", Role.MEMBER)
def take_planned_date(turn: Turn, draft: AnswerDraft) -> bool:
    """The day, which must lie ahead."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    today = turn.charter.calendar.local_date(turn.now)
    planned = read_date(turn.incoming.text, today)
    if planned is None or planned < today:
        turn.say(NoSuchDate(draft.case))
    else:
        answer(turn, draft, draft.text, planned)
    return True


def answer(turn: Turn, draft: AnswerDraft, text: str, planned: date | None) -> None:
    """Resolved: the resident is asked whether it helped."""
    case = finish(turn, draft.case)
    if case is None:
        return
    if len(text) > turn.charter.limits.reply:
        turn.refuse(Refusal.TOO_LONG)
    elif decide(turn, case, casework.resolve(case, draft.outcome, text, planned, turn.person, turn.now, turn.charter)):
        turn.say(ResolvedNow(case.id))


def held(turn: Turn, case_id: CaseId, *states: State) -> Case | None:
    """A case this member holds in one of these states; otherwise the refusal has been said."""
    case = turn.case(case_id)
    if case is None:
        return None
    if not reads_as(case, turn.person, HOLDER):
        turn.refuse(Refusal.NOT_HOLDER)
    elif case.state not in states:
        turn.refuse(Refusal.NOT_CLAIMED if case.state is State.ASSIGNED else Refusal.ALREADY_DONE)
    else:
        return case
    return None


def finish(turn: Turn, case: CaseId) -> Case | None:
    """The question is answered; the case it was about, if it may still be read."""
    turn.done()
    return turn.case(case)
