"""Finding listed words in what people write.

The rule: a text is read from left to right, and at each place the longest listed word counts and hides the shorter ones
in it ("parking space" hides "parking"). Case, full-width letters and what cannot be seen make no difference. In a
list, ``…`` stands for up to ``GAP`` characters (``smell…gas``) and ``*`` for any ending of a word (``leak*``). In
scripts with spaces between words only whole words count.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from domain.text import CJK, clean

GAP = 8
"""Characters that ``…`` may stand for: enough for a few words between two, too few to reach the next clause."""

Entries = tuple[tuple[str, tuple[str, ...]], ...]
"""Codes, each with the words listed for it."""

_UNIT = re.compile(rf"([{CJK}])|[^\W_{CJK}]+")
_CJK = re.compile(rf"[{CJK}]")
_SIGNS = re.compile("([…*])")
_GAP_SIGN = "\ue000"  # a private character: the plain form would spell "…" in three dots


@lru_cache(maxsize=8)
def plain(text: str) -> str:
    """The text as words are compared: lower case, ordinary width, without what cannot be seen."""
    return unicodedata.normalize("NFKC", clean(text)).casefold()


def size(text: str) -> int:
    """How much a text says: one for each Han letter (kana, Hangul), two for each word of another script."""
    return sum(1 if unit[1] else 2 for unit in _UNIT.finditer(text))


@dataclass(frozen=True, slots=True)
class Listed:
    """A word of a list, its size, the codes it is listed for, and its literal parts and signs in turn."""

    word: str
    size: int
    codes: frozenset[str]
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed word found from ``start`` up to ``end`` of a plain text."""

    start: int
    end: int
    listed: Listed


class WordList:
    """Words to be found in plain texts (see :func:`plain`). Words with nothing to see are left out.

    No regular expression of the words: one with the thousand of a place takes a second to build and a millisecond to
    try. One of their first letters skips what cannot begin a word.
    """

    def __init__(self, entries: Entries) -> None:
        codes: defaultdict[str, set[str]] = defaultdict(set)
        for code, words in entries:
            for word in words:
                codes[_listed_form(word)].add(code)
        codes.pop("", None)
        self._by_letter: defaultdict[str, list[Listed]] = defaultdict(list)
        for word in sorted(codes, key=len, reverse=True):
            listed = Listed(word, size(word), frozenset(codes[word]), tuple(filter(None, _SIGNS.split(word))))
            self._by_letter[word[0]].append(listed)
        letters = "".join(map(re.escape, self._by_letter))
        self._first_letters = re.compile(f"[{letters}]" if letters else r"(?!)")

    def hits(self, text: str) -> Iterator[Hit]:
        """What is found from left to right, without overlaps."""
        end = 0
        for first in self._first_letters.finditer(text):
            if (place := first.start()) >= end and (found := self.at(text, place)):
                yield found
                end = found.end

    def at(self, text: str, place: int) -> Hit | None:
        """The longest listed word that begins at that place."""
        return next(self._beginning_at(text, place), None)

    def ending(self, text: str) -> Hit | None:
        """The longest listed word with which the text ends."""
        firsts = self._first_letters.finditer(text)
        hits = (hit for first in firsts for hit in self._beginning_at(text, first.start()))
        return next((hit for hit in hits if hit.end == len(text)), None)

    def _beginning_at(self, text: str, place: int) -> Iterator[Hit]:
        candidates = self._by_letter.get(text[place : place + 1], ())
        if candidates and not _inside_word(text, place):
            for listed in candidates:
                if text.startswith(listed.parts[0], place):
                    for end in _ends(listed.parts, text, place):
                        yield Hit(place, end, listed)


@lru_cache(maxsize=64)
def word_list(entries: Entries) -> WordList:
    """The list made of these words, made once."""
    return WordList(entries)


def _listed_form(word: str) -> str:
    """The plain form, with the signs as they are; signs at the start mean nothing."""
    return plain(word.replace("…", _GAP_SIGN)).replace(_GAP_SIGN, "…").lstrip("…* ")


def _ends(parts: tuple[str, ...], text: str, place: int) -> Iterator[int]:
    """Where the parts may end if they begin at that place, the nearest first."""
    if not parts:
        if not _inside_word(text, place):
            yield place
        return
    for end in _ends_of_one(parts[0], text, place):
        yield from _ends(parts[1:], text, end)


def _ends_of_one(part: str, text: str, place: int) -> Iterator[int]:
    if part == "…":
        line_end = text.find("\n", place, place + GAP)
        yield from range(place, (line_end if line_end >= 0 else min(place + GAP, len(text))) + 1)
    elif part == "*":
        yield next((end for end in range(place, len(text)) if not _is_spaced_letter(text[end])), len(text))
    elif text.startswith(part, place):
        yield place + len(part)


def _inside_word(text: str, place: int) -> bool:
    """Whether a word of a script with spaces between words goes on at that place."""
    return 0 < place < len(text) and _is_spaced_letter(text[place - 1]) and _is_spaced_letter(text[place])


@lru_cache(maxsize=4096)
def _is_spaced_letter(char: str) -> bool:
    return char.isalnum() and not _CJK.match(char)
