"""The demo: bot and simulator in one process with one clock, a small sample place, and a page with their phones.

``check`` plays the main job over HTTP without a browser and says whether every step did what it should.
"""

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import logs
from bot.app import App, running
from bot.clock import MovableClock
from bot.config import Settings, load
from bot.config_example import EXAMPLE
from bot.prologue import WEEKS, missing
from bot.prologue import play as play_prologue
from bot.timelapse import pass_time
from bot.tour import Step, play
from simulator.replay import Replay
from simulator.server import build, serving, until
from simulator.world import DEFAULT_TOKEN, World

HASTE = {"YIXIAN_SENDER__PER_SECOND": "1000", "YIXIAN_SENDER__PER_CHAT_PER_SECOND": "100", "YIXIAN_SENDER__BURST": "20"}


@dataclass(frozen=True, slots=True)
class Town:
    """The demo as it runs: the bot, the phones, the clock of both, and the page's address."""

    app: App
    world: World
    clock: MovableClock
    address: str
    key: str

    async def quiet(self) -> None:
        """Wait until everything that was done has been handled and answered."""
        for _ in range(3):
            await until(self.world, self.world.idle, 10)
            await self.app.settled()

    async def advance(self, delta: timedelta) -> None:
        """Time passes for everyone; what is due by then is done before this returns."""
        await pass_time(self.app, self.clock, delta, self.quiet)

    def now(self) -> datetime:
        """The time it is there."""
        return self.clock.now()

    def appear(self, number: int, name: str, language: str, role: str) -> None:
        """A phone; the page shows them in this order, and all but the first of each role only when asked."""
        shown = role != "department" and all(one.role != role for one in self.world.people.values())
        self.world.person(number, name, language, role=role, shown=shown)

    def start(self, number: int, payload: str) -> None:
        """Somebody opens the bot."""
        self.world.start(number, payload)

    def act(self, line: str) -> None:
        """Somebody does what a line of a transcript says."""
        Replay(self.world).act(line)

    async def live(self) -> None:
        """Play the last weeks; the page shows how far they are. A saved transcript begins after them."""
        opens = opening(self.app.settings, datetime.now(UTC))
        started = self.clock.now() - (opens - WEEKS)
        self.clock.run(False)
        self.clock.advance(-started)
        self.world.tell_story("running", 0, 1)
        await play_prologue(self, opens, partial(self.world.tell_story, "running"))
        for person in self.world.people.values():
            self.world.look(person)
        self.clock.run(True)
        self.world.record.opening = ("town sample",)
        self.world.record.clear()
        self.world.tell_story("done", 1, 1)


def demo_settings(folder: Path, address: str) -> Settings:
    """The example's settings, in a folder of its own, with the simulator for a Telegram."""
    environment = {
        "YIXIAN_TELEGRAM__TOKEN": DEFAULT_TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'demo.db'}",
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


@asynccontextmanager
async def town(port: int = 0) -> AsyncIterator[Town]:
    """Everything running on 127.0.0.1; the data is gone afterwards."""
    clock = MovableClock(runs=True)
    clock.advance(opening(load(EXAMPLE, {}), clock.now()) - WEEKS - clock.now())
    world = World(now=clock.now, token=DEFAULT_TOKEN)
    key = secrets.token_urlsafe(12)
    found: list[Town] = []

    async def on_advance(delta: timedelta) -> None:
        await found[0].advance(delta)

    web = build(world, key=key, on_advance=on_advance, zone="Asia/Shanghai", on_run=clock.run)
    with TemporaryDirectory(prefix="yixian-demo-") as folder:
        async with serving(web, port) as address:
            settings = demo_settings(Path(folder), address)
            logs.configure(settings.logs, [DEFAULT_TOKEN])
            async with running(settings, clock) as app:
                links = count(1)
                # Everybody's phone is here for the taking, and a saved transcript must say the same again.
                app.turns.kit = replace(app.turns.kit, secret=lambda: f"link{next(links)}")
                found.append(Town(app, world, clock, address, key))
                yield found[0]


async def serve(port: int) -> int:
    """Serve the page until Ctrl-C."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    async with town(port) as place:
        print_line(f"{place.address}/?key={place.key}")
        print_line("Open this address in a browser. Ctrl-C ends the demo. / 在浏览器里打开这个地址,按 Ctrl-C 结束。")
        living = asyncio.create_task(place.live())
        living.add_done_callback(lambda task: loop.call_soon(ended, task, stopping))
        await stopping.wait()
        living.cancel()
    return 0


def ended(living: asyncio.Task[None], stopping: asyncio.Event) -> None:
    """A town that cannot wake up ends the demo, and says why."""
    if not living.cancelled() and (failure := living.exception()) is not None:
        print_line(f"The sample place could not be made: {type(failure).__name__}: {failure}")
        stopping.set()


async def check() -> int:
    """Play the last weeks and the main job; 0 where every situation is there and every step did what it should."""
    async with town() as place:
        await place.live()
        absent = await place.app.database.read(partial(missing, charter=place.app.charter, now=place.clock.now()))
        print_line(
            f"✗ the sample place lacks: {', '.join(absent)}" if absent else "✓ a place with cases in every state"
        )
        return 1 if absent else await play(place.address, place.key, print_step)


def print_step(step: Step, problem: str) -> None:
    """One line a step."""
    print_line(f"{'✗' if problem else '✓'} {step.title}" + (f": {problem}" if problem else ""))


def print_line(words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
