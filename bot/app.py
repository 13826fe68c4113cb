"""What is built from what: settings → charter, words, database, PTB, turns, intake, sender, errands, ticks, web."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import structlog
from telegram import Bot
from telegram.error import InvalidToken, NetworkError
from telegram.ext import Application, ApplicationBuilder, ExtBot

from bot import backups
from bot.clock import Clock
from bot.config import ConfigError, Settings
from bot.errands import Errands, Work
from bot.health import Health
from bot.intake import ChatLanes, Intake
from bot.invitations import name_coordinators
from bot.reading_words import load as reading_words
from bot.request import build_request
from bot.sender import Sender
from bot.ticks import ticking
from bot.turns import Turns
from bot.watch import Watch
from domain.charter import Charter
from handlers import (
    behalf,
    calls,
    casework,
    concern,
    digest,
    followup,
    menus,
    mycases,
    operator,
    preferences,
    privacy,
    relay,
    roster,
    stafftext,
    triage,
    unreachable,
    verdict,
    visit,
    welcome,
)
from handlers.kit.routes import Feature, Router
from handlers.kit.turn import Kit
from handlers.kit.words import Words, WordsError
from storage.database import Database, open_database
from storage.schema import upgrade

log = structlog.get_logger()

FEATURES: tuple[Feature, ...] = (
    welcome.feature,
    roster.feature,
    preferences.feature,
    privacy.feature,
    menus.feature,
    mycases.feature,
    verdict.feature,
    relay.feature,
    casework.feature,
    triage.feature,
    unreachable.feature,
    visit.feature,
    behalf.feature,
    calls.feature,
    digest.feature,
    followup.feature,
    operator.feature,
    stafftext.feature,
    concern.feature,
)
"""In the order in which they are asked about a free message: the last one takes everything."""

BOT_USERNAME = "bot_username"
STOP_SECONDS = 8
LONGEST_PAUSE = 30.0

PTB = Application[Any, Any, Any, Any, Any, Any]


@dataclass(slots=True)
class App:
    """The running program. ``settled`` waits until nothing is due: for the demo's clock and for tests."""

    settings: Settings
    charter: Charter
    words: Words
    database: Database
    clock: Clock
    application: PTB
    turns: Turns
    intake: Intake
    sender: Sender
    errands: Errands
    health: Health
    watch: Watch
    stopping: asyncio.Event
    failure: BaseException | None = None

    @property
    def bot(self) -> Bot:
        """PTB's bot."""
        found: Bot = self.application.bot
        return found

    async def tick(self) -> None:
        """Do what is due now."""
        await self.turns.tick()

    async def settled(self) -> None:
        """Wait until every turn has been taken and everything due has been sent."""
        await self.intake.free.wait()
        await self.sender.drained()
        await self.errands.drained()

    def ended(self, task: asyncio.Task[None]) -> None:
        """A part of the program ended: by order, or by a fault that ends the program too."""
        if task.cancelled() or task.exception() is None:
            return
        self.failure = self.failure or task.exception()
        log.critical("stopping", error=type(self.failure).__name__, exc_info=self.failure)
        self.stopping.set()

    def wake(self) -> None:
        """A turn was committed: somebody waits for an answer. Errands look around by themselves every two seconds."""
        self.sender.wake()


def charter_of(settings: Settings, clock: Clock) -> Charter:
    """The group's settings, with the holidays of last year to two years ahead."""
    year = clock.now().year
    return settings.charter(range(year - 1, year + 3))


async def open_storage(settings: Settings) -> Database:
    """The database, at the newest version of its schema."""
    database = await open_database(settings.database_url, settings.home)
    try:
        await database.schema(upgrade)
    except BaseException:
        await database.close()
        raise
    return database


@asynccontextmanager
async def running(settings: Settings, clock: Clock, *, poll: bool = True, tick: bool = True) -> AsyncIterator[App]:
    """The whole program, from the database to Telegram; on leaving it stops politely."""
    app = await build(settings, clock)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(app.database.close)
        await connect(app)
        stack.push_async_callback(app.application.shutdown)
        await introduce(app)
        if not await app.database.run(operator.started):
            log.warning("the last run was not stopped")
        tasks = start(app, poll)
        stack.push_async_callback(say_goodbye, app)
        stack.push_async_callback(stop, app, tasks)
        if tick:
            scheduler = ticking(app.tick)
            scheduler.start()
            stack.callback(scheduler.shutdown, wait=False)
        yield app


async def connect(app: App) -> None:
    """Ask Telegram who we are; without a network, again until there is one. ``ConfigError`` for a token it refuses."""
    for attempt in count():
        try:
            await app.application.initialize()
        except InvalidToken:
            raise ConfigError("telegram.token is refused by Telegram: ask @BotFather for a valid one.") from None
        except NetworkError as error:
            log.warning("no_telegram_yet", error=type(error).__name__)
            await asyncio.sleep(min(LONGEST_PAUSE, 2.0**attempt))
        else:
            return


def start(app: App, poll: bool) -> list[asyncio.Task[None]]:
    """The parts that run by themselves; one that fails ends the program."""
    parts = [app.sender.run(app.stopping), app.errands.run(app.stopping), app.watch.run(app.stopping)]
    if poll:
        parts.append(app.intake.poll(app.stopping))
    tasks = [asyncio.create_task(part) for part in parts]
    for task in tasks:
        task.add_done_callback(app.ended)
    return tasks


async def build(settings: Settings, clock: Clock) -> App:
    """Everything put together, nothing running yet."""
    charter = charter_of(settings, clock)
    words = checked_words(charter, settings)
    database = await open_storage(settings)
    application = build_application(settings)
    turns = turns_of(database, charter, clock, settings.required_token())
    sender = Sender(database, words, turns, application.bot, clock, settings.sender)
    errands = Errands(
        database, words, application.bot, clock, {operator.BACKUP: backup_work(settings, database, clock)}
    )
    intake = Intake(application, turns, settings.intake.batch)
    health = Health(database, sender, intake, polling=settings.telegram.mode == "polling")
    app = App(
        settings,
        charter,
        words,
        database,
        clock,
        application,
        turns,
        intake,
        sender,
        errands,
        health,
        Watch(settings, database, clock, health),
        asyncio.Event(),
    )
    turns.wake = app.wake
    return app


def turns_of(database: Database, charter: Charter, clock: Clock, token: str) -> Turns:
    """The turns of all features."""
    router = Router.of(FEATURES)
    kit = Kit(reading=reading_words(), step_names=router.step_names)
    return Turns(database, router, charter, kit, clock, int(token.partition(":")[0] or 0), lambda: None)


def idle_turns(settings: Settings, database: Database, clock: Clock) -> Turns:
    """Turns for commands where no bot runs: what they say is sent after the next start."""
    token = settings.telegram.token.get_secret_value()
    return turns_of(database, charter_of(settings, clock), clock, token)


def backup_work(settings: Settings, database: Database, clock: Clock) -> Work:
    """The nightly backup as an errand. One that fails is written down, and asked for again by the clock."""

    async def work(_: dict[str, Any]) -> None:
        with contextlib.suppress(backups.BackupFailed):
            await backups.keep_up(settings, database, clock)

    return work


def checked_words(charter: Charter, settings: Settings) -> Words:
    """Every template compiles. Raises ``ConfigError`` naming file and line where one of the deployment's does not."""
    try:
        words = Words(charter, settings.overlay)
        words.check()
    except WordsError as broken:
        raise ConfigError(f"templates.overlay is {settings.templates.overlay}, and in it {broken}.") from None
    return words


def build_application(settings: Settings) -> PTB:
    """PTB over our own transport, without its updater, rate limiter and job queue."""
    telegram = settings.telegram
    bot: ExtBot[None] = ExtBot(
        settings.required_token(),
        base_url=telegram.bot_address,
        base_file_url=telegram.file_address,
        request=build_request(telegram),
        get_updates_request=build_request(telegram),
        local_mode=telegram.local_mode,
    )
    return ApplicationBuilder().bot(bot).updater(None).job_queue(None).concurrent_updates(ChatLanes()).build()


async def introduce(app: App) -> None:
    """Remember the bot's username for links, and name the coordinators of the config."""
    username = app.settings.telegram.username or app.bot.username
    await app.database.run(lambda unit: unit.settings.put(BOT_USERNAME, username))
    await app.database.run(lambda unit: unit.errands.add("set_menus", "{}", app.clock.now(), once="menus"))
    await name_coordinators(app.database, app.settings, app.clock)


async def say_goodbye(app: App) -> None:
    """A polite stop is written down; the end by a fault is not, and the next start tells the operator."""
    if app.failure is None:
        await app.database.run(operator.stopped)


async def stop(app: App, tasks: Iterable[asyncio.Task[None]]) -> None:
    """Take nothing more in, finish what is on its way, write it down, close."""
    app.stopping.set()
    app.wake()
    _, late = await asyncio.wait(list(tasks), timeout=STOP_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
