"""A clock that runs like the real one and can be put forward, or stands still until told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from simulator.refusals import Impossible

_SPAN = re.compile(r"\+?(\d+)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(words: str) -> timedelta:
    """A duration such as "90s", "10m", "1h", "2d" or "1d 6h"."""
    text = words.strip()
    parts = _SPAN.findall(text)
    if not parts or _SPAN.sub("", text).strip():
        raise Impossible(f'"{words}" is no span of time: write "90s", "10m", "1h" or "2d"')
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def spoken(delta: timedelta) -> str:
    """The shortest way to write a duration that `span` reads."""
    seconds = round(delta.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


class Clock:
    """The world's own time, aware UTC. With `at` it stands still there; otherwise it runs."""

    def __init__(self, at: datetime | None = None) -> None:
        self._fixed = at
        self._ahead = timedelta()

    def now(self) -> datetime:
        """The time it is."""
        return (self._fixed or datetime.now(UTC)) + self._ahead

    def advance(self, delta: timedelta) -> datetime:
        """Puts the clock forward and says the new time."""
        if delta < timedelta():
            raise Impossible("a clock cannot be put back")
        self._ahead += delta
        return self.now()
