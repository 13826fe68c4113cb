"""What a free message looks like: its kind of concern, its place, whether it is urgent, whether it is a concern at all.

The rule: only listed words count (see ``domain.phrases`` for how they are found), so that every guess can be explained,
and put right in a file. In doubt a text is a concern rather than small talk, and urgent rather than not.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.charter import Category, Community, Emergency
from domain.phrases import WordList, plain, size, word_list
from domain.text import CJK, clean

CHATTY = 40
"""Size (see :func:`domain.phrases.size`) beyond which a text is never small talk."""
ENOUGH = 6
"""Size from which a text without any listed word is taken for a concern."""
OPENING = 20
"""Characters at the start in which a word counts twice: people say first what it is about (measured: 1 in 100 more)."""

_PAUSE = re.compile(rf"[^\w\s'’-]+|\n+|(?<=[{CJK}])\s+|\s+(?=[{CJK}])")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """What people say to a bot, all languages together; lists, for none of it can be calculated.

    * A text that consists of ``greetings``, ``thanks``, ``cancels``, ``menus`` and ``fillers`` is small talk.
    * ``questions`` are about the bot; other words may stand around them.
    * Thanks with something ``settled`` are good news, unless one of ``contrasts`` is said too.
    * ``harmless`` phrases hide an emergency word; ``negations`` right before one undo it, except in ``doubts``.
    """

    greetings: tuple[str, ...] = ()
    thanks: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    menus: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    contrasts: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


class Look(StrEnum):
    """What a free message looks like. ``UNSURE``: better ask; ``TOO_SHORT``: nothing to go by."""

    CONCERN = "concern"
    GREETING = "greeting"
    THANKS = "thanks"
    QUESTION = "question"
    CANCEL = "cancel"
    MENU = "menu"
    TOO_SHORT = "too_short"
    UNSURE = "unsure"


_WEIGHTIEST = (Look.CANCEL, Look.MENU, Look.QUESTION, Look.THANKS, Look.GREETING)
"""What small talk of several kinds is taken for: the first of these."""


def guess_category(text: str, categories: Sequence[Category]) -> Category | None:
    """The kind of concern whose keywords weigh most, or None without any.

    A keyword weighs its size (a long one is specific), double in the first ``OPENING`` characters, and once however
    often it comes. Of equals the one mentioned first wins: on 700 messages of seven kinds that was right for 2 in 100
    more than giving up, and a wrong guess costs one tap.
    """
    keywords = word_list(tuple((c.code, c.keywords) for c in categories))
    scores: Counter[str] = Counter()
    seen: set[str] = set()
    for hit in keywords.hits(plain(text)):
        if hit.listed.word not in seen:
            seen.add(hit.listed.word)
            scores.update(dict.fromkeys(hit.listed.codes, hit.listed.size * (2 if hit.start < OPENING else 1)))
    best = max(scores, key=lambda code: scores[code], default=None)  # the first met of equals
    return next((c for c in categories if c.code == best), None)


def find_community(text: str, communities: Sequence[Community]) -> Community | None:
    """The one community that is named, in any language or by a keyword; None if there is none or more than one."""
    names = word_list(tuple((c.code, (*c.names.values(), *c.keywords)) for c in communities))
    named = {hit.listed.codes for hit in names.hits(plain(text))}
    return next((c for c in communities if named == {frozenset({c.code})}), None)


def is_urgent(text: str, emergency: Emergency, words: ReadingWords) -> bool:
    """Whether an emergency word is left once harmless phrases are taken out and denied ones are passed over.

    One danger is enough beside any number of denied ones, and a question ("is there no fire?") is no denial.
    """
    rest = _without(words.harmless, _without(words.doubts, plain(text)))
    found = _list(emergency.words).hits(rest)
    return any(not _list(words.negations).ending(rest[max(hit.start - 20, 0) : hit.start].rstrip()) for hit in found)


def look(text: str, guess: Callable[[str], Category | None], words: ReadingWords) -> Look:
    """What the text looks like: small talk, a question about the bot, or a concern (whose kind can be guessed)."""
    said = plain(text)
    if size(said) > CHATTY:
        return Look.CONCERN
    rest, kinds = _apart_from_small_talk(said, words)
    if not rest:
        return next((kind for kind in _WEIGHTIEST if kind in kinds), Look.TOO_SHORT)
    if _is_good_news(said, words):
        return Look.THANKS
    if guess(text):
        return Look.CONCERN
    return Look.QUESTION if _has(words.questions, said) else _by_size(rest)


def without_greeting(text: str, words: ReadingWords) -> str:
    """The text without the greetings and opening phrases it begins with, for a title; all of it if nothing is left."""
    rest = clean(text)
    pause = _PAUSE.search(rest)
    while pause and not _content(plain(rest[: pause.start()]), words)[0]:
        rest = rest[pause.end() :].lstrip()
        pause = _PAUSE.search(rest)
    return rest if _content(plain(rest), words)[0] else clean(text)


def _by_size(rest: str) -> Look:
    if size(rest) >= ENOUGH:
        return Look.CONCERN
    return Look.TOO_SHORT if size(rest) <= 1 or rest.isdigit() else Look.UNSURE


def _apart_from_small_talk(said: str, words: ReadingWords) -> tuple[str, set[str]]:
    """The parts between pauses that are more than small talk, and the kinds of the small talk."""
    parts = [_content(part, words) for part in _PAUSE.split(said)]
    return " ".join(rest for rest, _ in parts if rest), set[str]().union(*(kinds for _, kinds in parts))


def _content(part: str, words: ReadingWords) -> tuple[str, set[str]]:
    """The part as it is, or nothing if listed phrases taken off its ends one by one leave nothing; their kinds."""
    whole = rest = _EDGES.sub("", part)
    kinds: set[str] = set()
    phrases = word_list(_small_talk(words))
    while rest and (hit := phrases.at(rest, 0) or phrases.ending(rest)):
        kinds |= hit.listed.codes
        rest = _EDGES.sub("", rest[: hit.start] + rest[hit.end :])
    return (whole if rest else "", kinds)


def _small_talk(words: ReadingWords) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (Look.CANCEL, words.cancels),
        (Look.MENU, words.menus),
        (Look.QUESTION, words.questions),
        (Look.THANKS, words.thanks),
        (Look.GREETING, words.greetings),
        (Look.TOO_SHORT, words.fillers),
    )


def _is_good_news(said: str, words: ReadingWords) -> bool:
    return _has(words.thanks, said) and _has(words.settled, said) and not _has(words.contrasts, said)


def _has(phrases: tuple[str, ...], text: str) -> bool:
    return any(_list(phrases).hits(text))


def _list(phrases: tuple[str, ...]) -> WordList:
    return word_list((("", phrases),))


def _without(phrases: tuple[str, ...], text: str) -> str:
    """The text with a blank for each of the phrases."""
    return "".join(_pieces(phrases, text))


def _pieces(phrases: tuple[str, ...], text: str) -> Iterator[str]:
    end = 0
    for hit in _list(phrases).hits(text):
        yield text[end : hit.start] + " "
        end = hit.end
    yield text[end:]
