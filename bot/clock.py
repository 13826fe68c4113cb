"""What time it is: the system's clock, and one that can be put forward for the demo and for tests."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware datetime in UTC."""

    def now(self) -> datetime:
        """The time it is."""
        ...


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The time it is, in UTC."""
        return datetime.now(UTC)


class MovableClock:
    """Stands still at ``start``, or with ``runs`` goes on from it as the real one does, until it is moved.

    Without ``start`` it begins at the real time. Raises ValueError for a start without a time zone.
    """

    def __init__(self, start: datetime | None = None, *, runs: bool = False) -> None:
        real = datetime.now(UTC)
        start = real if start is None else start
        if start.utcoffset() is None:
            raise ValueError(f"{start.isoformat()} has no time zone")
        self._at = start.astimezone(UTC)
        self._since = real if runs else None

    def now(self) -> datetime:
        """The time it is here, in UTC."""
        return self._at + (datetime.now(UTC) - self._since) if self._since else self._at

    @property
    def runs(self) -> bool:
        """Whether it goes on by itself."""
        return self._since is not None

    def run(self, on: bool) -> None:
        """Let it go on from the time it is, or hold it there."""
        self._at, self._since = self.now(), datetime.now(UTC) if on else None

    def advance(self, delta: timedelta) -> datetime:
        """Put it forward, or back with a negative ``delta`` as a clock set wrongly would be; says the new time."""
        self._at += delta
        return self.now()
