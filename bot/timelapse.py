"""Time passes quickly, for the demo and for tests: from one due moment to the next, as it would have gone by itself."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from bot.app import App
from bot.clock import MovableClock
from domain.charter import Charter
from storage.unit import Unit

STEPS = 2_000
"""At most so many stops; then the rest passes at once."""


async def pass_time(app: App, clock: MovableClock, delta: timedelta, settled: Callable[[], Awaitable[None]]) -> None:
    """Put the clock forward by ``delta``, stopping wherever something is due; ``settled`` waits until it is done."""
    end = clock.now() + delta
    for _ in range(STEPS):
        now = clock.now()
        stop = await app.database.read(partial(next_stop, charter=app.charter, now=now))
        if stop >= end:
            break
        clock.advance(stop - now)
        await app.tick()
        await settled()
    clock.advance(max(timedelta(), end - clock.now()))
    await app.tick()
    await settled()


def next_stop(unit: Unit, charter: Charter, now: datetime) -> datetime:
    """The next moment at which something may be due: a day away at the most."""
    calendar = charter.calendar
    hours = [calendar.next_at(now, hour) for hour in {*unit.agenda.digest_hours(), charter.morning, charter.quiet.end}]
    found = unit.agenda.next_at(now)
    return min([*hours, *([found] if found else [])])
