"""Words that did not fit, afterwards: their message is edited, or the rest of it comes, which a phone sent by itself.

A phone sends what is longer than a message holds as several, one right after the other. Where the first of them was
refused, the rest would be taken without its beginning.
"""

from dataclasses import dataclass
from datetime import timedelta

from domain.text import utf16_length
from handlers.kit.incoming import Incoming, Kind
from handlers.kit.messages import Message
from handlers.kit.turn import Turn
from storage.dialogs import Dialog
from storage.messages import UNSAID

FULL = 3_800
"""UTF-16 units: a phone cuts at 4,096, or at a space or line before."""
AT_ONCE = timedelta(seconds=3)
"""The rest comes within the same second; a slow network and our own queue take their time."""
PARTS = 8
"""Messages after the refused one that may still be its rest, the refusal itself among them."""


@dataclass(frozen=True, slots=True)
class RestNotTaken(Message):
    """This belongs to what was too long, and was not taken either."""


def refusal_key(incoming: Incoming) -> str:
    """By which it is found again, whatever was asked meanwhile, that the words of a message did not fit."""
    return f"refused:{incoming.chat}:{incoming.message_id}"


def made_shorter(turn: Turn) -> bool:
    """Whether words that did not fit, and went nowhere since, were edited: the message is heard once more."""
    if turn.incoming.kind is not Kind.EDIT:
        return False
    chat, number = turn.incoming.chat, turn.incoming.message_id
    dialog, about = waiting(turn), turn.unit.messages.about(chat, number)
    if dialog and dialog.refused[1] == number:
        return True
    return about.kind == UNSAID if about else turn.unit.outbox.said(refusal_key(turn.incoming))


def rest_of_refused(turn: Turn, dialog: Dialog) -> bool:
    """Whether this is the rest of words that did not fit: then it is said, once, that it was not taken either."""
    incoming, at = turn.incoming, dialog.refused_at
    if at is None or incoming.kind is not Kind.TEXT or turn.edited:
        return False
    words, number = dialog.refused
    if utf16_length(words) < FULL or not (0 < incoming.message_id - number <= PARTS and turn.now - at <= AT_ONCE):
        return False
    turn.say(RestNotTaken(), once=f"rest:{incoming.chat}:{number}")
    return True


def waiting(turn: Turn) -> Dialog | None:
    """The open question, unless it has expired."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    return dialog if dialog and dialog.expires_at > turn.now else None
