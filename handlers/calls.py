"""Telephone tasks: the member says that a call was made and what was said; whoever forgets is reminded."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from domain import calls, casework
from domain.calls import CallStep
from domain.cases import Case, CaseId
from domain.casework import COORDINATOR, EITHER_SIDE, Refusal, Relation, may_call
from domain.limits import full
from domain.people import Person, Role
from handlers.announce import announce, caller, decide
from handlers.kit.incoming import File
from handlers.kit.kept import received
from handlers.kit.messages import Button, CaseMessage, Message, Rows
from handlers.kit.pages import number_row, page, turn_row
from handlers.kit.press import CasePress, Press
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import CaseView, View
from handlers.limits import too_many_files
from handlers.notices import PhoneTask, calls_of
from handlers.presses import CallMade, OpenCase
from storage.calls import BATCH, Call
from storage.cases import Attachment

feature = Feature("calls")

CALLERS = (Role.MEMBER, Role.COORDINATOR)
"""Who may be asked to call."""

PUT_OFF = timedelta(hours=1)
"""A task that fails is looked at again then; the others go on."""


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class NotReached(Press):
    """Nobody answered the telephone."""

    code: ClassVar[str] = "cn"
    call: int


@dataclass(frozen=True, slots=True)
class NothingSaid(CasePress):
    """There is nothing to write down."""

    code: ClassVar[str] = "cz"
    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE


@dataclass(frozen=True, slots=True)
class ShowCall(Press):
    """Show one task of the list."""

    code: ClassVar[str] = "cs"
    call: int


@dataclass(frozen=True, slots=True)
class MyCalls(Press):
    """List the tasks."""

    code: ClassVar[str] = "cp"
    page: int


# -- what is said


@dataclass(frozen=True, slots=True)
class CallTask(CaseMessage):
    """Somebody still has to be called; ``reminder`` where it was asked before."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    call: int
    reminder: bool

    def context(self, view: View) -> dict[str, Any] | None:
        """With what to tell or ask; None once it is done or somebody else's."""
        found = CaseMessage.context(self, view)
        call = next((call for call in calls_of(self.case, view) if call.id == self.call), None)
        if found is None or call is None:
            return None
        return {**found, "subject": call.subject, "text": call.text, "asked_at": call.asked_at}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """The answer as it was given on the telephone, or done; or nobody answered."""
        task = PhoneTask(self.case, self.call, context["subject"], context["text"])
        return (*task.buttons(view, context), (Button("not_reached", NotReached(self.call)),))


@dataclass(frozen=True, slots=True)
class CallDone(CaseMessage):
    """The call is logged; ``asking`` what they said."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    asking: bool
    subject: str = ""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Nothing to write down."""
        return ((Button("nothing_said", NothingSaid(self.case)),),) if self.asking else ()


@dataclass(frozen=True, slots=True)
class TheirWordsKept(CaseMessage):
    """What they said is on record; ``holder`` reads it where that is somebody else."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    holder: str


@dataclass(frozen=True, slots=True)
class CallNotMade(CaseMessage):
    """To coordinators: a member has not called."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR
    call: int
    member: str

    def context(self, view: View) -> dict[str, Any] | None:
        """With since when; None once it is done."""
        found = CaseMessage.context(self, view)
        call = view.unit.calls.get(self.call)
        if found is None or call is None or call.done:
            return None
        return {**found, "subject": call.subject, "asked_at": call.asked_at}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Open the case."""
        return ((Button("open_case", OpenCase(self.case)),),)


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A line of the list."""

    id: int
    subject: str
    case: CaseView


@dataclass(frozen=True, slots=True)
class CallList(Message):
    """Everyone a member still has to call."""

    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """Five tasks, the oldest first."""
        found = view.unit.calls.open_of_member(view.reader.id) if view.reader else []
        lines = [ListedCall(call.id, call.subject, case) for call in found if (case := view.case(call.case))]
        return {"shown": page(lines, self.page)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5], turn the page."""
        listed = context["shown"]
        return (number_row(listed, lambda line: ShowCall(line.id)), turn_row(listed, MyCalls))


# -- what is kept while a question is open


@dataclass(frozen=True, slots=True)
class CallDraft:
    """The case of the call that was just made; words belong to it until then."""

    case: CaseId
    until: datetime


# -- the list


@feature.command("calls", Role.MEMBER)
@feature.command("calls", Role.COORDINATOR)
def list_calls(turn: Turn) -> None:
    """``/calls``: everyone who is still to be called."""
    turn.say(CallList(0))


@feature.press(MyCalls)
def turn_page(turn: Turn, press: MyCalls) -> None:
    """Another page."""
    if any(map(turn.person.has, CALLERS)):
        turn.edit(CallList(press.page))
    else:
        turn.refuse(Refusal.NOT_STAFF)


@feature.press(ShowCall)
def show_call(turn: Turn, press: ShowCall) -> None:
    """One task of the list."""
    found = own(turn, press.call)
    if found and found[0].done:
        turn.refuse(Refusal.ALREADY_DONE)
        turn.edit(CallList(0))
    elif found:
        turn.say(CallTask(found[1].id, found[0].id, False))


# -- a call was made


def own(turn: Turn, number: int) -> tuple[Call, Case] | None:
    """A task of this person and its case; otherwise the refusal has been said, whether it exists or not."""
    call = turn.unit.calls.get(number)
    case = turn.unit.cases.get(call.case) if call else None
    if call is None or case is None or call.member != turn.person.id or not may_call(case, turn.person):
        turn.refuse(Refusal.NO_SUCH_CASE)
        return None
    return call, case


def open_task(turn: Turn, number: int) -> tuple[Call, Case] | None:
    """The same, still to be done; the buttons of one that is done go."""
    found = own(turn, number)
    if found and found[0].done:
        turn.refuse(Refusal.ALREADY_DONE)
        turn.edit(CallDone(found[1].id, False))
        return None
    return found


@feature.press(CallMade)
def made(turn: Turn, press: CallMade) -> None:
    """The call is logged at once; what was said can follow. A finished case takes no more words."""
    found = open_task(turn, press.call)
    if found is None:
        return
    call, case = found
    turn.unit.calls.done(call.id, turn.now)
    logged = casework.log_call(case, "", turn.person, turn.now)
    if isinstance(logged, Refusal):
        turn.edit(CallDone(case.id, False))
        return
    announce(turn, case, logged)
    turn.keep_asking(take_words, CallDraft(case.id, turn.now + turn.charter.joining), CallDone.__name__)
    turn.edit(CallDone(case.id, True, call.subject))


@feature.step("take_words")
def take_words(turn: Turn, draft: CallDraft) -> bool:
    """What comes soon after a call was said on the telephone; later it is something new."""
    said, case = received(turn), turn.unit.cases.get(draft.case)
    if case is None or turn.now > draft.until or not may_call(case, turn.person):
        turn.done()
        return False
    if not (said.text or said.file):
        return False
    file = said.file if said.file and room_for_file(turn, case) else None
    if said.file and not file and not said.text:
        return True
    kind, file_id = (file.kind, file.file_id) if file else (None, None)
    after = decide(turn, case, calls.heard(case, said.text, turn.person, turn.now, kind, file_id))
    if after:
        keep_file(turn, after, file)
        turn.done()
        turn.say(TheirWordsKept(after.id, name_of_holder(turn, after)))
    return True


def name_of_holder(turn: Turn, case: Case) -> str:
    """Who reads what was said, where that is another member."""
    holder = turn.someone_by_id(case.holder)
    return holder.name if holder and holder.has(Role.MEMBER) and holder.id != turn.person.id else ""


def room_for_file(turn: Turn, case: Case) -> bool:
    """Whether the case has room for one more; otherwise that has been said."""
    if full(turn.unit.cases.count_attachments(case.id), 1, turn.charter.limits.attachments):
        too_many_files(turn)
        return False
    return True


def keep_file(turn: Turn, case: Case, file: File | None) -> None:
    """A photo from the visit comes with the case."""
    if file:
        found = Attachment(file.kind, file.file_id, file.unique_id)
        turn.unit.cases.attach(case.id, found, turn.person.id, turn.now)


@feature.press(NothingSaid)
def nothing_said(turn: Turn, press: NothingSaid) -> None:
    """The question goes; the call stays logged."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    draft = dialog.kept(CallDraft) if dialog else None
    case = turn.unit.cases.get(press.case)
    if case is None or not may_call(case, turn.person):
        turn.refuse(Refusal.NO_SUCH_CASE)
        return
    if draft and draft.case == press.case:
        turn.done()
    turn.edit(CallDone(press.case, False))


@feature.press(NotReached)
def not_reached(turn: Turn, press: NotReached) -> None:
    """Remind again on the next working day."""
    if found := open_task(turn, press.call):
        turn.unit.calls.postpone(found[0].id, turn.charter.calendar.after(turn.now, calls.NEXT))
        turn.note("call_again")


# -- a call was not made


@feature.clock
def remind_due(turn: Turn) -> bool:
    """Every task whose time has come, each undone by itself where it fails."""
    due = turn.unit.calls.due(turn.now)
    for call in due:
        try:
            with turn.unit.savepoint():
                remind(turn, call)
        except Exception as error:
            turn.unit.calls.postpone(call.id, turn.now + PUT_OFF)
            turn.troubles.append((call.case, error))
    return len(due) == BATCH


def remind(turn: Turn, call: Call) -> None:
    """The member, with the morning's list; after two reminders the coordinators, once.

    Whoever stands in for somebody who has left the group is asked, and reminded from then on as if asked first.
    """
    member, others = whoever_calls(turn, call), coordinators_but(turn, call)
    if member is None:
        pass
    elif member.id != call.member:
        turn.unit.calls.hand_over(call.case, call.member, member.id)
        turn.unit.calls.postpone(call.id, calls.next_reminder(0, turn.now, turn.charter))
        turn.tell_in_the_morning(member, CallTask(call.case, call.id, False))
        return
    elif others and calls.due_step(call.reminded) is CallStep.TELL:
        for coordinator in others:
            turn.tell(coordinator, CallNotMade(call.case, call.id, member.name))
    else:
        turn.tell_in_the_morning(member, CallTask(call.case, call.id, True))
    turn.unit.calls.remind(call.id, calls.next_reminder(call.reminded, turn.now, turn.charter))


def whoever_calls(turn: Turn, call: Call) -> Person | None:
    """The one who was asked, or whoever it goes on with now that they have left the group."""
    member, case = turn.someone_by_id(call.member), turn.unit.cases.get(call.case)
    if case is None or (member and may_call(case, member)):
        return member
    return caller(turn, case)


def coordinators_but(turn: Turn, call: Call) -> list[Person]:
    """Coordinators other than the one who was to call."""
    return [person for person in turn.unit.people.staff(Role.COORDINATOR) if person.id != call.member]
