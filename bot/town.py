"""The demo's place as it lives once: the bot, the phones of its people, and the clock of both."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import App
from bot.clock import MovableClock
from bot.config import Settings, load
from bot.config_example import EXAMPLE
from bot.prologue import WEEKS, play, script
from bot.timelapse import pass_time
from simulator.replay import Replay
from simulator.server import until
from simulator.world import DEFAULT_TOKEN, Impossible, World

HASTE = {"YIXIAN_SENDER__PER_SECOND": "1000", "YIXIAN_SENDER__PER_CHAT_PER_SECOND": "100", "YIXIAN_SENDER__BURST": "20"}
DATABASE = "demo.db"
ROUNDS = 10
"""At most so often is it asked whether everything is quiet."""
PATIENCE = 60.0
"""Seconds until a test, which nobody can begin anew, gives up waiting for a bot that does not answer."""


class Over(Impossible):
    """The place begins anew: nothing more happens in this one."""

    def __init__(self) -> None:
        super().__init__("the place begins anew")


@dataclass(slots=True)
class Links:
    """What a place's invitations are called, one after the other; ``given`` is how many there are."""

    given: int = 0

    def __call__(self) -> str:
        """The next one's name."""
        self.given += 1
        return f"link{self.given}"


@dataclass(slots=True)
class Town:
    """``over`` is set when the place shall begin anew; ``links`` names the invitations."""

    app: App
    world: World
    clock: MovableClock
    over: asyncio.Event = field(default_factory=asyncio.Event)
    links: Links = field(default_factory=Links)

    async def quiet(self) -> None:
        """Wait until everything that was done has been handled and answered, however slow the machine is."""
        await quiet(self.app, self.world, None)

    async def advance(self, delta: timedelta) -> None:
        """Time passes for everyone; what is due by then is done before this returns. Raises ``Over``."""
        await self._unless_over(pass_time(self.app, self.clock, delta, self.quiet))

    def now(self) -> datetime:
        """The time it is there."""
        return self.clock.now()

    def appear(self, number: int, name: str, language: str, role: str) -> None:
        """A phone; the page shows them in this order, and all but the first of each role only when asked."""
        first = role != "department" and all(one.role != role for one in self.world.people.values())
        self.world.person(number, name, language, role=role, shown=first)

    def start(self, number: int, payload: str) -> None:
        """Somebody opens the bot."""
        self.world.start(number, payload)

    def act(self, line: str) -> None:
        """Somebody does what a line of a transcript says."""
        Replay(self.world).act(line)

    async def live(self, language: str) -> None:
        """Play the last weeks; the page shows how far they are, a transcript begins after them. Raises ``Over``.

        Time stands still until the town is ``awake``.
        """
        await self._unless_over(self._live(language))

    async def _live(self, language: str) -> None:
        opens = opening(self.app.settings, datetime.now(UTC))
        self.clock.run(False)
        self.clock.advance(opens - WEEKS - self.clock.now())
        story = script(language)
        self.world.bot["first_name"] = story.bot
        self.world.tell_story("running", 0, 1, language=language)
        await play(self, story, opens, partial(self.world.tell_story, "running"))
        for person in self.world.people.values():
            self.world.look(person)
        self.world.record.opening = (town_line(language),)
        self.world.record.clear()

    def awake(self) -> None:
        """From now on its people are whoever takes their phones, and time passes."""
        self.clock.run(True)
        self.world.tell_story("done", 1, 1)

    async def _unless_over(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do it to its end, or until the place begins anew."""
        work, over = asyncio.ensure_future(doing), asyncio.ensure_future(self.over.wait())
        try:
            await asyncio.wait({work, over}, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise Over
            work.result()
        finally:
            for task in (work, over):
                task.cancel()
            await asyncio.gather(work, over, return_exceptions=True)


async def quiet(app: App, world: World, patience: float | None = PATIENCE) -> None:
    """Wait until everything that was done has been handled and answered: until, in a whole round, nothing happened.

    Raises ``TimeoutError`` where the bot takes nothing in for ``patience`` seconds.
    """
    for _ in range(ROUNDS):
        before = world.happened
        await until(world, world.idle, patience)
        await app.settled()
        if world.happened == before:
            return


def town_line(language: str) -> str:
    """How a transcript says that it begins in this place."""
    return "town sample" if language == "zh" else f"town sample {language}"


def town_settings(folder: Path, address: str) -> Settings:
    """The example's settings, in a folder of its own, with the simulator for a Telegram."""
    environment = {
        "YIXIAN_TELEGRAM__TOKEN": DEFAULT_TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "YIXIAN_STORAGE__URL": f"sqlite:///{folder / DATABASE}",
        "YIXIAN_STORAGE__FOLDER": str(folder),
        "YIXIAN_LOGS__LEVEL": "warning",
        "YIXIAN_BACKUP__KEEP": "0",
        **HASTE,
    }
    return load(EXAMPLE, environment)


def opening(settings: Settings, now: datetime) -> datetime:
    """A working morning: today where it is one, else the next."""
    charter = settings.charter(range(now.year - 1, now.year + 3))
    day = charter.calendar.local_date(now)
    while not charter.calendar.is_working_day(day):
        day += timedelta(days=1)
    return charter.calendar.at(day, time(9, 5))
