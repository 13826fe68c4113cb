"""A reply to a message about a case goes to the other side; neither sees the other's account.

A member's words wait a moment for second thoughts, a resident's go at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from domain import casework
from domain.cases import Case, WordsAdded
from domain.casework import ANYBODY, COORDINATOR, EITHER_SIDE, HOLDER, REPORTER, Refusal, Relation, relations
from domain.people import Role
from handlers.announce import announce, decide
from handlers.kit.messages import MESSAGES, Button, CaseMessage, Rows
from handlers.kit.press import Press
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from storage.cases import Attachment
from storage.messages import SAID, About
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

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Second thoughts, while it has not gone."""
        found = view.unit.relays.get(self.relay)
        if found is None or not found.pending:
            return ()
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
class RelaySent(CaseMessage):
    """It went to the resident; drawn in the place of what announced it."""

    whose: ClassVar[frozenset[Relation]] = HOLDER
    text: str


@dataclass(frozen=True, slots=True)
class ToMember(CaseMessage):
    """It went to whoever holds the case, or joined the words of the case."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    member: str


@dataclass(frozen=True, slots=True)
class NoteKept(CaseMessage):
    """Staff who do not hold the case write notes."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR


@feature.reply
def reply(turn: Turn, about: About) -> bool:
    """By what the writer is to the case, on the side that the message they answer is on where they are on both."""
    case = turn.unit.cases.get(about.case)
    if case is None or not (turn.incoming.has_words or turn.incoming.file):
        return False
    mine = relations(case, turn.person) & EITHER_SIDE
    mine = mine & side_of(about.kind) or mine
    if Relation.HOLDER in mine:
        to_resident(turn, case)
    elif Relation.REPORTER in mine:
        to_member(turn, case)
    elif Relation.COORDINATOR in mine and decide(
        turn, case, casework.note(case, turn.incoming.text, turn.person, turn.now)
    ):
        turn.say(NoteKept(case.id))
    return bool(mine)


def side_of(kind: str) -> frozenset[Relation]:
    """Whose a message is: what somebody said of a case is the resident's."""
    if kind == SAID:
        return REPORTER
    found = MESSAGES.get(kind)
    return found.whose if found and issubclass(found, CaseMessage) else EITHER_SIDE


def to_resident(turn: Turn, case: Case) -> None:
    """Keep it for a moment, then it goes."""
    incoming = turn.incoming
    file = incoming.file
    checked = casework.say_to_resident(
        case, incoming.text, turn.person, turn.now, file.kind if file else None, file.file_id if file else None
    )
    if isinstance(checked, Refusal):
        turn.refuse(checked)
        return
    relay = Relay(0, case.id, turn.person.id, checked.text, checked.file_kind, checked.file_id, True)
    number = turn.unit.relays.add(relay, turn.now + turn.charter.relay_after)
    turn.say(
        ToResident(case.id, number, checked.text, round(turn.charter.relay_after.total_seconds())), once=key_of(number)
    )


def key_of(relay: int) -> str:
    """By which the message that announced it is found again."""
    return f"relay:{relay}"


def to_member(turn: Turn, case: Case) -> None:
    """To the holder; without one the words join the case."""
    incoming, file = turn.incoming, turn.incoming.file
    outcome = casework.say_to_member(
        case, incoming.text, turn.person, turn.now, file.kind if file else None, file.file_id if file else None
    )
    if not decide(turn, case, outcome):
        return
    turn.unit.messages.add(incoming.chat, incoming.message_id, case.id, SAID, incoming.text)
    if file:
        turn.unit.cases.attach(case.id, Attachment(file.kind, file.file_id, file.unique_id), turn.person.id, turn.now)
    holder = None if isinstance(outcome, WordsAdded) else turn.someone_by_id(case.holder)
    turn.say(ToMember(case.id, holder.name if holder and holder.has(Role.MEMBER) else ""))


def pending(turn: Turn, relay: int) -> tuple[Relay, Case] | None:
    """Words of this member that can still be taken back."""
    found = turn.unit.relays.get(relay)
    case = turn.unit.cases.get(found.case) if found else None
    if found is None or case is None or found.member != turn.person.id:
        turn.refuse(Refusal.NO_SUCH_CASE)
        return None
    if not turn.unit.relays.take(relay):
        turn.refuse("already_sent")
        return None
    return found, case


@feature.press(UndoRelay)
def undo_relay(turn: Turn, press: UndoRelay) -> None:
    """It is not sent."""
    if found := pending(turn, press.relay):
        turn.edit(RelayUndone(found[1].id))


@feature.press(NoteRelay)
def note_relay(turn: Turn, press: NoteRelay) -> None:
    """It becomes a note."""
    if found := pending(turn, press.relay):
        relay, case = found
        if decide(turn, case, casework.note(case, relay.text, turn.person, turn.now)):
            turn.edit(RelayNoted(case.id))


@feature.clock
def send_due(turn: Turn) -> bool:
    """What was not taken back goes to the residents."""
    for number in turn.unit.relays.due(turn.now):
        relay = turn.unit.relays.get(number)
        if relay and turn.unit.relays.take(number):
            pass_on(turn, relay)
    return False


def pass_on(turn: Turn, relay: Relay) -> None:
    """The words reach the resident, unless the case was taken away in the meantime: then the member hears why."""
    case, member = turn.unit.cases.get(relay.case), turn.someone_by_id(relay.member)
    if case is None or member is None:
        return
    outcome = casework.say_to_resident(case, relay.text, member, turn.now, relay.file_kind, relay.file_id)
    if isinstance(outcome, Refusal):
        turn.tell(member, NotRelayed(case.id, case.number, relay.text))
    else:
        announce(turn, case, outcome)
        sent = RelaySent(case.id, relay.text)
        announced = turn.unit.outbox.message_of(key_of(relay.id))
        if announced is None:
            turn.tell(member, sent, urgent=True)
        else:
            turn.edit_in(member.chat, sent, announced)


@dataclass(frozen=True, slots=True)
class NotRelayed(CaseMessage):
    """The words did not go: the case is in other hands or finished, and can perhaps not be read any more."""

    whose: ClassVar[frozenset[Relation]] = ANYBODY
    number: str
    text: str
