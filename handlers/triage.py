"""A coordinator decides about new, returned and disputed cases: assign, decline, reopen, confirm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from domain import casework
from domain.cases import CaseId, State
from domain.casework import COORDINATOR, Refusal, Relation
from domain.people import Person, Role
from handlers.announce import decide
from handlers.cards import CaseCard, pairs
from handlers.kit.incoming import Kind
from handlers.kit.messages import Button, CaseMessage, Message, Rows
from handlers.kit.pages import CHOICES, counted, number_row, page, page_of, turn_row
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import AssignTo, Cancel, Decline, Dispute, Inbox, OpenCase, Others, Redraw, Side
from storage.people import MANY

feature = Feature("triage")


@dataclass(frozen=True, slots=True)
class ReasonDraft:
    """The case a reason is asked for."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class AskDeclineReason(CaseMessage):
    """Why not, and where can the resident go instead?"""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class AskConfirmReason(CaseMessage):
    """Why does the outcome stand?"""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class DeclinedNow(CaseMessage):
    """The resident has been told."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR


@dataclass(frozen=True, slots=True)
class ConfirmedNow(CaseMessage):
    """The outcome stands; the resident has been told why."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR


@dataclass(frozen=True, slots=True)
class MemberMenu(CaseMessage):
    """All members with their load, drawn in the card's place."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR
    page: int = 0

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six members a page, the lightest load first."""
        loads = view.unit.people.loads()
        members = sorted(view.unit.people.staff(Role.MEMBER), key=lambda p: (loads.get(p.id, 0), p.id))
        shown = page(members, self.page, CHOICES)
        found = [self._button(person, loads.get(person.id, 0)) for person in shown.entries]
        turns = turn_row(shown, lambda number: Others(self.case, number))
        return (*pairs(found), turns, (Button("back", Redraw(self.case, Side.STAFF)),))

    def _button(self, person: Person, load: int) -> Button:
        return Button("member_load", AssignTo(self.case, person.id), {"name": person.name, "load": counted(load, MANY)})


@dataclass(frozen=True, slots=True)
class InboxList(Message):
    """What a coordinator must decide, urgent ones first."""

    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for a coordinator."""
        if view.reader is None or not view.reader.has(Role.COORDINATOR):
            return None
        board = view.unit.board
        shown = page_of(board.count_inbox(), board.inbox, self.page)
        return {"shown": shown, "cases": view.cases(shown.entries, view.reader)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5] and the row that turns the page."""
        shown = context["shown"]
        return (number_row(shown, OpenCase), turn_row(shown, Inbox))


@feature.command("inbox", Role.COORDINATOR)
def inbox(turn: Turn) -> None:
    """``/inbox``."""
    turn.say(InboxList(0))


@feature.press(Inbox)
def turn_page(turn: Turn, press: Inbox) -> None:
    """Another page, in place."""
    if not turn.person.has(Role.COORDINATOR):
        turn.refuse(Refusal.NOT_COORDINATOR)
    elif press.page < 0:
        turn.say(InboxList(0))
    else:
        turn.edit(InboxList(press.page))


@feature.press(AssignTo)
def assign_to(turn: Turn, press: AssignTo) -> None:
    """Given to that member."""
    case = turn.case(press.case)
    if case is None:
        return
    turn.unit.lock_roster()  # whoever leaves at this moment is not given a case any more
    member = turn.someone_by_id(press.member)
    if member is None:
        turn.refuse(Refusal.NOT_MEMBER)
    elif decide(turn, case, casework.assign(case, member, turn.person, turn.now)):
        turn.note("assigned")
    turn.edit(CaseCard(case.id))


@feature.press(Others)
def others(turn: Turn, press: Others) -> None:
    """Show every member."""
    case = turn.case(press.case)
    if case is None:
        return
    if not turn.person.has(Role.COORDINATOR):
        turn.refuse(Refusal.NOT_COORDINATOR)
    else:
        turn.edit(MemberMenu(case.id, press.page))


@feature.press(Decline)
def decline(turn: Turn, press: Decline) -> None:
    """Ask why."""
    case = turn.case(press.case)
    if case is None:
        return
    if not turn.person.has(Role.COORDINATOR):
        turn.refuse(Refusal.NOT_COORDINATOR)
    elif case.state not in (State.SUBMITTED, State.ACCEPTED, State.ASSIGNED):
        turn.refuse(Refusal.CASE_FINISHED)
    else:
        turn.ask(take_decline_reason, ReasonDraft(case.id), AskDeclineReason(case.id))


@feature.step("take_decline_reason", Role.COORDINATOR)
def take_decline_reason(turn: Turn, draft: ReasonDraft) -> bool:
    """The reason goes to the resident."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    turn.done()
    case = turn.case(draft.case)
    if case and decide(turn, case, casework.decline(case, turn.incoming.text, turn.person, turn.now)):
        turn.say(DeclinedNow(case.id))
    return True


@feature.press(Dispute)
def dispute(turn: Turn, press: Dispute) -> None:
    """Reopened at once; confirming needs a reason."""
    case = turn.case(press.case)
    if case is None:
        return
    if press.reopen:
        if decide(turn, case, casework.settle_dispute(case, True, "", turn.person, turn.now)):
            turn.note("reopened")
    elif not turn.person.has(Role.COORDINATOR):
        turn.refuse(Refusal.NOT_COORDINATOR)
    elif not case.disputed:
        turn.refuse(Refusal.ALREADY_DONE)
    else:
        turn.ask(take_confirm_reason, ReasonDraft(case.id), AskConfirmReason(case.id))


@feature.step("take_confirm_reason", Role.COORDINATOR)
def take_confirm_reason(turn: Turn, draft: ReasonDraft) -> bool:
    """The reason goes to the resident."""
    if turn.incoming.kind is not Kind.TEXT:
        return False
    turn.done()
    case = turn.case(draft.case)
    if case and decide(turn, case, casework.settle_dispute(case, False, turn.incoming.text, turn.person, turn.now)):
        turn.say(ConfirmedNow(case.id))
    return True
