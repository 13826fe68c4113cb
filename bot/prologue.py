"""The sample place's last weeks: its people play them through the bot itself before anybody looks; no row is written.

The play is ``sample_town.zh.chat`` or ``sample_town.en.chat``: what the bot is called, who there is, then what they
do, line by line as in any transcript. Clock lines count back from the moment the demo opens: ``clock -9wd 10:00`` is
ten o'clock nine working days before.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bot.app import App
from bot.invitations import invite_someone
from domain.calendar import WorkingCalendar
from domain.cases import Case, CaseId, Outcome, Satisfaction, State, Supervision
from domain.casework import OPEN
from domain.charter import Charter
from domain.followups import due_at
from domain.people import Role
from handlers.roster import ensure_coordinator
from storage.unit import Unit

LANGUAGES = ("zh", "en")
"""The languages in which the place can be played; the first where nobody says which."""
HERE = Path(__file__).parent
WEEKS = timedelta(days=45)
"""How long before the opening the play begins."""

BOT = re.compile(r"^bot (?P<name>\S+)$")
PERSON = re.compile(r"^(?P<role>resident|member|coordinator|department) (?P<number>\d+) (?P<name>\S+)(?P<more>.*)$")
AFTER = re.compile(r"^clock \+(?P<amount>\d+)(?P<unit>[smhd])$")
BEFORE = re.compile(r"^clock -(?P<days>\d+)(?P<unit>wd|d) (?P<at>\d\d:\d\d)$")
MANY = 1_000
"""More cases than the play makes."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Stage(Protocol):
    """Where a play is given: the bot, its people's phones, and a clock."""

    @property
    def app(self) -> App:
        """The bot."""

    def appear(self, number: int, name: str, language: str, role: str) -> None:
        """A phone."""

    def start(self, number: int, payload: str) -> None:
        """Somebody opens the bot, by a link with a payload or without."""

    def act(self, line: str) -> None:
        """Somebody does what the line says."""

    def now(self) -> datetime:
        """The time it is, in UTC."""

    async def quiet(self) -> None:
        """Wait until the bot has answered."""

    async def advance(self, delta: timedelta) -> None:
        """Time passes; what is due is done."""


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody in the play."""

    role: Role
    number: int
    name: str
    language: str
    communities: tuple[str, ...]
    sector: str


@dataclass(frozen=True, slots=True)
class Script:
    """What the bot is called there, the people, and the lines they play."""

    bot: str
    people: tuple[Part, ...]
    lines: tuple[str, ...]


def script(language: str) -> Script:
    """The play in a language: everybody speaks it of whom nothing else is said."""
    text = (HERE / f"sample_town.{language}.chat").read_text(encoding="utf-8")
    title, *lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    bot = BOT.match(title)
    if bot is None:
        raise ValueError(f"no name for the bot: {title!r}")
    people = tuple(part_of(line, language) for line in lines if PERSON.match(line))
    return Script(bot["name"], people, tuple(line for line in lines if not PERSON.match(line)))


def part_of(line: str, language: str) -> Part:
    """``member 2001 李建国 城北社区 教育界`` or ``resident 1002 Emma en``; ``_`` stands for a space."""
    found = PERSON.match(line)
    if found is None:
        raise ValueError(f"no person: {line!r}")
    role, more = Role(found["role"]), [spaced(word) for word in found["more"].split()]
    spoken = next((word for word in more if word in LANGUAGES), language)
    places = tuple(more[:1]) if role is Role.MEMBER else ()
    return Part(role, int(found["number"]), spaced(found["name"]), spoken, places, more[1] if places else "")


def spaced(word: str) -> str:
    """A name as it is written elsewhere."""
    return word.replace("_", " ")


async def play(
    stage: Stage, script: Script, opening: datetime, told: Callable[[int, int], None] = lambda _, __: None
) -> None:
    """Everything up to ``opening``; ``told`` hears how many of how many lines are done."""
    lines = script.lines
    await settle_in(stage, script.people)
    for done, line in enumerate(lines, start=1):
        if line.startswith("clock "):
            await stage.advance(ahead(line, stage.now(), opening, stage.app.charter.calendar))
        else:
            try:
                stage.act(line)
            except Exception as error:
                error.add_note(f"in the line {line!r}")
                raise
            await stage.quiet()
        told(done, len(lines))
    await stage.advance(max(timedelta(), opening - stage.now()))


async def settle_in(stage: Stage, people: Iterable[Part]) -> None:
    """They join as anyone would: by opening the bot, staff by a link; the operator names the coordinator first."""
    for part in people:
        stage.appear(part.number, part.name, part.language, part.role.value)
    for part in sorted(people, key=lambda part: part.role is not Role.COORDINATOR):
        if part.role is Role.COORDINATOR:
            await stage.app.database.run(partial(name_first, charter=stage.app.charter, part=part, now=stage.now()))
            stage.start(part.number, "")
            await stage.quiet()
        elif part.role is not Role.RESIDENT:
            await stage.quiet()
            stage.start(part.number, await link(stage, part))
    await stage.quiet()


def name_first(unit: Unit, charter: Charter, part: Part, now: datetime) -> None:
    """The operator's word."""
    ensure_coordinator(unit, charter, part.number, part.name, now)


async def link(stage: Stage, part: Part) -> str:
    """The payload of an invitation, as the operator's command makes it."""
    arguments: Mapping[str, Any] = {
        "role": part.role.value,
        "name": part.name,
        "communities": list(part.communities),
        "sector": part.sector,
    }
    answer = await stage.app.database.run(
        partial(invite_someone, charter=stage.app.charter, arguments=arguments, now=stage.now())
    )
    return str(answer["payload"])


def ahead(line: str, now: datetime, opening: datetime, calendar: WorkingCalendar) -> timedelta:
    """How far a clock line goes. Raises ValueError for one that is not understood or goes back."""
    if found := AFTER.match(line):
        return timedelta(**{UNITS[found["unit"]]: int(found["amount"])})
    found = BEFORE.match(line)
    if found is None:
        raise ValueError(f"no clock: {line!r}")
    day = calendar.local_date(opening)
    days = int(found["days"])
    then = day - timedelta(days=days) if found["unit"] == "d" else working_days_before(day, days, calendar)
    delta = calendar.at(then, time.fromisoformat(found["at"])) - now
    if delta < timedelta():
        raise ValueError(f"the clock would go back: {line!r}")
    return delta


def working_days_before(day: date, count: int, calendar: WorkingCalendar) -> date:
    """The working day so many working days earlier."""
    while count:
        day -= timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day


Situation = Callable[[Case, Charter, datetime], bool]


def late(case: Case, charter: Charter, now: datetime) -> bool:
    """Whether a deadline of the group has passed."""
    due = due_at(case, charter)
    return due is not None and due <= now


def showing(field: str, value: object) -> Situation:
    """Whether a field of a case is just that."""
    return lambda case, _, __: getattr(case, field) is value


SITUATIONS: Mapping[str, Situation] = {
    **{f"state {state}": showing("state", state) for state in State},
    **{f"outcome {kind.name.lower()}": showing("outcome", kind) for kind in Outcome},
    **{
        f"verdict {said}": showing("satisfaction", said)
        for said in Satisfaction
        if said is not Satisfaction.UNREACHABLE
    },
    **{f"supervision {level}": showing("supervision", level) for level in Supervision},
    "urgent": lambda case, _, __: case.urgent and case.state in OPEN,
    "overdue": late,
    "disputed": lambda case, _, __: case.disputed,
    "reopened": lambda case, _, __: case.attempt > 1,
    "look-back asked": lambda case, _, __: case.asked_back,
    "look-back to come": lambda case, _, __: case.look_back_pending and not case.asked_back,
    "on behalf of somebody": lambda case, _, __: case.behalf is not None,
    "lapsed": lambda case, _, __: case.state is State.WITHDRAWN and bool(case.reason),
}
"""Every situation the bot knows, and how a case shows it. Nothing yet makes a verdict "unreachable"."""


def missing(unit: Unit, charter: Charter, now: datetime) -> list[str]:
    """The situations that no case is in, and the telephone task where there is none."""
    cases = [case for number in unit.operations.newest_cases(MANY) if (case := unit.cases.get(CaseId(number)))]
    found = [name for name, holds in SITUATIONS.items() if not any(holds(case, charter, now) for case in cases)]
    return found if any(unit.calls.open_of_case(case.id) for case in cases) else [*found, "telephone task"]
