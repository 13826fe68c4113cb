"""The right database or none: opened where it is there, whole, of a version we know, and this bot's.

Nothing is made by looking for it, neither a file nor a log nor a lock: a disk that was not mounted must not give a town
an empty bot. ``make`` is for whoever is asked to make one: ``init``, the demo, tests.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from bot import control
from bot.config import ConfigError, Settings
from bot.config_errors import Passing
from bot.redaction import redacted
from storage import file, schema
from storage.database import Database, NotLetIn, Unavailable, open_database
from storage.moving import MOVED_TO
from storage.owner import Bot
from storage.unit import Unit
from storage.unusable import MAKING, Unusable, Why

BACK = "see that its disk is there; restore a backup (`python -m bot restore FILE{option}`)"
REMEDIES = {
    Why.ABSENT: f"{BACK}, or make a new one (`python -m bot init --database{{option}}`)",
    Why.EMPTY: f"{BACK}, or make a new one (`python -m bot init --database{{option}}`)",
    Why.NO_FILE: "name the file itself in storage.url",
    Why.CLOSED: "give it to whoever runs the bot (chown, chmod), or mount its disk so that it can be written to",
    Why.FOREIGN: "set storage.url to the bot's own database",
    Why.OTHER_VERSION: "bring the program to the version that wrote it (`make upgrade`, or `make downgrade`), "
    "or restore a backup of this one (`python -m bot restore FILE{option}`)",
    Why.DAMAGED: "keep a copy of it, and restore the last backup (`python -m bot restore FILE{option}`); "
    "`python -m bot doctor --deep{option}` says more",
    Why.LOST_LOG: "what was written last is lost with it: restore the last backup "
    "(`python -m bot restore FILE{option}`), or move that log away to go on without",
}
ON_A_SERVER = {
    Why.ABSENT: REMEDIES[Why.ABSENT],
    Why.EMPTY: "restore a backup with pg_restore, or make a new one (`python -m bot init --database{option}`)",
    Why.OTHER_VERSION: "bring the program to the version that wrote it (`make upgrade`, or `make downgrade`), "
    "or restore a backup of this one with pg_restore",
    Why.DAMAGED: "keep a dump of it, and restore the last backup with pg_restore",
}


class Present(ConfigError):
    """There is a database where one was to be made."""


# -- before anything is opened


def file_of(settings: Settings) -> Path | None:
    """The database, if it is a file. Raises ``ConfigError`` for an address that names none."""
    path = settings.database_file
    named = settings.shared_storage or (path is not None and path.name != ":memory:" and "?" not in path.name)
    if not named:
        raise ConfigError(f"storage.url is {settings.storage.url}; it must be sqlite:///FILE, with nothing after it.")
    return path


def refuse_unusable(settings: Settings, whole: bool = False) -> None:
    """Raises ``ConfigError`` where the database is a file that cannot be worked on. ``whole``: look into it, too."""
    if (path := file_of(settings)) is not None:
        try:
            file.look(path, whole)
        except Unusable as found:
            raise sentence(settings, found) from None


def sentence(settings: Settings, found: Unusable) -> ConfigError:
    """What is the matter with the database, and what helps."""
    return ConfigError(redacted(f"storage.url is {settings.storage.url}, and that database {advice(settings, found)}."))


def advice(settings: Settings, found: Unusable) -> str:
    """The same, to go on from "the database …"."""
    remedies = {**REMEDIES, **ON_A_SERVER} if settings.shared_storage else REMEDIES
    return f"{found}: {remedies[found.why].format(option=settings.option)}"


@asynccontextmanager
async def alone(settings: Settings, whole: bool = False) -> AsyncIterator[None]:
    """Hold the lock of a database that is there, as ``control.alone`` does; without one, no lock is made."""
    refuse_unusable(settings, whole)
    async with control.alone(settings.data_folder):
        yield


# -- opening


async def open_storage(settings: Settings, *, make: bool = False) -> Database:
    """This bot's database, at the newest version of its schema. ``make`` it where there is none.

    Raises ``ConfigError`` where there is none, where it is not ours, or where its server cannot be reached.
    """
    database = await opened(settings, make)
    try:
        await database.read(partial(refuse_others, settings=settings))
    except BaseException:
        await database.close()
        raise
    return database


async def opened(settings: Settings, make: bool = False) -> Database:
    """The same, whosever it is."""
    with told(settings):
        if not make:
            refuse_unusable(settings)
        database = await connected(settings, make)
        try:
            await database.schema(partial(schema.bring_up, make=make))
        except BaseException:
            await database.close()
            raise
    return database


async def connected(settings: Settings, make: bool = False) -> Database:
    """Only connected. Raises ``ConfigError`` where that fails: ``Passing`` where it may not fail the next time."""
    file_of(settings)
    try:
        return await open_database(settings.database_url, settings.home, make)
    except Unavailable as error:
        raise unreachable(settings, error) from None


def unreachable(settings: Settings, error: Unavailable) -> ConfigError:
    """The server does not answer, which passes, or does not let us in."""
    kind = ConfigError if isinstance(error, NotLetIn) else Passing
    return kind(redacted(f"storage.url is {settings.storage.url}, but no connection can be made ({error})."))


def refuse_moved(unit: Unit, settings: Settings) -> None:
    """Raises ``ConfigError`` for a database whose rows are elsewhere now: what is written to it would be lost."""
    where = unit.settings.get(MOVED_TO)
    if where:
        raise ConfigError(f"storage.url is {settings.storage.url}, but everything was moved: set it to {where}.")


def refuse_others(unit: Unit, settings: Settings) -> None:
    """Raises ``ConfigError`` for a database that is used elsewhere, or by another bot."""
    refuse_moved(unit, settings)
    owner = unit.owner.found()
    if owner is not None and settings.bot is not None and owner.id != settings.bot:
        raise ConfigError(strange(settings, owner))


def strange(settings: Settings, owner: Bot) -> str:
    """Whose the database is, and what may be done."""
    return redacted(
        f"telegram.token is that of bot {settings.bot}, but the database at {settings.storage.url} is that of {owner}: "
        "give its token, or set storage.url to this bot's own database; where this bot takes the place of one that is "
        f"gone for good, run `python -m bot adopt --from {owner.id}{settings.option}`."
    )


@contextmanager
def told(settings: Settings) -> Iterator[None]:
    """What the engine says against the database becomes a sentence; what may pass by itself ends with 1."""
    try:
        yield
    except Unusable as found:
        raise sentence(settings, found) from None
    except Unavailable as error:
        raise unreachable(settings, error) from None
    except file.ERRORS as error:
        found_in_file = file.unusable(error) if file_of(settings) else None
        if found_in_file is None:
            raise
        raise sentence(settings, found_in_file) from None


# -- made, or given to another bot


async def make_storage(settings: Settings) -> Database:
    """A new database, this bot's. Raises ``ConfigError`` where there is one; none is left behind that is not whole."""
    path = file_of(settings)
    with told(settings):
        refuse_present(settings, path)
        with whole_or_none(path):
            database = await connected(settings, make=True)
            try:
                if not await database.schema(schema.begin):
                    raise Present(present(settings))
                await database.run(partial(claim, settings))
            except BaseException:
                await database.close()
                raise
    return database


@contextmanager
def whole_or_none(path: Path | None) -> Iterator[None]:
    """Make a file; it goes again where it becomes no database of ours, but not if somebody else made theirs of it, nor
    what lies in its place meanwhile: another ``init`` may be at work, or a disk be mounted."""
    made = created(path) if path else None
    try:
        yield
    except Present:
        raise
    except BaseException:
        if path and made and which(path) == made:
            remove(path)
        raise


def created(path: Path) -> tuple[int, int] | None:
    """A new file, for its owner only, and which one it is; None where there is a file."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        return None
    return which(path)


def which(path: Path) -> tuple[int, int] | None:
    """What tells the file of that name from every other; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def refuse_present(settings: Settings, path: Path | None) -> None:
    """Raises ``ConfigError`` where a file must not become a new database, or cannot."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise ConfigError(
            f"storage.url is {settings.storage.url}, and {path.parent} does not exist: make it, or mount it."
        )
    try:
        file.look(path)
    except Unusable as found:
        if found.why not in MAKING:
            raise
    else:
        raise Present(present(settings))
    if not os.access(path.parent, os.W_OK | os.X_OK, effective_ids=file.EFFECTIVE):
        raise Unusable(Why.CLOSED, f"cannot be made: nothing can be written to {path.parent}")


def present(settings: Settings) -> str:
    """Nothing is made anew where something is."""
    return redacted(f"storage.url is {settings.storage.url}, and that database is there already: start the bot on it.")


def claim(settings: Settings, unit: Unit) -> None:
    """It is this bot's from now on, where we know which that is."""
    if settings.bot is not None:
        unit.owner.claim(settings.bot)


def remove(path: Path) -> None:
    """A file that was to become a database, and did not."""
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


async def adopt(settings: Settings, before: int, now: datetime) -> Bot:
    """Let this bot go on with the data of one that is gone; which one that was. Raises ``ConfigError``."""
    ours = int(settings.required_token().partition(":")[0])
    async with alone(settings):
        database = await opened(settings)
        try:
            await database.read(partial(refuse_moved, settings=settings))
            return await database.run(partial(take_over, before, ours, now))
        finally:
            await database.close()


def take_over(before: int, ours: int, now: datetime, unit: Unit) -> Bot:
    """In one transaction."""
    owner = unit.owner.found()
    if owner is None:
        raise ConfigError(f"--from is {before}, but the database is no bot's yet: start it with `python -m bot run`.")
    if owner.id == ours:
        raise ConfigError(f"--from is {before}, but the database is that of {owner} already, whose token this is.")
    if owner.id != before:
        raise ConfigError(f"--from is {before}, but the database is that of {owner}: look again which one is gone.")
    unit.owner.give_to(ours, now)
    return owner
