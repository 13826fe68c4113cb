"""A stage for talks: the real bot over HTTP against the simulator, one clock for both, people by name."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.app import App, running
from bot.clock import MovableClock
from bot.config import load
from bot.config_example import EXAMPLE
from bot.prologue import play as play_prologue
from bot.prologue import script
from bot.timelapse import pass_time
from bot.town import Links, opening, quiet, town_line
from domain.charter import Charter
from domain.people import ChatId, Person, Role
from handlers.roster import ensure_coordinator
from simulator.clock import span
from simulator.lines import shown
from simulator.replay import Replay, spoken_name
from simulator.server import build, serving
from simulator.world import Post, World
from storage.unit import Unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI)
TOKEN = "4200001:test-token-of-the-simulated-telegram"
FAST = {"YIXIAN_SENDER__PER_SECOND": "1000", "YIXIAN_SENDER__PER_CHAT_PER_SECOND": "100", "YIXIAN_SENDER__BURST": "20"}


@dataclass(frozen=True, slots=True)
class Role_:
    """What the cast line says of somebody."""

    name: str
    role: Role
    community: str = ""
    sector: str = ""
    language: str = "zh"


@dataclass(slots=True)
class Stage:
    """The bot and the town it works in."""

    app: App
    world: World
    clock: MovableClock
    people: dict[str, int] = field(default_factory=dict)

    async def join(self, part: Role_) -> None:
        """Somebody with a role, as if their link had been followed earlier."""
        number = 1001 + len(self.people)
        self.people[part.name] = number
        person = self.world.person(number, spoken_name(part.name), part.language, role=part.role.value)
        person.started = True
        self.world.private(person)
        await self.app.database.run(lambda unit: admit(unit, self.app.charter, number, part, self.clock.now()))

    def appear(self, number: int, name: str, language: str, role: str) -> None:
        """A phone."""
        self.people[shown(name)] = number
        self.world.person(number, name, language, role=role)

    def start(self, number: int, payload: str) -> None:
        """Somebody opens the bot."""
        self.world.start(number, payload)

    def act(self, line: str) -> None:
        """Somebody does what a line says."""
        Replay(self.world, self.people).act(line)

    def now(self) -> datetime:
        """The time it is."""
        return self.clock.now()

    async def quiet(self) -> None:
        """As the demo says it."""
        await self.settle()

    async def live(self, start: datetime, language: str = "zh") -> None:
        """The demo's town up to a moment, as `town sample` says; then the record begins."""
        opens = opening(self.app.settings, start)
        await play_prologue(self, script(language), opens)
        await self.advance(start - self.clock.now())
        for person in self.world.people.values():
            self.world.look(person)
        self.world.record.opening = (town_line(language),)
        self.world.record.clear()

    async def settle(self) -> None:
        """Until everything that was done has been handled and everything due has been said."""
        await quiet(self.app, self.world)

    async def advance(self, delta: timedelta) -> None:
        """Time passes; what is due by the end of it is done."""
        self.world.advancing(delta)
        await pass_time(self.app, self.clock, delta, self.settle)
        self.world.advanced(delta)


def admit(unit: Unit, charter: Charter, number: int, part: Role_, now: datetime) -> None:
    """Write somebody into the roster."""
    name = spoken_name(part.name)
    person = unit.people.seen(ChatId(number), name, part.language, now)
    if part.role is Role.COORDINATOR:
        ensure_coordinator(unit, charter, number, name, now)
        return
    communities = tuple(c.code for c in charter.communities if part.community in c.names.values())
    sector = next((s.code for s in charter.sectors if part.sector in s.names.values()), None)
    if part.role is not Role.RESIDENT:
        unit.people.set_roles(
            Person(
                id=person.id,
                chat=person.chat,
                name=name,
                roles=frozenset({part.role}),
                communities=communities,
                sector=sector,
            )
        )


@asynccontextmanager
async def stage(
    folder: Path,
    start: datetime = MONDAY,
    settings: Mapping[str, str] | None = None,
    url: str = "",
    token: str = TOKEN,
) -> AsyncIterator[Stage]:
    """Everything running on 127.0.0.1, in one event loop, on a real SQLite file in ``folder`` or on that database."""
    clock = MovableClock(start)
    world = World(now=clock.now, token=token)
    async with serving(build(world, page=None)) as address:
        environment = {
            "YIXIAN_TELEGRAM__TOKEN": token,
            "YIXIAN_TELEGRAM__BASE_URL": address,
            "YIXIAN_STORAGE__URL": url or f"sqlite:///{folder / 'yixian.db'}",
            "YIXIAN_STORAGE__FOLDER": str(folder),
            "YIXIAN_BACKUP__KEEP": "0",
            **FAST,
            **(settings or {}),
        }
        async with running(load(EXAMPLE, environment), clock, tick=False, make=True) as app:
            app.turns.kit = replace(app.turns.kit, secret=Links())
            yield Stage(app, world, clock)


# -- transcripts

CAST = re.compile(r"^(?P<name>\S+)(?: (?P<role>\w+)(?: (?:of|for) (?P<community>[^,]+?))?(?:, (?P<sector>.+))?)?$")
CLOCK = re.compile(r"^clock (?P<span>\+.+)$")
UNTIL = re.compile(r"^clock (?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d)$")


def cast_of(line: str, language: str) -> list[Role_]:
    """``王芳 resident of 城北社区; 李建国 member for 城北社区, 教育界; 陈静 coordinator``. No role: a resident."""
    parts = []
    for entry in line.removeprefix("cast ").split(";"):
        found = CAST.match(entry.strip())
        assert found, f"no cast entry: {entry!r}"
        role = Role(found["role"] or Role.RESIDENT)
        parts.append(Role_(found["name"], role, found["community"] or "", found["sector"] or "", language))
    return parts


async def act(stage: Stage, line: str) -> None:
    """Do what one line of a transcript says."""
    if found := CLOCK.match(line):
        await stage.advance(span(found["span"]))
    elif found := UNTIL.match(line):
        then = datetime.fromisoformat(f"{found['day']} {found['time']}").replace(tzinfo=SHANGHAI)
        await stage.advance(then - stage.clock.now())
    else:
        Replay(stage.world, stage.people).act(line)
    await stage.settle()


def heard(stage: Stage) -> list[str]:
    """What the bot did since the last time, person by person in the order of the cast."""
    lines = [line for line in stage.world.transcript().splitlines() if line.startswith(">>")]
    stage.world.record.clear()
    return lines


__all__ = ["Post", "Role_", "Stage", "act", "cast_of", "heard", "stage"]
