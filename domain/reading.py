"""What a free message looks like: its kind of concern, its place, whether it is urgent, whether it is a concern at all.

The rule: only listed words count, so that every guess can be explained and put right in a file. A text is read from left
to right, and at each place the longest listed word counts and hides the shorter ones in it ("parking space" hides
"parking"). Case and full-width letters make no difference. In lists, ``…`` stands for up to eight characters
(``smell…gas``) and a final ``*`` for any ending of a word (``leak*``); words in letters with spaces between them count
only as whole words.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from domain.charter import Category, Community, Emergency
from domain.text import CJK, clean

GAP = 8
"""Characters that ``…`` may stand for: enough for a few words between two, too few to reach the next clause."""
CHATTY = 40
"""Letters (see :func:`_size`) beyond which a text is never taken for small talk."""
ENOUGH = 6
"""Letters from which a text without any listed word is taken for a concern."""
OPENING = 20
"""Characters at the start in which a word counts twice: people say first what it is about (measured: one point more)."""

_LETTER = rf"[^\W_{CJK}]"
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_UNITS = re.compile(rf"[{CJK}]|{_LETTER}+")

_Entries = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """What people say to a bot, all languages together; the lists are data, for none of it can be calculated.

    A *whole* message made of ``greetings``, ``thanks``, ``cancels``, ``menus`` and ``fillers`` is small talk.
    ``questions`` are about the bot and may have a few words around them. ``settled`` with thanks is no new concern unless a
    word of ``contrasts`` follows. ``harmless`` phrases hide emergency words in them; ``negations`` right before one undo
    it, except in ``doubts``.
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
    """What a free message looks like. ``UNSURE``: ask; ``TOO_SHORT``: nothing to go by."""

    CONCERN = "concern"
    GREETING = "greeting"
    THANKS = "thanks"
    QUESTION = "question"
    CANCEL = "cancel"
    MENU = "menu"
    TOO_SHORT = "too_short"
    UNSURE = "unsure"


def guess_category(text: str, categories: Sequence[Category]) -> Category | None:
    """The kind of concern whose keywords weigh most, or None without any.

    A keyword weighs its length (a long one is specific), double in the first ``OPENING`` characters, and once however
    often it comes. Of equals the one that is mentioned first wins: with seven kinds and 700 messages that was right
    for 2 in 100 more than giving up, and a wrong guess costs one tap.
    """
    scores: Counter[str] = Counter()
    seen: set[str] = set()
    for place, word, codes in _hits(_plain(text), tuple((c.code, c.keywords) for c in categories)):
        if word not in seen:
            seen.add(word)
            weight = _size(word) * (2 if place < OPENING else 1)
            scores.update(dict.fromkeys(codes, weight))
    if not scores:
        return None
    best = scores.most_common(1)[0][0]  # equals stay in the order in which they were first met
    return next(c for c in categories if c.code == best)


def find_community(text: str, communities: Sequence[Community]) -> Community | None:
    """The one community that is named, by its name in any language or by a keyword; None without one or with several."""
    entries = tuple((c.code, (*c.names.values(), *c.keywords)) for c in communities)
    named = [frozenset(codes) for _, _, codes in _hits(_plain(text), entries)]
    common = frozenset[str]().union(*named) if len(set(named)) == 1 else frozenset[str]()
    return next((c for c in communities if common == {c.code}), None)


def is_urgent(text: str, emergency: Emergency, words: ReadingWords) -> bool:
    """Whether an emergency word is left once harmless phrases and plain denials are taken out.

    Errs towards urgent: a question (``doubts``) counts, and so does one danger beside a denied one.
    """
    if not emergency.words:
        return False
    rest = _without(words.doubts, _plain(text))
    rest = _without(words.harmless, rest)
    return any(not _denied(rest[:place], words.negations) for place, _, _ in _hits(rest, (("", emergency.words),)))


def look(text: str, categories: Sequence[Category], words: ReadingWords) -> Look:
    """What the text looks like; see :class:`ReadingWords` for what small talk is."""
    rest, met = _small_talk(_trimmed(_plain(text)), words)
    if not rest:
        return met
    if _is_good_news(_plain(text), words):
        return Look.THANKS
    if guess_category(text, categories) or _size(rest) > CHATTY:
        return Look.CONCERN
    if _search(words.questions, rest):
        return Look.QUESTION
    return _by_length(rest)


def without_greeting(text: str, words: ReadingWords) -> str:
    """The text without greetings and opening phrases before what matters, for a title; all of it if nothing else is left."""
    rest = text
    while found := _one_of((*words.greetings, *words.fillers)).match(rest.casefold()):
        if len(rest.casefold()) != len(rest):
            break  # a rare letter whose lower case is longer: positions no longer agree
        rest = _EDGES.sub("", rest[found.end() :], count=1) if found.end() < len(rest) else ""
    return rest or text


def _plain(text: str) -> str:
    """Lower case, ordinary width, without what cannot be seen."""
    return unicodedata.normalize("NFKC", clean(text)).casefold()


def _size(text: str) -> int:
    """Letters as a measure of content: a Han letter is one, a word of another script two."""
    return sum(1 if re.match(rf"[{CJK}]", unit) else 2 for unit in _UNITS.findall(text))


def _trimmed(text: str) -> str:
    return _EDGES.sub("", text)


def _by_length(rest: str) -> Look:
    size = _size(rest)
    if size <= 1 or rest.isdigit():
        return Look.TOO_SHORT
    return Look.CONCERN if size >= ENOUGH else Look.UNSURE


def _small_talk(text: str, words: ReadingWords) -> tuple[str, Look]:
    """What is left of the text without small talk at its start and end, and the weightiest small talk taken off."""
    met = {Look.TOO_SHORT}
    while True:
        for kind, phrases in _kinds(words):
            shorter = _trimmed(_off_the_ends(phrases, text))
            if shorter != text:
                text = shorter
                met.add(kind)
                break
        else:
            return text, next(kind for kind in _WEIGHTIEST if kind in met)


_WEIGHTIEST = (Look.CANCEL, Look.MENU, Look.QUESTION, Look.THANKS, Look.GREETING, Look.TOO_SHORT)


def _kinds(words: ReadingWords) -> tuple[tuple[Look, tuple[str, ...]], ...]:
    return (
        (Look.CANCEL, words.cancels),
        (Look.MENU, words.menus),
        (Look.QUESTION, words.questions),
        (Look.THANKS, words.thanks),
        (Look.GREETING, words.greetings),
        (Look.TOO_SHORT, words.fillers),
    )


def _off_the_ends(phrases: tuple[str, ...], text: str) -> str:
    if not phrases:
        return text
    found = _one_of(phrases).match(text)
    if found:
        return text[found.end() :]
    last = _at_the_end(phrases).search(text)
    return text[: last.start()] if last else text


def _is_good_news(text: str, words: ReadingWords) -> bool:
    said = _search(words.thanks, text) and _search(words.settled, text)
    return bool(said) and not _search(words.contrasts, text)


def _denied(before: str, negations: tuple[str, ...]) -> bool:
    return bool(negations) and bool(_at_the_end(negations).search(before.rstrip()))


def _search(phrases: tuple[str, ...], text: str) -> bool:
    return bool(phrases) and bool(_one_of(phrases).search(text))


def _without(phrases: tuple[str, ...], text: str) -> str:
    return _one_of(phrases).sub(" ", text) if phrases else text


def _hits(text: str, entries: _Entries) -> Iterator[tuple[int, str, frozenset[str]]]:
    """Where which listed word stands, with the codes it is listed for."""
    pattern, words = _matcher(entries)
    for found in pattern.finditer(text) if words else ():
        word, codes = words[(found.lastindex or 1) - 1]
        yield found.start(), word, codes


@lru_cache(maxsize=32)
def _matcher(entries: _Entries) -> tuple[re.Pattern[str], tuple[tuple[str, frozenset[str]], ...]]:
    codes: dict[str, set[str]] = {}
    for code, words in entries:
        for word in filter(None, map(_plain, words)):
            codes.setdefault(word, set()).add(code)
    longest_first = sorted(codes, key=len, reverse=True)
    pattern = re.compile("|".join(f"({_expression(word)})" for word in longest_first))
    return pattern, tuple((word, frozenset(codes[word])) for word in longest_first)


@lru_cache(maxsize=64)
def _one_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_alternatives(phrases))


@lru_cache(maxsize=64)
def _at_the_end(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:{_alternatives(phrases)})$")


def _alternatives(phrases: Iterable[str]) -> str:
    return "|".join(_expression(_plain(p)) for p in sorted(phrases, key=len, reverse=True))


def _expression(word: str) -> str:
    """A listed word as a regular expression: gaps, open endings, and whole words where letters have spaces around."""
    open_ended = word.endswith("*")
    word = word.rstrip("*")
    body = f".{{0,{GAP}}}?".join(re.escape(part.strip()) for part in _parts(word))
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, word) else ""
    after = rf"{_LETTER}*" if open_ended else rf"(?!{_LETTER})" if re.search(rf"{_LETTER}$", word) else ""
    return before + body + after


def _parts(word: str) -> list[str]:
    return word.replace("...", "…").split("…")  # full-width folding spells the sign in three dots
