"""APScheduler wakes the clock's turns; it stores nothing and decides nothing. What is due is asked of the database.

In UTC (its cron skips days around changes of summer time), never dropping a late run, never two at once.
"""

import asyncio
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

TICK_SECONDS = 5


def ticking(tick: Callable[[], Awaitable[None]]) -> AsyncIOScheduler:
    """A scheduler that calls ``tick`` every few seconds once it is started."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    scheduler.add_job(
        tick, "interval", seconds=TICK_SECONDS, coalesce=True, max_instances=1, misfire_grace_time=None, id="tick"
    )
    return scheduler


async def tick_until(tick: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Tick until told to stop."""
    scheduler = ticking(tick)
    scheduler.start()
    try:
        await stopping.wait()
    finally:
        scheduler.shutdown(wait=False)
