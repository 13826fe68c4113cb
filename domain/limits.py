"""How much fits: the one place where words and files are compared with what a group allows.

The rule: lengths are UTF-16 units, as Telegram counts; a limit of 0 is none. A reply may be twice as long as its limit,
for it reaches the other side in two messages, and a note, for it becomes two; of everything else the limit is the end,
and too much is refused whole.
"""

from dataclasses import dataclass

from domain.cases import (
    CallLogged,
    Case,
    CaseClosed,
    CaseDeclined,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    Event,
    InfoAsked,
    InfoGiven,
    NoteAdded,
    PlaceAdded,
    SaidToMember,
    SaidToResident,
    VerdictExplained,
    WordsAdded,
    WordsEdited,
)
from domain.charter import Limits
from domain.text import utf16_length

ROOM = 3500
"""Units of somebody's words in one message: Telegram takes 4,096, and a heading, a name and a hint go with them."""

CAPTION_ROOM = 800
"""The same below a photo or file, where Telegram takes 1,024."""

MESSAGES = 2
"""So many messages a reply may take."""

PLACE = 200
"""Units of words for a place: an address with the way to it."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """Words that are refused: their length, the most that fits, and how much of that is taken already."""

    length: int
    most: int
    before: int = 0


def too_long(text: str, most: int, before: str = "") -> TooLong | None:
    """Why a text does not fit behind what is there ``before`` it; None where it does, or where there is no limit."""
    length, taken = utf16_length(text), utf16_length(before) + 1 if before else 0
    return TooLong(length, most, taken) if most and length + taken > most else None


def note_too_long(text: str, limits: Limits) -> TooLong | None:
    """Of a note: it is written down as two where it is too long for one."""
    return too_long(text, MESSAGES * limits.note)


def full(held: int, more: int, most: int) -> bool:
    """Whether ``more`` files do not fit beside those that are ``held``."""
    return bool(most) and held + more > most


def reply_room(limits: Limits) -> int:
    """Units of a reply that one message takes."""
    return min(limits.reply or ROOM, ROOM)


def event_too_long(case: Case, event: Event, limits: Limits) -> TooLong | None:
    """Why the words of an event do not fit. Events that say nothing always do; a test knows every one that does."""
    match event:
        case SaidToResident(text=text) | SaidToMember(text=text) | InfoGiven(text=text):
            return too_long(text, MESSAGES * limits.reply)
        case InfoAsked(text=text) | CaseResolved(text=text) | VerdictExplained(text=text):
            return too_long(text, limits.reply)
        case CaseDeclined(reason=text) | CaseClosed(reason=text) | CaseReopened(reason=text):
            return too_long(text, limits.reply)
        case NoteAdded(text=text) | CallLogged(text=text) | CaseReturned(reason=text):
            return too_long(text, limits.note)
        case WordsAdded(text=text):
            return too_long(text, limits.concern, case.text)
        case WordsEdited(old=old, new=new):
            return edit_too_long(case.text, old, new, limits.concern)
        case PlaceAdded(place=place) if place.latitude is None:
            return too_long(place.words, PLACE)
        case _:
            return None


def edit_too_long(text: str, old: str, new: str, most: int) -> TooLong | None:
    """The same where words take the place of others. What makes a text shorter always fits."""
    length, whole = utf16_length(new), utf16_length(text.replace(old, new, 1).strip())
    return TooLong(length, most, whole - length) if most and whole > max(most, utf16_length(text)) else None
