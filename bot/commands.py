"""What the command line does, without the command line."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import structlog
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter

from bot import backups, control, garbage, workers
from bot.app import LONGEST_PAUSE, REFUSED, App, charter_of, idle_turns, running
from bot.clock import Clock, SystemClock
from bot.config import ConfigError, Settings
from bot.config_errors import config_error
from bot.diagnosis import doctor
from bot.findings import Finding
from bot.intake import ALLOWED, wait
from bot.invitations import invite_someone, link, name_coordinators
from bot.logs import configure
from bot.moving import STOP, move
from bot.opening import adopt, alone, make_storage, open_storage, refuse_unusable
from bot.operations import Operations
from domain.people import Role
from handlers.digest import print_digest
from handlers.kit.words import Words
from storage.database import Database
from storage.unit import Unit

log = structlog.get_logger()

UNKNOWN_NAME = "resolve host"
"""In Telegram's words where its name servers do not know a webhook's host; a new name takes its time to get there."""
PERIODS = ("daily", "weekly")
BACKUP_PATIENCE = 4 * 3600.0
"""Seconds a command waits for the running bot's backup, and for what it is handed to."""

__all__ = [
    "Finding",
    "adopt",
    "ask",
    "back_up",
    "digest",
    "doctor",
    "health",
    "invite",
    "migrate",
    "move",
    "prepare",
    "run",
]


# -- run


async def run(settings: Settings) -> None:
    """The bot until it is told to stop. Raises ``ConfigError`` where it cannot start, or whatever ended it."""
    settings.required_token()
    configure(settings.logs, settings.secrets())
    async with alone(settings, whole=True):
        await run_alone(settings, SystemClock())


async def run_workers(settings: Settings, config: Path, count: int) -> None:
    """Several processes on one database until they are told to stop. Raises ``ConfigError`` where they cannot start."""
    settings.required_token()
    workers.refuse_workers(settings, count)
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    await (await open_storage(settings)).close()
    await workers.supervise(settings, config, count, stopping)


async def work(settings: Settings, socket_number: int, number: int) -> None:
    """One of several workers, on the socket that its supervisor has bound. ``number`` counts them from 1."""
    settings.required_token()
    configure(settings.logs, settings.secrets())
    await run_alone(settings, SystemClock(), socket.socket(fileno=socket_number), number)


async def run_alone(settings: Settings, clock: Clock, listener: socket.socket | None = None, worker: int = 0) -> None:
    """With the lock held, by this process or by its supervisor, who has bound the ``listener``."""
    webhook = settings.telegram.mode == "webhook"
    async with AsyncExitStack() as stack:
        led = keep_webhook if webhook else None
        app = await stack.enter_async_context(running(settings, clock, poll=not webhook, led=led))
        if listener:
            workers.stop_without_supervisor(app.stopping)
        else:
            operations = Operations(settings, app.turns, app.health)
            commands = Commands(app.database, settings, clock, operations, app.stopping.set)
            await stack.enter_async_context(control.listening(settings.data_folder, commands))
        if webhook or settings.metrics.enabled:
            await stack.enter_async_context(served(app, webhook, listener, worker))
        stop_on_signals(app.stopping)
        garbage.settle()
        log.info("running", bot=app.bot.username, mode=settings.telegram.mode)
        await app.stopping.wait()
        log.info("stopping")
    if isinstance(app.failure, InvalidToken):
        raise ConfigError(REFUSED)
    if app.failure:
        raise app.failure


async def keep_webhook(app: App, term: asyncio.Event) -> None:
    """The leader tells Telegram, again until it has been heard. Without a network nobody is worse off for waiting.

    Raises ``ConfigError`` for an address that Telegram refuses, now and later; a name may yet be found.
    """
    for attempt in count():
        pause = min(LONGEST_PAUSE, 2.0**attempt)
        try:
            await announce_webhook(app)
        except (NetworkError, RetryAfter) as error:
            if isinstance(error, BadRequest) and UNKNOWN_NAME not in error.message.lower():
                because = f"Telegram refuses it ({error.message}): set one that it takes"
                raise config_error("webhook.url", app.settings.webhook.address, because) from None
            log.warning("webhook not set", error=type(error).__name__, wait=pause)
        else:
            return
        await wait(term, pause)
        if term.is_set():
            return


@asynccontextmanager
async def served(app: App, webhook: bool, listener: socket.socket | None = None, worker: int = 0) -> AsyncIterator[int]:
    """What may be asked over HTTP; the libraries for it take memory, and are loaded only here."""
    from bot import web

    settings = app.settings
    routes = [web.readiness(app.health)]
    if webhook:
        routes.append(web.receiving(app.intake, settings.webhook))
    if settings.metrics.enabled:
        from bot.metrics import Metrics

        metrics = Metrics(settings, app.database, app.clock, app.turns.meter, app.intake.backlog, worker)
        routes.append(web.numbers(metrics))
    ours = listener or web.bound(settings.webhook.listen, settings.webhook.port)
    async with web.served(web.build_web(*routes), ours) as port:
        yield port


async def announce_webhook(app: App) -> None:
    """Tell Telegram where to deliver."""
    webhook = app.settings.webhook
    await app.bot.set_webhook(
        webhook.address,
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
        self,
        database: Database,
        settings: Settings,
        clock: Clock,
        operations: Operations | None = None,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._stop = stop
        self._charter = charter_of(settings, clock)
        self._clock = clock
        self._known = {"invite": self._invite}
        self._operations = operations.known if operations else {}

    async def __call__(self, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Do a command in one transaction, or the operator's in as many as it takes."""
        if command == STOP:
            self._stop()
            return {}
        if command in self._operations:
            return await self._operations[command](arguments)
        if command not in self._known:
            raise ConfigError(f"the running bot knows no command {command!r}; it may be an older version.")
        return await self._database.run(lambda unit: self._known[command](unit, arguments))

    def _invite(self, unit: Unit, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return invite_someone(unit, self._charter, arguments, self._clock.now())


async def ask(
    settings: Settings, command: str, arguments: Mapping[str, Any], patience: float = control.PATIENCE
) -> dict[str, Any]:
    """Let the running bot do it; where none runs, take the lock and do it here. PostgreSQL can be shared."""
    if settings.shared_storage:
        answer = await control.ask_running(settings.data_folder, command, arguments, patience)
        return await do_here(settings, command, arguments) if answer is None else answer
    refuse_unusable(settings)
    async with control.asked_or_alone(settings.data_folder, command, arguments, patience) as answer:
        return await do_here(settings, command, arguments) if answer is None else answer


async def do_here(settings: Settings, command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the running bot would do, on the database itself."""
    database = await open_storage(settings)
    try:
        clock = SystemClock()
        operations = Operations(settings, idle_turns(settings, database, clock))
        return await Commands(database, settings, clock, operations)(command, arguments)
    finally:
        await database.close()


# -- the other commands


def refuse_existing(folder: Path) -> None:
    """Nothing is overwritten."""
    for found in (folder / "config.toml", folder / "yixian.db"):
        if found.exists():
            raise ConfigError(f"{found} is there already: change it, or choose another folder.")


async def prepare(settings: Settings) -> None:
    """Make the database and name the coordinators of the config. Raises ``ConfigError`` where there is one."""
    database = await make_storage(settings)
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
    database = await open_storage(settings)
    try:
        chosen = language or charter.languages[0]
        return await database.read(lambda unit: print_digest(unit, charter, words, period, chosen, clock.now()))
    finally:
        await database.close()


async def back_up(settings: Settings, to: Path | None) -> dict[str, Any]:
    """A checked backup: by the running bot, or here. The database is not changed, not even to the newest version."""
    refuse_unusable(settings)
    backups.source_of(settings)
    arguments = {"to": str(to) if to else ""}
    async with control.asked_or_alone(settings.data_folder, "backup", arguments, BACKUP_PATIENCE) as answer:
        if answer is not None:
            return answer
        try:
            made = backups.make(settings, to) if to else backups.nightly(settings, SystemClock().now())
            return await made
        except (backups.BackupFailed, OSError) as error:
            raise ConfigError(f"no backup was made: {backups.reason(error)}.") from None


async def migrate(settings: Settings) -> None:
    """Bring the database to the newest version, whole or not at all."""
    async with alone(settings):
        await (await open_storage(settings)).close()


def absent(settings: Settings) -> str:
    """What is to be said of a bot that does not answer here."""
    return "starts or stops" if control.held(settings.data_folder) else "does not run"


async def health(settings: Settings, wait: float) -> list[dict[str, Any]]:
    """The running bot's own checks, as soon as all are well or after so many seconds."""
    end = monotonic() + wait
    while True:
        try:
            answer = await control.ask_running(settings.data_folder, "health", {})
        except ConfigError as error:
            answer = {"checks": [{"name": "bot", "ok": False, "text": str(error)}]}
        checks = answer["checks"] if answer else [{"name": "bot", "ok": False, "text": absent(settings)}]
        if monotonic() >= end or (checks and all(check["ok"] for check in checks)):
            return list(checks)
        await asyncio.sleep(0.5)
