"""What a group has settled for itself: its name, places, kinds of concern, deadlines and limits.

Everything here comes from configuration; the rules take it as an argument and never read a file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from domain.calendar import Span, WorkingCalendar

Names = Mapping[str, str]
"""The same name by language code; a language that is missing falls back to the first one given."""


def named(names: Names, language: str) -> str:
    """The name in that language, else in the first language given."""
    return names.get(language) or next(iter(names.values()), "")


class Handling(StrEnum):
    """How much work a case is; it sets the time allowed for handling."""

    QUESTION = "question"
    ORDINARY = "ordinary"
    COMPLEX = "complex"


@dataclass(frozen=True, slots=True)
class Community:
    """A community, village or estate that residents live in and members are responsible for."""

    code: str
    names: Names
    street: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector (界别) that members come from; ``categories`` are the kinds of concern it knows best."""

    code: str
    names: Names
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of concern, guessed from keywords and always correctable."""

    code: str
    names: Names
    keywords: tuple[str, ...] = ()
    handling: Handling = Handling.ORDINARY


@dataclass(frozen=True, slots=True)
class Emergency:
    """Words that make a concern urgent, and the numbers shown first. ``numbers``: what for, by language → number."""

    words: tuple[str, ...] = ()
    numbers: tuple[tuple[Names, str], ...] = ()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which nothing but answers and urgent news is sent. ``start == end`` means never."""

    start: time = time(21, 30)
    end: time = time(8, 0)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Time allowed for every step, and the rungs once it has passed (defaults: the product's table of deadlines)."""

    assign_urgent: Span = Span(2, "wh")
    assign: Span = Span(1, "wd")
    claim: Span = Span(1, "wd")
    contact: Span = Span(1, "wd")
    handle: Mapping[Handling, Span] = field(
        default_factory=lambda: {
            Handling.QUESTION: Span(3, "wd"),
            Handling.ORDINARY: Span(7, "d"),
            Handling.COMPLEX: Span(15, "d"),
        }
    )
    chase_after: Span = Span(1, "d")
    supervise_after: Span = Span(3, "wd")
    elevate_after: Span = Span(5, "wd")
    verdict_reminder: Span = Span(7, "d")
    verdict: Span = Span(14, "d")
    look_back: tuple[Span, ...] = (Span(30, "d"), Span(90, "d"))
    info_nudges: tuple[Span, ...] = (Span(3, "d"), Span(10, "d"), Span(24, "d"))
    info_lapses: Span = Span(30, "d")
    long_step: Span = Span(3, "wd")
    """Steps at least this long are reminded at half time as well."""
    just_acted: timedelta = timedelta(hours=2)
    """No reminder goes to someone who did something on the case this recently."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one person may send; 0 (or no ``pace`` at all) is no limit. Words in UTF-16 units, as Telegram counts.

    ``pace``: at most so many new concerns in so much time.
    """

    concern: int = 3000
    note: int = 2000
    reply: int = 2000
    attachments: int = 20
    file_bytes: int = 20 * 1024 * 1024
    """Telegram's own server gives a bot no larger file (Bot API, getFile)."""
    pace: tuple[tuple[int, timedelta], ...] = (
        (2, timedelta(minutes=5)),
        (4, timedelta(minutes=30)),
        (6, timedelta(hours=1)),
    )


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the program: the chat that hears when something is wrong (None: nobody), and the nightly backup."""

    chat: int | None = None
    backup_at: time = time(3, 30)
    backups: int = 14
    """How many are kept; none are made where it is 0."""


@dataclass(frozen=True, slots=True)
class Charter:
    """One group's settings, as the rules see them. Languages are codes that have words in ``templates/``."""

    group: Names
    calendar: WorkingCalendar
    languages: tuple[str, ...] = ("zh", "en")
    communities: tuple[Community, ...] = ()
    sectors: tuple[Sector, ...] = ()
    categories: tuple[Category, ...] = ()
    emergency: Emergency = Emergency()
    quiet: QuietHours = QuietHours()
    deadlines: Deadlines = Deadlines()
    limits: Limits = Limits()
    settle: timedelta = timedelta(seconds=90)
    """Staff hear of a new concern after this window, in which the resident may undo it."""
    joining: timedelta = timedelta(minutes=10)
    """A short text or a picture within this time of a concern belongs to it."""
    relay_after: timedelta = timedelta(seconds=20)
    """A member's reply goes to the resident after this window."""
    invite_lasts: timedelta = timedelta(hours=72)
    dialog_lasts: timedelta = timedelta(hours=24)
    morning: time = time(8, 30)
    """When one merged message lists what is not urgent."""
    digest_hour: time = time(8, 30)
    digest_weekday: int = 0
    """Monday is 0."""
    digest_chat: int | None = None
    """A group chat that gets numbers only."""
    operator: Operator = Operator()

    def community(self, code: str | None) -> Community | None:
        """The community with that code, if it is (still) configured."""
        return next((c for c in self.communities if c.code == code), None)

    def sector(self, code: str | None) -> Sector | None:
        """The sector with that code, if it is (still) configured."""
        return next((s for s in self.sectors if s.code == code), None)

    def category(self, code: str | None) -> Category | None:
        """The category with that code, if it is (still) configured."""
        return next((c for c in self.categories if c.code == code), None)
