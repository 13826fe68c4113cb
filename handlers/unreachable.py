"""Somebody blocked the bot or is gone: what they should have heard becomes a telephone task for the member."""

from domain.people import ChatId
from handlers.announce import ask_to_call
from handlers.kit.incoming import Kind
from handlers.kit.routes import Feature
from handlers.kit.turn import MOVED, Turn
from storage.outbox import Saying

feature = Feature("unreachable")

TOLD = frozenset({"Claimed", "Declined", "MemberSays", "InfoWanted", "AskVerdict", "Confirmed", "AskStillGood"})
"""What a resident must not miss."""


def lost(turn: Turn, saying: Saying) -> None:
    """A message could not be delivered. Staff who cannot be reached are shown on the roster; residents are called."""
    person = turn.unit.people.by_chat(saying.chat)
    if person is None:
        return
    turn.unit.people.set_unreachable(person.id, True)
    case = turn.unit.cases.get(saying.case) if saying.case else None
    if case is None or case.reporter != person.id or saying.kind not in TOLD:
        return
    ask_to_call(turn, case, "unreachable", case.answer)


@feature.when(Kind.BLOCKED)
def blocked(turn: Turn) -> None:
    """Telegram says so before anything could fail."""
    turn.unit.people.set_unreachable(turn.person.id, True)


@feature.when(Kind.MIGRATED)
def migrated(turn: Turn) -> None:
    """A group became a supergroup."""
    if turn.incoming.moved_to:
        group_moved(turn, turn.incoming.chat, turn.incoming.moved_to)


def group_moved(turn: Turn, old: ChatId, new: ChatId) -> None:
    """What waits for the group, and all that is said later, goes to its new id."""
    turn.unit.outbox.migrate(old, new)
    turn.unit.settings.put(f"{MOVED}{old}", str(new))
