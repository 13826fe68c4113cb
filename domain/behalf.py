"""Reporting for someone without Telegram (代报): their name and telephone number, out of one short message.

The rule: whatever is not a telephone number is the name. A number has 7 to 15 digits (ITU-T E.164), so a house number
or a short emergency number is part of the name.
"""

import re
import unicodedata
from dataclasses import dataclass

NAME_LIMIT = 40
"""Characters; what is longer is not a name but already what they have to say."""

FEWEST, MOST = 7, 15

_MARKED = re.compile(r"(?:\+|\(\d{2,5}\)[ -]?)\d(?:[ .-]?\d)+(?!\d)")
_TOGETHER = re.compile(r"(?<!\d)\d(?:-?\d)+(?!\d)")
_APART = re.compile(r"(?<!\d)\d(?:[ .-]?\d)+(?!\d)")
_LABEL = re.compile(r"(?<=[\s,、;])[^\s,、;:]{1,8}:\s*$")
_EDGES = " \t\n,、;:。.()-/"


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone's name and telephone number; either may be empty."""

    name: str
    phone: str


def contact_of(text: str) -> Contact:
    """The name and the number in a short message. A word and a colon right before the number is its label."""
    plain = unicodedata.normalize("NFKC", text)
    found = number_in(plain)
    if found is None:
        return Contact(tidy(plain), "")
    before = _LABEL.sub("", plain[: found.start()].rstrip())
    return Contact(tidy(f"{tidy(before)} {tidy(plain[found.end() :])}"), number_of(found.group()))


def number_in(text: str) -> re.Match[str] | None:
    """The first number: one with a plus or an area code in brackets, else one in a single piece, else one in groups."""
    found = (match for pattern in (_MARKED, _TOGETHER, _APART) for match in pattern.finditer(text))
    return next((match for match in found if is_number(match.group())), None)


def number_of(text: str) -> str:
    """A telephone number without blanks and brackets."""
    return re.sub(r"[ ().]", "", text)


def is_number(text: str) -> bool:
    """Whether so many digits can be called."""
    return FEWEST <= len(re.sub(r"\D", "", text)) <= MOST


def tidy(text: str) -> str:
    """Words on one line without loose punctuation at the ends."""
    return " ".join(text.split()).strip(_EDGES)
