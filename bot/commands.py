"""What the command line does, without the command line."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import structlog
from telegram.error import BadRequest, NetworkError

from bot import control, web, workers
from bot.app import LONGEST_PAUSE, App, charter_of, open_storage, running
from bot.clock import Clock, SystemClock
from bot.config import ConfigError, Settings
from bot.diagnosis import Finding, examine
from bot.intake import ALLOWED, wait
from bot.invitations import invite_someone, link, name_coordinators
from bot.logs import configure
from bot.moving import STOP, move
from domain.people import Role
from handlers.digest import print_digest
from handlers.kit.words import Words
from storage.database import Database
from storage.unit import Unit

log = structlog.get_logger()

UNINSTALLED = "0.1.0"
"""The version of a checkout that was not installed as a package; pyproject.toml says the same."""

PERIODS = ("daily", "weekly")

__all__ = ["Finding", "digest", "doctor", "invite", "move", "prepare", "run", "version"]


def version() -> str:
    """Which version this is."""
    try:
        return installed_version("yixian")
    except PackageNotFoundError:
        return UNINSTALLED


# -- run


async def run(settings: Settings) -> None:
    """The bot until it is told to stop. Raises ``ConfigError`` where it cannot start, or whatever ended it."""
    settings.required_token()
    configure(settings.logs, settings.secrets())
    with control.only_one(settings.data_folder):
        await run_alone(settings, SystemClock())


async def run_workers(settings: Settings, config: Path, count: int) -> None:
    """Several processes on one database until they are told to stop. Raises ``ConfigError`` where they cannot start."""
    settings.required_token()
    workers.refuse_workers(settings, count)
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    await prepare(settings)
    await workers.supervise(settings, config, count, stopping)


async def work(settings: Settings, number: int) -> None:
    """One of several workers, on the socket that its supervisor has bound."""
    settings.required_token()
    configure(settings.logs, settings.secrets())
    await run_alone(settings, SystemClock(), socket.socket(fileno=number))


async def run_alone(settings: Settings, clock: Clock, listener: socket.socket | None = None) -> None:
    """With the lock held, by this process or by its supervisor, who has bound the ``listener``."""
    webhook = settings.telegram.mode == "webhook"
    async with AsyncExitStack() as stack:
        led = keep_webhook if webhook else None
        app = await stack.enter_async_context(running(settings, clock, poll=not webhook, led=led))
        if listener:
            workers.stop_without_supervisor(app.stopping)
        else:
            commands = Commands(app.database, settings, clock, app.stopping.set)
            await stack.enter_async_context(control.listening(settings.data_folder, commands))
        if webhook:
            ours = listener or web.bound(settings.webhook.listen, settings.webhook.port)
            await stack.enter_async_context(web.served(web.build_web(app.intake, settings.webhook), ours))
        stop_on_signals(app.stopping)
        log.info("running", bot=app.bot.username, mode=settings.telegram.mode)
        await app.stopping.wait()
        log.info("stopping")
    if app.failure:
        raise app.failure


async def keep_webhook(app: App, term: asyncio.Event) -> None:
    """The leader tells Telegram, again until it has been heard. Without a network nobody is worse off for waiting."""
    pause = 1.0
    while not term.is_set():
        try:
            await announce_webhook(app)
        except BadRequest:
            raise  # the address is refused, now and later
        except NetworkError as error:
            log.warning("webhook not set", error=type(error).__name__, wait=pause)
        else:
            return
        await wait(term, pause)
        pause = min(LONGEST_PAUSE, pause * 2)


async def announce_webhook(app: App) -> None:
    """Tell Telegram where to deliver."""
    webhook = app.settings.webhook
    await app.bot.set_webhook(
        webhook.url.rstrip("/") + webhook.path,
        secret_token=webhook.secret.get_secret_value() or None,
        allowed_updates=ALLOWED,
    )


def stop_on_signals(stopping: asyncio.Event) -> None:
    """Ctrl-C and SIGTERM end the program politely."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)


class Commands:
    """Commands that write, as the running bot does them (or the command line, where none runs)."""

    def __init__(
        self, database: Database, settings: Settings, clock: Clock, stop: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._stop = stop
        self._charter = charter_of(settings, clock)
        self._clock = clock
        self._known = {"invite": self._invite}

    async def __call__(self, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do a command in one transaction."""
        if command == STOP:
            self._stop()
            return {}
        if command not in self._known:
            raise ConfigError(f"the running bot knows no command {command!r}; it may be an older version.")
        return await self._database.run(lambda unit: self._known[command](unit, arguments))

    def _invite(self, unit: Unit, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return invite_someone(unit, self._charter, arguments, self._clock.now())


async def ask(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Let the running bot do it; where none runs, take the lock and do it here. PostgreSQL can be shared."""
    answer = await control.ask_running(settings.data_folder, command, arguments)
    if answer is not None:
        return answer
    with contextlib.nullcontext() if settings.shared_storage else control.only_one(settings.data_folder):
        database = await open_storage(settings)
        try:
            return await Commands(database, settings, SystemClock())(command, arguments)
        finally:
            await database.close()


# -- the other commands


def refuse_existing(folder: Path) -> None:
    """Nothing is overwritten."""
    for found in (folder / "config.toml", folder / "yixian.db"):
        if found.exists():
            raise ConfigError(f"{found} is there already: change it, or choose another folder.")


async def prepare(settings: Settings) -> None:
    """Make the database and name the coordinators of the config."""
    database = await open_storage(settings)
    try:
        await name_coordinators(database, settings, SystemClock())
    finally:
        await database.close()


async def invite(settings: Settings, role: Role, name: str, communities: list[str], sector: str) -> str:
    """A one-time link."""
    arguments = {"role": role.value, "name": name, "communities": communities, "sector": sector}
    answer = await ask(settings, "invite", arguments)
    return await link(settings, answer)


async def digest(settings: Settings, period: str, language: str) -> str:
    """The digest's words."""
    clock = SystemClock()
    charter = charter_of(settings, clock)
    if period not in PERIODS:
        raise ConfigError(f"--period is {period}; it must be one of {', '.join(PERIODS)}.")
    if language and language not in charter.languages:
        raise ConfigError(f"--language is {language}; group.languages has {', '.join(charter.languages)}.")
    words = Words(charter, settings.overlay)
    database = await open_existing(settings)
    try:
        chosen = language or charter.languages[0]
        return await database.read(lambda unit: print_digest(unit, charter, words, period, chosen, clock.now()))
    finally:
        await database.close()


async def open_existing(settings: Settings) -> Database:
    """The database, which must be there."""
    refuse_missing(settings)
    return await open_storage(settings)


def refuse_missing(settings: Settings) -> None:
    """Nothing is made by a command that only looks."""
    if settings.shared_storage:
        return
    path = settings.database_file
    if not path.exists():
        raise ConfigError(
            f"storage.url is {settings.storage.url}, and {path} does not exist: run `python -m bot init` first."
        )


async def doctor(settings: Settings) -> list[Finding]:
    """Everything that was looked at."""
    clock = SystemClock()
    database = await open_existing(settings)
    try:
        return await examine(settings, database, charter_of(settings, clock), clock.now())
    finally:
        await database.close()
