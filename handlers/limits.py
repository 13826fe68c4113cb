"""What is said where words or files do not fit. Nothing is cut: what is too much is refused, and the words are kept.

Refused words wait in the open question. To edit their message so that it is shorter answers the question; so does
another message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.casework import Refusal
from domain.limits import TooLong, full
from handlers.kit.incoming import Kind
from handlers.kit.kept import Kept, once_an_album
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.refused import refusal_key
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import Cancel


@dataclass(frozen=True, slots=True)
class WordsTooLong(Message):
    """By how much, and that the words are kept; ``before`` is how much is there already, ``pressed``: on a button.

    Where they are not ``kept`` they are in the writer's message still. ``reply``: what is shorter has to be a reply.
    """

    alert: ClassVar[bool] = True
    length: int
    most: int
    before: int = 0
    pressed: bool = False
    kept: bool = True
    reply: bool = False

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up; not a question that has nothing to do with it."""
        return () if self.pressed or not self.kept else ((Button("cancel", Cancel()),),)


def refuse_words(turn: Turn, found: TooLong) -> None:
    """Say by how much; what was just written is kept in the open question."""
    pressed = turn.incoming.kind is Kind.PRESS
    message = WordsTooLong(found.length, found.most, found.before, pressed)
    if pressed:
        turn.toast(message)
        return
    if turn.incoming.kind is Kind.EDIT:  # there the earlier words stand
        turn.say(message)
        return
    turn.keep_refused()
    turn.say(message, once=None if turn.edited else refusal_key(turn.incoming))


def refuse(turn: Turn, why: Refusal | TooLong) -> None:
    """Say why not, whichever it is."""
    if isinstance(why, TooLong):
        refuse_words(turn, why)
    else:
        turn.refuse(why)


def too_many_files(turn: Turn) -> None:
    """A file more than there is room for: said once an album."""
    turn.refuse(Refusal.TOO_MANY_ATTACHMENTS, once=once_an_album(turn.incoming))


def together(turn: Turn, before: Kept, now: Kept) -> Kept:
    """Both in order, without the files for which there is no room: that is said."""
    if not full(len(before.photos), len(now.photos), turn.charter.limits.attachments):
        return before.and_then(now)
    too_many_files(turn)
    return before.and_then(now.without_files)
