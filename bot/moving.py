"""``move``: from a SQLite file to PostgreSQL. A bot that runs is stopped politely first, so that nothing is missing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from time import monotonic

from bot import control
from bot.config import ConfigError, Settings
from bot.config_values import is_postgresql
from bot.opening import open_storage, refuse_unusable
from bot.redaction import redacted
from storage import moving

STOP = "stop"
"""The command that asks the running bot to stop politely."""
PATIENCE = 40.0
"""Seconds in which it has to be gone."""


async def move(settings: Settings, url: str) -> dict[str, int]:
    """From the SQLite file to PostgreSQL; how many rows of each table. A bot that runs is stopped politely before.

    Raises ``ConfigError`` where nothing was moved.
    """
    file = settings.database_file
    if file is None:
        raise ConfigError("storage.url names PostgreSQL already: only a SQLite file can be moved.")
    refuse_unusable(settings)
    where = redacted(url)
    if not is_postgresql(url):
        raise ConfigError(f"--to is {where}; it must be postgresql+psycopg://HOST/DATABASE.")
    try:
        await asyncio.to_thread(moving.look, url)
        async with stopped_bot(settings):
            await (await open_storage(settings)).close()
            return await asyncio.to_thread(moving.move, file, url)
    except moving.NotMoved as error:
        raise ConfigError(f"--to is {where}, but {error}; nothing was changed, and the bot can be started.") from None


@asynccontextmanager
async def stopped_bot(settings: Settings) -> AsyncIterator[None]:
    """Stop the bot where one runs, and hold its lock, so that nobody writes."""
    async with control.asked_or_alone(settings.data_folder, STOP, {}) as answer:
        if answer is None:
            yield
            return
    give_up = monotonic() + PATIENCE
    with ExitStack() as stack:
        while not control.taken(stack, settings.data_folder):
            if monotonic() >= give_up:
                raise ConfigError(f"the bot was told to stop, and still runs after {PATIENCE:.0f} s: stop it first.")
            await asyncio.sleep(control.PAUSE)
        yield
