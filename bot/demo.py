"""The demo: bot and simulator in one process with one clock, a small sample place, and a page with their phones.

The place may begin anew as often as its visitor likes, in Chinese or English: a fresh bot, database, world and clock
at the same address. ``check`` plays the main job over HTTP without a browser, in both languages.
"""

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from bot import logs
from bot.app import running
from bot.clock import MovableClock
from bot.played import Played, keep
from bot.prologue import LANGUAGES, missing
from bot.tour import Step, play
from bot.town import DATABASE, Links, Over, Town, opening, town_settings
from simulator.server import build, serving
from simulator.signals import Signal
from simulator.world import DEFAULT_TOKEN, Impossible, World
from simulator.worlds import Wishes, Worlds

log = structlog.get_logger()

ZONE = "Asia/Shanghai"
TRIES = 3
"""So many places in a row that cannot wake up end the demo: then it is not the machine."""


@dataclass(slots=True)
class Demo:
    """One address, and behind it one life of the place after another, each in a folder of its own.

    ``language`` is the one of the next life; None until somebody asks for a place at all. ``changed`` tells of another
    world, and of its bot when that runs. ``played`` are the places whose story has been told, by their language.
    """

    address: str
    key: str
    folder: Path
    worlds: Worlds
    language: str | None = None
    lives: int = 0
    town: Town | None = None
    changed: Signal = field(default_factory=Signal)
    played: dict[str, Played] = field(default_factory=dict)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def wish(self, language: str, again: bool) -> int:
        """Begin, where nobody has yet; or begin anew. Which life this is, from 1, once its world can be reached."""
        before = self.lives
        if again and self.language is not None:
            self.language = language
            self._over.set()
            while self.lives == before:
                await self.changed.wait()
        elif self.language is None:
            self.language = language
            self._asked.set()
        return self.lives

    async def advance(self, delta: timedelta) -> None:
        """Time passes in the present place, once it is awake."""
        if self.town is None or self.town.world.story["state"] != "done":
            raise Impossible("the place is not awake yet")
        await self.town.advance(delta)

    async def run(self) -> None:
        """One life after another, until cancelled. The last of ``TRIES`` that cannot wake up raises what kept it."""
        failed = 0
        while True:
            async with self.life() as town:
                if self.language is None:
                    await self._asked.wait()
                try:
                    await self._awaken(town, self.language or LANGUAGES[0])
                except Exception as error:
                    failed += 1
                    log.error("place not awake", error=type(error).__name__, times=failed, exc_info=True)
                    if failed == TRIES:
                        raise
                else:
                    failed = 0
                    await town.over.wait()

    async def _awaken(self, town: Town, language: str) -> None:
        """Tell its story and keep the place, unless it begins where that was done, or begins anew meanwhile."""
        told = town.world.story.get("language")
        if told not in (None, language):
            town.over.set()  # another language was wished for just now
            return
        with suppress(Over):
            if told is None:
                await town.live(language)
                self.played[language] = await keep(town, self.folder / f"{language}-{self.lives}.db", datetime.now(UTC))
            town.awake()

    @asynccontextmanager
    async def life(self) -> AsyncIterator[Town]:
        """A world, clock, database and bot of its own. At the end the bot stops politely, whatever the chaos."""
        played = self._played()
        clock, links = MovableClock(runs=True), Links()
        world = World(now=clock.now, token=DEFAULT_TOKEN)
        if played:
            world, clock, links = played.begin()
        wishes = Wishes(self.wish, LANGUAGES)
        web = build(world, key=self.key, on_advance=self.advance, zone=ZONE, on_run=clock.run, more=wishes.routes())
        async with self.worlds.showing(web):
            over = self._begun(world)
            folder = self._place()
            if played:
                await played.lay_down(folder / DATABASE)
            async with running(town_settings(folder, self.address), clock, make=True) as app:
                # Everybody's phone is here for the taking, and a saved transcript must say the same again.
                app.turns.kit = replace(app.turns.kit, secret=links)
                self.town = Town(app, world, clock, over, links)
                self.changed.fire()
                try:
                    yield self.town
                finally:
                    self.town = None
                    world.tell_story("over")
                    web.state.signal.close()

    def _played(self) -> Played | None:
        """The place of that language whose story has been told, unless it opens on another day by now."""
        found = self.played.get(self.language or "")
        today = opening(town_settings(self.folder, self.address), datetime.now(UTC)) if found else None
        return found if found and found.opens == today else None

    def _begun(self, world: World) -> asyncio.Event:
        """Another life has begun; what is set when it is over."""
        self.lives += 1
        self._over = asyncio.Event()
        world.tell_story("waiting", languages=LANGUAGES, life=self.lives)
        self.changed.fire()
        return self._over

    def _place(self) -> Path:
        """Where this life's database is."""
        folder = self.folder / str(self.lives)
        folder.mkdir()
        return folder


@asynccontextmanager
async def demo(port: int = 0, language: str | None = None) -> AsyncIterator[Demo]:
    """An address on 127.0.0.1, with nothing behind it yet; what was kept is gone afterwards."""
    worlds = Worlds()
    with TemporaryDirectory(prefix="yixian-demo-") as folder:
        async with serving(worlds.app, port) as address:
            logs.configure(town_settings(Path(folder), address).logs, [DEFAULT_TOKEN])
            yield Demo(address, secrets.token_urlsafe(12), Path(folder), worlds, language)


async def serve(port: int, language: str | None = None) -> int:
    """Serve the page until Ctrl-C. Without a language the first page that is opened says it."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    async with demo(port, language) as place:
        running_on = asyncio.create_task(place.run())
        running_on.add_done_callback(lambda task: ended(task, stopping))
        print_line(f"{place.address}/?key={place.key}")
        print_line("Open this address in a browser. Ctrl-C ends the demo. / 在浏览器里打开这个地址,按 Ctrl-C 结束。")
        await stopping.wait()
        running_on.cancel()
        await asyncio.gather(running_on, return_exceptions=True)
    return 0


def ended(running_on: asyncio.Task[None], stopping: asyncio.Event) -> None:
    """A place that cannot wake up ends the demo, and says why."""
    if not running_on.cancelled() and (failure := running_on.exception()) is not None:
        print_line(f"The sample place could not be made: {type(failure).__name__}: {failure}")
        stopping.set()


async def check() -> int:
    """Play the last weeks and the main job in each language; 0 where all is there and every step did what it should."""
    async with demo() as place:
        for language in LANGUAGES:
            async with place.life() as town:
                if await checked(place, town, language):
                    return 1
    return 0


async def checked(place: Demo, town: Town, language: str) -> int:
    """One language; 1 where something is wrong."""
    await town.live(language)
    town.awake()
    absent = await town.app.database.read(partial(missing, charter=town.app.charter, now=town.clock.now()))
    if absent:
        print_line(f"✗ {language}: the sample place lacks: {', '.join(absent)}")
        return 1
    print_line(f"✓ {language}: a place with cases in every state")
    return await play(place.address, place.key, language, partial(print_step, language))


def print_step(language: str, step: Step, problem: str) -> None:
    """One line a step."""
    print_line(f"{'✗' if problem else '✓'} {language}: {step.title}" + (f": {problem}" if problem else ""))


def print_line(words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
