"""When something is due: spans of time, working hours and quiet hours in one place's local time.

The rule: a span in working time (``wh``, ``wd``) that starts at some moment ends at the *earliest* instant by which
that much working time has passed. Every moment that comes in is aware, every moment that goes out is in UTC. A local
time that the clocks skip counts with the offset before the jump (02:30 becomes 03:30), one that they repeat is its
first occurrence (as in RFC 5545, section 3.3.5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

UNITS = ("s", "m", "h", "d", "wh", "wd")
HORIZON = 4_000
"""Days looked ahead, about eleven years: beyond, a calendar has no working days left rather than a long span."""

_SPAN = re.compile(r"\s*([0-9]{1,9})\s*(wh|wd|[smhd])\s*")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """An amount of time: seconds, minutes, hours, days (same wall time N days later), working hours or working days.

    Raises ValueError for an unknown unit or an amount below 0.
    """

    amount: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"{self.unit!r} is not a unit of time: use one of {', '.join(UNITS)}")
        if self.amount < 0:
            raise ValueError(f"a span of time cannot be negative, but {self.amount}{self.unit} is")

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read ``2wh``, ``30 d``; ValueError says what is allowed."""
        found = _SPAN.fullmatch(text)
        if not found:
            allowed = ", ".join(UNITS)
            raise ValueError(f"{text!r} is not a span of time: write a whole number and one of {allowed}, as in 2wh")
        return cls(int(found[1]), found[2])

    @property
    def working(self) -> bool:
        """Whether it counts working time only."""
        return self.unit in ("wh", "wd")


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The working hours of one place.

    ``opens`` and ``closes`` are local times; ``holidays`` are days off; ``workdays`` are days worked on a weekend to
    make up for a holiday, and win over ``holidays``; ``weekend`` holds weekdays, Monday being 0. Raises ValueError
    unless it opens before it closes.
    """

    zone: ZoneInfo
    opens: time = time(8, 30)
    closes: time = time(17, 30)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    weekend: frozenset[int] = frozenset({5, 6})

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError(f"working hours must open before they close, but {self.opens} is not before {self.closes}")

    @property
    def day_length(self) -> timedelta:
        """The working time in one working day: what ``1wd`` is worth."""
        return datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)

    def is_working_day(self, day: date) -> bool:
        """Whether people work on that local date."""
        if day in self.workdays:
            return True
        return day.weekday() not in self.weekend and day not in self.holidays

    def local(self, moment: datetime) -> datetime:
        """The same instant on the local clock."""
        return _aware(moment).astimezone(self.zone)

    def local_date(self, moment: datetime) -> date:
        """The local date of an instant."""
        return self.local(moment).date()

    def at(self, day: date, clock: time) -> datetime:
        """The UTC instant at which the local clock shows that time on that day."""
        return _instant(day, clock.replace(tzinfo=None, fold=0), self.zone)

    def next_at(self, moment: datetime, clock: time) -> datetime:
        """The next time the local clock shows ``clock``, strictly after ``moment``, once a local date; UTC."""
        day = self.local_date(moment)
        candidates = (self.at(day + n * _DAY, clock) for n in range(-1, 4))
        return next(c for c in candidates if c > moment)

    def after(self, start: datetime, span: Span) -> datetime:
        """The instant at which ``span`` has passed since ``start``, in UTC.

        Raises ValueError when that lies more than ``HORIZON`` days ahead (working time) or past the year 9999.
        """
        try:
            return self._after(_aware(start).astimezone(UTC), span)
        except OverflowError as error:
            raise ValueError(f"{span} after {start:%Y-%m-%d} lies outside of the calendar") from error

    def share(self, start: datetime, span: Span, part: float) -> datetime:
        """The instant at which that part of ``span`` has passed since ``start``: of working time, in working time."""
        if not span.working:
            return _aware(start).astimezone(UTC) + (self.after(start, span) - start) * part
        whole = span.amount * (self.day_length if span.unit == "wd" else timedelta(hours=1))
        return self._after_work(_aware(start).astimezone(UTC), whole * part)

    def _after(self, start: datetime, span: Span) -> datetime:
        match span.unit:
            case "wh":
                return self._after_work(start, timedelta(hours=span.amount))
            case "wd":
                return self._after_work(start, span.amount * self.day_length)
            case "d":
                return self._days_later(start, span.amount)
            case "h":
                return start + timedelta(hours=span.amount)
            case "m":
                return start + timedelta(minutes=span.amount)
            case _:
                return start + timedelta(seconds=span.amount)

    def _days_later(self, start: datetime, days: int) -> datetime:
        local = self.local(start)
        # No days later is that very moment, also in the second half of a repeated hour.
        return self.at(local.date() + days * _DAY, local.time()) if days else start

    def _after_work(self, start: datetime, left: timedelta) -> datetime:
        if not left:
            return start
        for opens, closes in self._openings(start):
            begins = max(opens, start)
            if closes - begins >= left:
                return begins + left
            left -= max(closes - begins, timedelta())
        raise ValueError(f"there is too little working time in the {HORIZON} days after {start:%Y-%m-%d}")

    def _openings(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working hours as pairs of instants, beginning with the day before ``start``, up to the horizon."""
        first = self.local_date(start) - _DAY
        for day in (first + n * _DAY for n in range(HORIZON)):
            if self.is_working_day(day):
                yield self.at(day, self.opens), self.at(day, self.closes)

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much working time lies between two instants; none if ``end`` is not after ``start``."""
        total, day, last = timedelta(), self.local_date(start) - _DAY, self.local_date(end)
        while day <= last:
            if self.is_working_day(day):
                total += max(min(self.at(day, self.closes), end) - max(self.at(day, self.opens), start), timedelta())
            day += _DAY
        return total

    def next_opening(self, moment: datetime) -> datetime:
        """The first moment of working time at or after ``moment`` (itself during working hours); UTC.

        Raises ValueError when there is none within ``HORIZON`` days.
        """
        moment = _aware(moment).astimezone(UTC)
        for opens, closes in self._openings(moment):
            if moment < closes and opens < closes:
                return max(opens, moment)
        raise ValueError(f"there is no working time in the {HORIZON} days after {moment:%Y-%m-%d}")

    def after_quiet(self, moment: datetime, start: time, end: time) -> datetime:
        """The first moment at or after ``moment`` that is not quiet; UTC. ``start == end`` means never quiet.

        ``start`` and ``end`` are local times; a window whose end is earlier than its start goes over midnight.
        """
        moment = _aware(moment).astimezone(UTC)
        today = self.local_date(moment)
        for day in (today + n * _DAY for n in range(-2, 2)):
            last_day = day + _DAY if end < start else day
            if self.at(day, start) <= moment < self.at(last_day, end):
                moment = self.at(last_day, end)  # the next window may begin right here where the clocks jump
        return moment

    def quiet(self, moment: datetime, start: time, end: time) -> bool:
        """Whether ``moment`` lies between the local times ``start`` (included) and ``end`` (excluded)."""
        return self.after_quiet(moment, start, end) > _aware(moment)


@lru_cache(maxsize=4096)
def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The same few mornings and evenings are asked for all day long."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment
