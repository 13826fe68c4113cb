"""Every message can be drawn: whatever has happened to a case, for whoever reads it, in every language.

Chance leads cases over a real database (``tests/walk.py``). What was said is drawn when it is said and in every later
state of its case, because a message may wait; and every type is drawn with fields put together by their types. A type
that was never drawn fails, and so does an optional field that was never seen both empty and filled.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from itertools import cycle
from pathlib import Path
from random import Random
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from domain import followups
from domain.cases import Case, CaseId, Place, Supervision
from domain.casework import may_read
from domain.charter import Charter, Emergency
from domain.followups import MarkName
from domain.people import Person, PersonId
from domain.reading import Look
from domain.visits import Photo
from handlers.cards import CaseCard, ConcernCard
from handlers.followup import MorningList
from handlers.kit.messages import MESSAGES, CaseMessage, Message
from handlers.kit.press import decode
from handlers.kit.turn import Done
from handlers.kit.views import CaseView, View
from handlers.kit.words import LONGEST, Rendered
from handlers.leaving import HandedOver
from simulator.markup import parse_html
from simulator.text import units
from storage.outbox import Saying
from storage.records import load
from tests.storage.test_units import opened
from tests.test_words import CHARTER, LANGUAGES, SHOWN, WORDS, our_messages
from tests.walk import PLACES, Walk

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BARE = replace(CHARTER, communities=(), sectors=(), categories=(), emergency=Emergency())
"""The same group after everything it had configured was taken out of its settings."""

ABOUT_CASES = [kind for kind in our_messages() if issubclass(kind, CaseMessage)]
STRANGER_AND_COORDINATOR = (PersonId(3), PersonId(8))

NAMES = ("", "李建国", "<b>Ann & Co</b>", "名" * 128)
WORDS_OF_SOMEBODY = ("", "好的", "<b>漏水</b> & {{ 7*7 }}\n</blockquote>", "👨‍👩‍👧" * 375, "<" * 3000)
VOCABULARY: dict[str, Iterable[object]] = {
    "account": NAMES,
    "before": (0, 2_990),
    "left": (0, 7),
    "length": (3_100,),
    "most": (1_000, 20_000_000),
    "part": (1, 2),
    "parts": (1, 3),
    "shown": (10,),
    "cause": SHOWN["cause."],
    "clock": SHOWN["step."],
    "count": (1, 250),
    "file_id": (None, "f1"),
    "file_kind": (None, "photo"),
    "files": (0, 2),
    "holder": NAMES,
    "hours": (30,),
    "kind": ("photo", "document"),
    "level": list(Supervision)[1:],
    "look": ("", *Look),
    "mark": [*followups.REMINDERS, MarkName.OVERDUE, MarkName.AGAIN],
    "member": NAMES,
    "message_id": (7,),
    "minutes": (12,),
    "name": NAMES,
    "note": SHOWN["note."],
    "number": ("26-0007",),
    "page": (0, 1, 99),
    "percent": (93,),
    "phone": ("", "13800001234"),
    "refusal": SHOWN["refusal."],
    "satisfaction": SHOWN["satisfaction."],
    "seconds": (20,),
    "subject": SHOWN["call."],
    "url": ("https://t.me/yixian_bot?start=i_abc",),
}
"""What a field of that name may hold, where its type alone does not say."""

FIELDS: dict[object, Iterable[object]] = {
    bool: (False, True),
    str: WORDS_OF_SOMEBODY,
    datetime: (MONDAY, MONDAY + timedelta(days=7)),
    Photo: (Photo("photo", "f1", "u1"),),
    Place: PLACES,
}
"""What a field of that type may hold."""

ALWAYS_FILLED = frozenset({(CaseView, "number"), (MorningList, "rows"), (HandedOver, "cases"), (HandedOver, "name")})
"""What is never empty, though its type allows it."""


class Noting(View):
    """A view that takes note of what it showed, and sees to it that no promise is for a day that is over."""

    shown: dict[str, set[bool]]

    def case_view(self, case: Case, reader: Person) -> CaseView:
        found = View.case_view(self, case, reader)
        for name in optional(CaseView):
            self.shown[name].add(bool(getattr(found, name)))
        day = self.charter.calendar.local_date
        assert found.contact_by is None or day(found.contact_by) >= day(self.now), "the day that is promised is over"
        return found


@dataclass(slots=True)
class Drawing:
    """What was drawn so far, and what could not be."""

    walk: Walk
    charter: Charter = CHARTER
    drawn: set[tuple[str, str]] = field(default_factory=set)
    seen: dict[str, dict[str, set[bool]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    wrong: dict[str, str] = field(default_factory=dict)
    known: set[object] = field(default_factory=set)
    loaded: dict[int, Message] = field(default_factory=dict)

    def draw(self, message: Message, reader: Person | None, languages: Iterable[str] = LANGUAGES) -> None:
        """In these languages; what goes wrong is kept, once a type and fault."""
        for language in languages:
            view = Noting(self.walk.unit, self.charter, WORDS, reader, language, self.walk.now)
            view.shown = self.seen["CaseView"]
            try:
                rendered = WORDS.render(message, view.knowing(reader))
                if rendered:
                    self.note(message, rendered, language)
            except Exception as error:
                fault = f"{type(message).__name__}: {type(error).__name__}: {error}"
                self.wrong.setdefault(fault, f"in {language} {self.situation(message, reader)}")

    def note(self, message: Message, rendered: Rendered, language: str) -> None:
        """It was drawn: Telegram must take it, and its optional fields were seen so."""
        name = type(message).__name__
        fits_telegram(message, rendered)
        self.drawn.add((name, language))
        for optional_field in optional(type(message)):
            self.seen[name][optional_field].add(bool(getattr(message, optional_field)))

    def situation(self, message: Message, reader: Person | None) -> str:
        """When it went wrong."""
        who = f"for {reader.name!r} {[str(role) for role in sorted(reader.roles)]}" if reader else "for nobody"
        if not isinstance(message, CaseMessage) or not message.case:
            return who
        happened = [type(event).__name__ for event in self.walk.unit.journal.of_case(message.case)]
        return f"{who} after {', '.join(happened)}"

    def once(self, *what: object) -> bool:
        """Whether that has not been drawn yet."""
        new = what not in self.known
        self.known.add(what)
        return new

    # -- what is drawn

    def said(self, saying: Saying, state: object) -> None:
        """What was said, to whom it was said, as the case is now."""
        message = self.loaded.get(saying.id) or load(MESSAGES[saying.kind], saying.fields)
        self.loaded[saying.id] = message
        shape = tuple(bool(getattr(message, name)) for name in names(type(message)))
        if self.once(saying.kind, shape, saying.chat, state):
            self.draw(message, self.walk.unit.people.by_chat(saying.chat))

    def case(self, number: CaseId, fine: bool) -> None:
        """The cards and all that was said of a case; in a state of a new kind every type that is about a case.

        ``fine``: every difference between states makes them two kinds.
        """
        case, readers = self.walk.case(number), self.readers(number)
        state = fine_state(case, self.walk.now, self.charter)
        for card in (ConcernCard(number), CaseCard(number)):
            for reader in readers:
                if self.once(type(card), reader.id, state):
                    self.draw(card, reader)
        for saying in self.walk.said[number]:
            self.said(saying, state)
        if self.once("types", state if fine else self.coarse_state(case)):
            self.each(ABOUT_CASES, number, [reader for reader in readers if may_read(case, reader)])

    def each(self, kinds: Iterable[type[Message]], case: CaseId, readers: Sequence[Person | None]) -> None:
        """Each value of each field of each type, put together by chance; readers and languages take turns."""
        taking_turns = cycle(self.shuffled(readers))
        for kind in kinds:
            columns = {name: self.shuffled(self.choices(kind, name, case)) for name in names(kind)}
            languages = self.shuffled(LANGUAGES)
            for row in range(max([len(languages), *map(len, columns.values())])):
                message = kind(**{name: column[row % len(column)] for name, column in columns.items()})
                self.draw(message, next(taking_turns), [languages[row % len(languages)]])

    def everything(self) -> None:
        """What is about no case for everybody and for a chat that is nobody's; all where little is configured."""
        self.walk.invite()
        case = self.walk.cases[-1]
        about_none = [kind for kind in our_messages() if kind not in ABOUT_CASES]
        for reader in (*(self.walk.everyone[index] for index in (1, 4, 7, 9, 10)), None):
            self.each(about_none, case, [reader])
        replace(self, charter=BARE).each(our_messages(), case, self.readers(case))

    def shuffled(self, found: Sequence[Any]) -> list[Any]:
        """In any order."""
        return self.walk.chance.sample(found, len(found))

    def choices(self, kind: type[Message], name: str, case: CaseId) -> list[Any]:
        """What a field may hold."""
        walk, hint = self.walk, hints(kind)[name]
        ids: dict[str, list[Any]] = {
            "case": [case],
            "cases": [(), (case,)],
            "call": walk.calls[case] or [0],
            "invite": walk.invites,
            "person": [PersonId(1), PersonId(5)],
            "relay": walk.relays[case] or [0],
            "rows": [(), tuple(saying.id for saying in walk.said[case][:20])],
            "visit": [0, *walk.visits],
        }
        if name in ids:
            return ids[name]
        return list(VOCABULARY[name]) if name in VOCABULARY and not says_all(hint) else by_type(hint)

    def coarse_state(self, case: Case) -> tuple[object, ...]:
        """A few things that words depend on most."""
        plain = (case.disputed, case.asked_back, case.contacted_at is None, case.behalf is None)
        return case.state, *plain, bool(self.walk.unit.calls.open_of_case(case.id))

    def readers(self, number: CaseId) -> list[Person]:
        """Who may get something about a case, and somebody who may not."""
        case = self.walk.case(number)
        wanted = {case.reporter, case.holder, *self.walk.former[number], *STRANGER_AND_COORDINATOR}
        return [person for person in self.walk.everyone if person.id in wanted]


@cache
def hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    return get_type_hints(kind)


@cache
def names(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(entry.name for entry in fields(kind))


@cache
def optional(kind: type) -> frozenset[str]:
    """Fields that may be empty."""
    return frozenset(name for name in names(kind) if may_be_empty(kind, name))


def may_be_empty(kind: type, name: str) -> bool:
    """Whether a field may hold nothing: by its type, or a text for which only certain words will do."""
    hint = hints(kind)[name]
    if (kind, name) in ALWAYS_FILLED:
        return False
    if hint is str and name in VOCABULARY and kind is not CaseView:
        return not all(VOCABULARY[name])
    return hint in (str, bool) or get_origin(hint) is tuple or NoneType in get_args(hint)


def says_all(hint: Any) -> bool:
    """Whether a type alone says what a field may hold."""
    return isinstance(hint, type) and issubclass(hint, StrEnum | bool)


def by_type(hint: Any) -> list[Any]:
    """What a field of that type may hold."""
    if NoneType in get_args(hint):
        return [None, *by_type(next(part for part in get_args(hint) if part is not NoneType))]
    if get_origin(hint) is tuple:
        return [(), tuple(by_type(get_args(hint)[0]))]
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return list(hint)
    assert hint in FIELDS, f"say in FIELDS or VOCABULARY what a field of the type {hint} may hold"
    return list(FIELDS[hint])


def fits_telegram(message: Message, rendered: Rendered) -> None:
    """Words that Telegram takes, and buttons that will be understood when they are pressed."""
    length = length_of(rendered.html)
    assert length or rendered.media or isinstance(message, Done), "Telegram refuses a message without words"
    assert length <= LONGEST, f"{length} units"
    for drawn in (drawn for row in rendered.rows for drawn in row):
        assert drawn.label.strip(), "a button without a label"
        assert bool(drawn.data) != bool(drawn.url)
        assert not drawn.data or decode(drawn.data), f"nobody understands {drawn.data}"
    assert all(len(row) <= 8 for row in rendered.rows), "more buttons in a row than Telegram shows"


@lru_cache(maxsize=50_000)
def length_of(html: str) -> int:
    """UTF-16 units of what is shown. Raises where Telegram would refuse the markup."""
    text, _ = parse_html(html)
    return units(text.strip())


def fine_state(case: Case, now: datetime, charter: Charter) -> tuple[object, ...]:
    """All of a case that words may depend on: words and numbers only by whether there are any."""
    values = (getattr(case, name) for name in names(Case))
    step = followups.first_step(case, charter)
    plain = (v if isinstance(v, StrEnum | bool) else v > 1 if isinstance(v, int) else bool(v) for v in values)
    return (*plain, step and step.clock, step is not None and step.due <= now)


async def led_by_chance(folder: Path, seed: int, steps: range, fine: bool) -> Drawing:
    """A walk of so many steps on a new database, drawn all the way."""
    async with opened("sqlite:///x.db", folder) as database:
        return await database.run(lambda unit: walked(Walk(unit, CHARTER, Random(seed), MONDAY), steps, fine))


def walked(walk: Walk, steps: range, fine: bool) -> Drawing:
    """A walk of so many steps at least, and until all has been seen, or at most so many."""
    drawing = Drawing(walk)
    walk.begin()
    for step in range(steps.stop):
        if step > steps.start and not (undrawn(drawing) or list(half_seen(drawing))):
            break
        for case in walk.step():
            drawing.case(case, fine)
        for saying in walk.said[CaseId(0)]:
            drawing.said(saying, None)
        if step == steps.start:
            drawing.everything()
    return drawing


def faults(drawing: Drawing) -> str:
    """What could not be drawn, and when."""
    return "\n".join(f"{fault}\n  {when}" for fault, when in drawing.wrong.items())


def undrawn(drawing: Drawing) -> list[tuple[str, str]]:
    """Types that were drawn in no state at all, in some language."""
    return sorted({(kind.__name__, language) for kind in our_messages() for language in LANGUAGES} - drawing.drawn)


def half_seen(drawing: Drawing) -> Iterator[str]:
    """Optional fields that were never empty, or never filled."""
    kinds: list[type] = [CaseView, *our_messages()]
    for kind in kinds:
        for name in sorted(optional(kind)):
            for missing in {True, False} - drawing.seen[kind.__name__][name]:
                yield f"{kind.__name__}.{name} was never {'filled' if missing else 'empty'}"


async def test_every_message_is_drawn_wherever_a_case_may_stand(tmp_path: Path) -> None:
    drawing = await led_by_chance(tmp_path, seed=8, steps=range(120, 1000), fine=False)
    assert not drawing.wrong, faults(drawing)
    assert undrawn(drawing) == [], "no walk comes to where this is said: lead one there, or say what its fields hold"
    assert "\n".join(half_seen(drawing)) == ""


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
async def test_every_message_is_drawn_on_many_walks(tmp_path: Path, seed: int) -> None:
    drawing = await led_by_chance(tmp_path, seed, steps=range(600, 601), fine=True)
    assert not drawing.wrong, faults(drawing)
