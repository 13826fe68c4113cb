"""What rows cannot tell: the disk and how far behind the outbox is, measured each minute; and the heartbeat.

What is too high becomes a row, and the clock's turn tells the operator. Nothing is written where nothing changed.
"""

import asyncio
from datetime import datetime
from functools import partial
from pathlib import Path
from shutil import disk_usage
from time import monotonic

import aiohttp
import structlog

from bot.clock import Clock
from bot.config import Settings
from bot.health import Ready
from handlers.operator import DISK, OUTBOX, put_reading
from storage.database import Database
from storage.unit import Unit

log = structlog.get_logger()

EVERY = 60.0
FULL = 90
"""Percent of the disk."""
HEARTBEAT_SECONDS = 15.0


class Watch:
    """Looks each minute, and says to the outside that all is well as often as wanted."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, ready: Ready) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ready = ready
        self._beaten = float("-inf")

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop."""
        every = self._settings.operator.heartbeat_every.total_seconds()
        looked = float("-inf")
        while not stopping.is_set():
            if monotonic() - looked >= EVERY:
                looked = monotonic()
                await self.look()
            if self._settings.operator.heartbeat_url and monotonic() - self._beaten >= every:
                self._beaten = monotonic()
                await self.beat()
            await self._rest(stopping, min(EVERY, every))

    async def _rest(self, stopping: asyncio.Event, seconds: float) -> None:
        waiting = asyncio.ensure_future(stopping.wait())
        await asyncio.wait({waiting}, timeout=seconds)
        waiting.cancel()

    async def look(self) -> None:
        """Measure, and write down what is too high or no longer is."""
        try:
            disk = fullest(self._settings)
            now = self._clock.now()
            minutes = await self._database.read(lambda unit: int(unit.operations.outbox_age(now) // 60))
            late = minutes * 60 >= self._settings.operator.outbox_age.total_seconds()
            await self._database.run(
                partial(put_both, disk if disk > FULL else None, minutes if late else None, self._clock.now())
            )
        except Exception as error:
            log.error("watch", error=type(error).__name__, exc_info=True)

    async def beat(self) -> None:
        """Call the heartbeat's address, where all is well. What goes wrong with it is only a line in the log."""
        ill = [check.name for check in await self._ready() if not check.ok]
        if ill:
            log.error("not ready", parts=",".join(ill))
            return
        operator = self._settings.operator
        try:
            limits = aiohttp.ClientTimeout(total=HEARTBEAT_SECONDS)
            async with (
                aiohttp.ClientSession(timeout=limits, proxy=operator.heartbeat_proxy or None) as session,
                session.get(operator.heartbeat_url, allow_redirects=False) as answer,
            ):
                status = answer.status
            if status >= 400:
                log.warning("heartbeat", status=status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("heartbeat", error=type(error).__name__)


def put_both(disk: int | None, minutes: int | None, now: datetime, unit: Unit) -> None:
    """Both readings in one transaction."""
    put_reading(unit, DISK, disk, now)
    put_reading(unit, OUTBOX, minutes, now)


def fullest(settings: Settings) -> int:
    """How much of the data's and of the backups' disk is used, in percent: the fuller one."""
    return max(used(folder) for folder in (settings.data_folder, settings.backup_folder) if folder.is_dir())


def used(folder: Path) -> int:
    """How much of a folder's disk is used, in percent, as ``df`` says it."""
    usage = disk_usage(folder)
    return round(100 * usage.used / (usage.used + usage.free))
