"""A reply to a message about a case goes to the other side; neither sees the other's account.

A member's words wait a moment for second thoughts, a resident's go at once. Words that do not fit are kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from domain import casework
from domain.cases import Case, CaseId, Event, SaidToResident, WordsAdded
from domain.casework import COORDINATOR, EITHER_SIDE, HOLDER, REPORTER, Refusal, Relation, relations
from domain.limits import TooLong, event_too_long, full, note_too_long
from domain.people import Role
from handlers.announce import decide, messages_of, pass_on, relay_key, write_notes
from handlers.kit.incoming import File
from handlers.kit.messages import MESSAGES, Button, CaseMessage, Rows
from handlers.kit.press import Press
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.limits import WordsTooLong, too_many_files
from storage.cases import Attachment
from storage.dialogs import Dialog
from storage.messages import SAID, UNSAID, About
from storage.relays import Relay

feature = Feature("relay")


@dataclass(frozen=True, slots=True)
class UndoRelay(Press):
    """Do not send it."""

    code: ClassVar[str] = "ur"
    relay: int


@dataclass(frozen=True, slots=True)
class NoteRelay(Press):
    """Keep it for staff instead."""

    code: ClassVar[str] = "nr"
    relay: int


@dataclass(frozen=True, slots=True)
class ToResident(CaseMessage):
    """This will go to the resident in a moment."""

    whose: ClassVar[frozenset[Relation]] = HOLDER
    relay: int
    text: str
    seconds: int
    parts: int = 1

    def still_true(self, view: View) -> bool:
        """Only while it waits: what its author does next may send it before this is said."""
        found = view.unit.relays.get(self.relay)
        return found is not None and found.pending

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Second thoughts."""
        return ((Button("undo", UndoRelay(self.relay)), Button("make_note", NoteRelay(self.relay))),)


@dataclass(frozen=True, slots=True)
class RelayUndone(CaseMessage):
    """It was not sent."""

    whose: ClassVar[frozenset[Relation]] = HOLDER


@dataclass(frozen=True, slots=True)
class RelayNoted(CaseMessage):
    """It was kept for staff."""

    whose: ClassVar[frozenset[Relation]] = HOLDER


@dataclass(frozen=True, slots=True)
class ToMember(CaseMessage):
    """It went to whoever holds the case, or joined the words of the case."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    member: str


@dataclass(frozen=True, slots=True)
class NoteKept(CaseMessage):
    """Staff who do not hold the case write notes."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """The case a reply did not fit for, on which side it was written, and the file that came with it."""

    case: CaseId
    side: Relation
    file: File | None = None


@feature.reply
def reply(turn: Turn, about: About) -> bool:
    """By what the writer is to the case, on the side that the message they answer is on where they are on both."""
    case = turn.unit.cases.get(about.case)
    if case is None or not (turn.incoming.has_words or turn.incoming.file):
        return False
    return hear(turn, case, side_of(about.kind))


def hear(turn: Turn, case: Case, side: frozenset[Relation]) -> bool:
    """Take it for that side, or say why not; False where the writer is nothing to the case."""
    mine = relations(case, turn.person) & EITHER_SIDE
    mine = mine & side or mine
    take_waiting_file(turn, case, mine)
    if Relation.HOLDER in mine:
        to_resident(turn, case)
    elif Relation.REPORTER in mine:
        to_member(turn, case)
    elif Relation.COORDINATOR in mine:
        to_staff(turn, case)
    return bool(mine)


def side_of(kind: str) -> frozenset[Relation]:
    """Whose a message is: what somebody said of a case is the resident's."""
    if kind == SAID:
        return REPORTER
    found = MESSAGES.get(kind)
    return found.whose if found and issubclass(found, CaseMessage) else EITHER_SIDE


def fits(turn: Turn, case: Case, side: Relation, refused: TooLong | None) -> bool:
    """Whether the words fit. Where they do not they are asked for again in fewer, unless something else is asked.

    An edit of their message is heard in any case, even where another question has come between.
    """
    file, dialog = turn.incoming.file, asking(turn)
    kept = dialog is None or shortened(turn, case, dialog) is not None
    if refused is None or kept:
        forget_longer(turn, case)
    if refused is None:
        return True
    turn.unit.messages.add(turn.incoming.chat, turn.incoming.message_id, case.id, UNSAID)
    if kept:
        turn.keep_asking(shorten, ReplyDraft(case.id, side, file), WordsTooLong.__name__)
        turn.keep_refused()
    by_reply = not kept or side is not Relation.REPORTER
    turn.say(WordsTooLong(refused.length, refused.most, refused.before, kept=kept, reply=by_reply))
    return False


def asking(turn: Turn) -> Dialog | None:
    """The question that is open in this chat."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    return dialog if dialog and dialog.expires_at > turn.now else None


def shortened(turn: Turn, case: Case, dialog: Dialog | None) -> ReplyDraft | None:
    """The reply to that case that did not fit, where it is what the question is about."""
    asks = dialog and dialog.step == turn.kit.step_names[shorten]
    draft = dialog.kept(ReplyDraft) if dialog and asks else None
    return draft if draft and draft.case == case.id else None


def forget_longer(turn: Turn, case: Case) -> None:
    """The reply to this case that did not fit is written anew: an edit of it changes nothing any more."""
    chat, dialog = turn.incoming.chat, asking(turn)
    turn.unit.messages.heard(chat, turn.incoming.message_id)
    if dialog and shortened(turn, case, dialog):
        turn.unit.messages.heard(chat, dialog.refused[1])
        turn.done()


def take_waiting_file(turn: Turn, case: Case, mine: frozenset[Relation]) -> None:
    """The file of a reply that did not fit comes with the shorter one, as long as its writer is what they were."""
    draft = shortened(turn, case, asking(turn))
    if draft and draft.side in mine and draft.file and not turn.incoming.file:
        turn.incoming = replace(turn.incoming, file=draft.file)


@feature.step("shorten")
def shorten(turn: Turn, draft: ReplyDraft) -> bool:
    """The same in fewer words; of what is something new the question stays."""
    case = turn.unit.cases.get(draft.case)
    if case is None or not (turn.incoming.has_words or turn.incoming.file) or something_new(turn, case, draft.side):
        return False
    return hear(turn, case, frozenset({draft.side}))


def something_new(turn: Turn, case: Case, side: Relation) -> bool:
    """Of staff whatever is no reply: nothing goes to a resident by mistake. Of a resident what is of another kind."""
    if turn.edited:
        return False
    return of_another_kind(turn, case) if side is Relation.REPORTER else turn.incoming.reply_to is None


def of_another_kind(turn: Turn, case: Case) -> bool:
    """Whether the words speak of something else than the case does."""
    kind = turn.guess(turn.incoming.text)
    return kind is not None and kind.code != case.category


def fitting_file(turn: Turn, held: int) -> File | None:
    """The file, where there is room for it beside those that are there; otherwise that has been said."""
    file = turn.incoming.file
    if file is None or not full(held, 1, turn.charter.limits.attachments):
        return file
    too_many_files(turn)
    return None


def to_resident(turn: Turn, case: Case) -> None:
    """Keep it for a moment, then it goes."""
    told = turn.incoming.text
    file = turn.incoming.file
    checked = casework.say_to_resident(
        case, told, turn.person, turn.now, file.kind if file else None, file.file_id if file else None
    )
    if isinstance(checked, Refusal):
        turn.refuse(checked)
        return
    if not fits(turn, case, Relation.HOLDER, event_too_long(case, checked, turn.charter.limits)):
        return
    file = fitting_file(turn, files_sent(turn, case)) if file else None
    if file or turn.incoming.has_words:
        wait(turn, case, told, file)


def wait(turn: Turn, case: Case, text: str, file: File | None) -> None:
    """Words that can be taken back until they go."""
    kind, file_id = (file.kind, file.file_id) if file else (None, None)
    relay = Relay(0, case.id, turn.person.id, text, kind, file_id, True)
    number = turn.unit.relays.add(relay, turn.now + turn.charter.relay_after)
    seconds = round(turn.charter.relay_after.total_seconds())
    announced = ToResident(case.id, number, text, seconds, messages_of(turn, case, relay))
    turn.say(announced, once=relay_key(number))


def files_sent(turn: Turn, case: Case) -> int:
    """Files that the resident has been sent on this case, or is about to be."""
    sent = [event.file_id for event in turn.unit.journal.of_case(case.id) if isinstance(event, SaidToResident)]
    waiting = [relay.file_id for relay in turn.unit.relays.waiting(case.id)]
    return len(list(filter(None, (*sent, *waiting))))


def to_member(turn: Turn, case: Case) -> None:
    """To the holder; without one the words join the case."""
    incoming, file = turn.incoming, turn.incoming.file
    if file:
        file = fitting_file(turn, turn.unit.cases.count_attachments(case.id))
        if file is None and not incoming.has_words:
            return
    outcome = casework.say_to_member(
        case, incoming.text, turn.person, turn.now, file.kind if file else None, file.file_id if file else None
    )
    refused = event_too_long(case, outcome, turn.charter.limits) if isinstance(outcome, Event) else None
    if not fits(turn, case, Relation.REPORTER, refused):
        return
    if not decide(turn, case, outcome):
        return
    turn.unit.messages.add(incoming.chat, incoming.message_id, case.id, SAID, incoming.text)
    if file:
        turn.unit.cases.attach(case.id, Attachment(file.kind, file.file_id, file.unique_id), turn.person.id, turn.now)
    holder = None if isinstance(outcome, WordsAdded) else turn.someone_by_id(case.holder)
    turn.say(ToMember(case.id, holder.name if holder and holder.has(Role.MEMBER) else ""))


def to_staff(turn: Turn, case: Case) -> None:
    """A note."""
    if not fits(turn, case, Relation.COORDINATOR, note_too_long(turn.incoming.text, turn.charter.limits)):
        return
    if write_notes(turn, case, turn.incoming.text):
        turn.say(NoteKept(case.id))
        if turn.incoming.file:
            turn.refuse("file_not_noted")


def pending(turn: Turn, relay: int) -> tuple[Relay, Case] | None:
    """Words of this member that can still be taken back. What became of others is written where the button was."""
    found = turn.unit.relays.get(relay)
    case = turn.unit.cases.get(found.case) if found else None
    if found is None or case is None or found.member != turn.person.id:
        turn.refuse(Refusal.NO_SUCH_CASE)
        return None
    if not found.pending:
        turn.refuse("already_decided")
        return None
    return found, case


def take(turn: Turn, relay: Relay) -> bool:
    """Take it out; False where somebody was first."""
    taken = turn.unit.relays.take(relay.id)
    if not taken:
        turn.refuse("already_decided")
    return taken


@feature.press(UndoRelay)
def undo_relay(turn: Turn, press: UndoRelay) -> None:
    """It is not sent."""
    if (found := pending(turn, press.relay)) and take(turn, found[0]):
        turn.edit(RelayUndone(found[1].id))


@feature.press(NoteRelay)
def note_relay(turn: Turn, press: NoteRelay) -> None:
    """It becomes a note, or as many as it needs: whoever does not want it sent has no time to shorten it.

    It is taken out only once it is clear that a note can hold it.
    """
    found = pending(turn, press.relay)
    if found is None:
        return
    relay, case = found
    noted = casework.note(case, relay.text, turn.person, turn.now)
    if relay.file_id:
        turn.refuse("no_files_in_notes")
    elif isinstance(noted, Refusal):
        turn.refuse(noted)
    elif take(turn, relay) and write_notes(turn, case, relay.text):
        turn.edit(RelayNoted(case.id))


@feature.clock
def send_due(turn: Turn) -> bool:
    """What was not taken back goes to the residents."""
    for number in turn.unit.relays.due(turn.now):
        relay = turn.unit.relays.get(number)
        case = turn.unit.cases.get(relay.case) if relay else None
        if relay and turn.unit.relays.take(number) and case:
            pass_on(turn, case, relay)
    return False
