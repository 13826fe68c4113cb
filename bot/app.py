"""What is built from what: settings → charter, words, database, PTB, turns, intake, sender, errands, ticks, web."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import structlog
from telegram import Bot
from telegram.error import InvalidToken, NetworkError, RetryAfter
from telegram.ext import Application, ApplicationBuilder, ExtBot

from bot import backups
from bot.clock import Clock
from bot.config import ConfigError, Settings
from bot.errands import Errands, Work
from bot.health import Health
from bot.intake import Intake
from bot.invitations import name_coordinators
from bot.kept_words import KeptWords
from bot.leading import Leading, Part
from bot.opening import open_storage
from bot.reading_words import load as reading_words
from bot.request import NotTelegram, build_request, no_bot_api
from bot.sender import Sender
from bot.ticks import tick_until
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
from storage.database import Database
from storage.leadership import Leadership
from storage.owner import BOT_USERNAME

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

REFUSED = "telegram.token is refused by Telegram: ask @BotFather for a valid one."
STOP_SECONDS = 8
LONGEST_PAUSE = 30.0

PTB = Application[Any, Any, Any, Any, Any, Any]
Led = Callable[["App", asyncio.Event], Part]


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
    leadership: Leadership
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
        await self.errands.drained()
        await self.sender.drained()

    def ended(self, task: asyncio.Task[None]) -> None:
        """A part of the program ended: by order, or by a fault that ends the program too."""
        if task.cancelled() or task.exception() is None:
            return
        self.failure = self.failure or task.exception()
        log.critical("stopping", error=type(self.failure).__name__, exc_info=self.failure)
        self.stopping.set()

    def wake(self) -> None:
        """A turn was committed: somebody waits for an answer. Errands look around by themselves every two seconds."""
        if self.leadership.leading:
            self.sender.wake()
        else:
            self.leadership.wake()

    async def tick_while_leading(self) -> None:
        """The ticker's: what is due is done by the leader alone."""
        if self.leadership.leading:
            await self.tick()


def charter_of(settings: Settings, clock: Clock) -> Charter:
    """The group's settings, with the holidays of last year to two years ahead."""
    year = clock.now().year
    return settings.charter(range(year - 1, year + 3))


@asynccontextmanager
async def running(
    settings: Settings,
    clock: Clock,
    *,
    poll: bool = True,
    tick: bool = True,
    led: Led | None = None,
    make: bool = False,
) -> AsyncIterator[App]:
    """The whole program, from the database to Telegram; on leaving it stops politely. ``led`` is done on leading.

    ``make`` the database where there is none: not for a bot that people rely on.
    """
    app = await build(settings, clock, make=make)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(app.database.close)
        stack.push_async_callback(app.bot.shutdown)  # also where nobody answers: its connections are open by then
        await connect(app)
        stack.push_async_callback(app.application.shutdown)
        await introduce(app)
        stack.push_async_callback(app.leadership.close)
        leading = Leading(app.leadership, lambda term: parts(app, term, poll, tick, led), app.ended, app.stopping)
        stack.push_async_callback(stop, app, [start(app, leading)])
        yield app


def start(app: App, leading: Leading) -> asyncio.Task[None]:
    """Lead, or wait for it. A part that fails ends the program."""
    loop = asyncio.get_running_loop()
    app.leadership.start(
        lambda: loop.call_soon_threadsafe(leading.look), lambda: loop.call_soon_threadsafe(app.sender.wake)
    )
    leading.begin()
    task = asyncio.create_task(leading.run())
    task.add_done_callback(app.ended)
    return task


def parts(app: App, term: asyncio.Event, poll: bool, tick: bool, led: Led | None) -> Iterator[Part]:
    """What a leader does, until its term is over."""
    yield app.sender.run(term)
    yield app.errands.run(term)
    yield app.watch.run(term)
    yield be_noted(app, term)
    if poll:
        yield app.intake.poll(term)
    if tick:
        yield tick_until(app.tick_while_leading, term)
    if led:
        yield led(app, term)


async def connect(app: App) -> None:
    """Ask Telegram who we are; without a network, again until there is one.

    Raises ``ConfigError`` for a token it refuses, and where it is no Bot API that answers.
    """
    for attempt in count():
        try:
            await app.application.initialize()
        except InvalidToken:
            raise ConfigError(REFUSED) from None
        except NotTelegram as error:
            raise no_bot_api(app.settings.telegram, error.message) from None
        except (NetworkError, RetryAfter) as error:
            log.warning("no_telegram_yet", error=type(error).__name__)
            await asyncio.sleep(min(LONGEST_PAUSE, 2.0**attempt))
        else:
            return


async def build(settings: Settings, clock: Clock, *, make: bool = False) -> App:
    """Everything put together, nothing running yet."""
    charter = charter_of(settings, clock)
    words = checked_words(charter, settings)
    database = await open_storage(settings, make=make)
    application = build_application(settings)
    turns = turns_of(settings, database, charter, clock)
    leadership = database.leadership()
    sender = Sender(database, words, turns, application.bot, clock, settings.sender, lambda: leadership.leading)
    errands = Errands(
        database, words, application.bot, clock, {operator.BACKUP: backup_work(settings, database, clock)}
    )
    intake = Intake(application, turns, settings.intake.batch)
    polling = settings.telegram.mode == "polling"
    health = Health(database, sender, intake, lambda: turns.aside.prove(0), lambda: leadership.leading, polling=polling)
    app = App(
        settings=settings,
        charter=charter,
        words=words,
        database=database,
        clock=clock,
        application=application,
        turns=turns,
        intake=intake,
        sender=sender,
        errands=errands,
        leadership=leadership,
        health=health,
        watch=Watch(settings, database, clock, health),
        stopping=asyncio.Event(),
    )
    turns.wake = app.wake
    return app


def turns_of(settings: Settings, database: Database, charter: Charter, clock: Clock) -> Turns:
    """The turns of all features."""
    token = settings.telegram.token.get_secret_value()
    router = Router.of(FEATURES)
    kit = Kit(reading=reading_words(), step_names=router.step_names, step_roles=router.step_roles)
    bot = int(token.partition(":")[0] or 0)
    words = KeptWords(settings.data_folder)
    return Turns(database, router, charter, kit, clock, bot, lambda: None, words=words)


def idle_turns(settings: Settings, database: Database, clock: Clock) -> Turns:
    """Turns for commands where no bot runs: what they say is sent after the next start."""
    return turns_of(settings, database, charter_of(settings, clock), clock)


def backup_work(settings: Settings, database: Database, clock: Clock) -> Work:
    """The nightly backup as an errand. One that fails is written down, and asked for again by the clock."""

    async def work(_: dict[str, Any]) -> None:
        with contextlib.suppress(backups.BackupFailed):
            await backups.keep_up(settings, database, clock)

    return work


def checked_words(charter: Charter, settings: Settings) -> Words:
    """The words. Raises ``ConfigError`` naming file and line where a template does not compile.

    Those that come with the program do (a test says so), and are compiled when they are first said: all of them would
    take each start a third of a second. Under a deployment's own all are compiled now, for one may include another.
    """
    try:
        words = Words(charter, settings.overlay)
        if settings.overlay:
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
    return ApplicationBuilder().bot(bot).updater(None).job_queue(None).build()


async def introduce(app: App) -> None:
    """Remember whose database this is and the bot's username for links, and name the coordinators of the config."""
    username = app.settings.telegram.username or app.bot.username
    await app.database.run(lambda unit: unit.owner.claim(app.bot.id))
    await app.database.run(lambda unit: unit.settings.put(BOT_USERNAME, username))
    await app.database.run(lambda unit: unit.errands.add("set_menus", "{}", app.clock.now(), once="menus"))
    await app.database.run(lambda unit: unit.errands.add("set_about", "{}", app.clock.now(), once="about"))
    await name_coordinators(app.database, app.settings, app.clock)


async def be_noted(app: App, term: asyncio.Event) -> None:
    """That we run, and that we stop politely, is written down; after an end by a fault the operator is told.

    Whoever merely no longer leads writes nothing: another one leads, and runs.
    """
    if not await app.database.run(operator.started):
        log.warning("the last run was not stopped")
    await term.wait()
    if app.stopping.is_set() and app.failure is None:
        await app.database.run(operator.stopped)


async def stop(app: App, tasks: Iterable[asyncio.Task[None]]) -> None:
    """Take nothing more in, finish what is on its way, write it down, close."""
    app.stopping.set()
    app.wake()
    _, late = await asyncio.wait(list(tasks), timeout=STOP_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
