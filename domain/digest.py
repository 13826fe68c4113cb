"""When a digest is due, and from when it counts.

A digest belongs to a local date: the day it is for (daily), or the day its week begins to be over (weekly, on the
group's weekday). It is due from its hour on until the next one is; after downtime only the latest is sent, late rather
than never. The local date is its name, so it is sent once whatever the clock does.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.calendar import WorkingCalendar


class Period(StrEnum):
    """How often."""

    DAILY = "daily"
    WEEKLY = "weekly"


LENGTH = {Period.DAILY: timedelta(days=1), Period.WEEKLY: timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Issue:
    """One digest: its date, and the moments between which it counts. ``day`` is a local date."""

    day: date
    since: datetime
    until: datetime


def latest(period: Period, hour: time, weekday: int, calendar: WorkingCalendar, now: datetime) -> Issue:
    """The digest whose hour came last. A daily one counts from yesterday's hour, a weekly one from last week's."""
    day = calendar.local_date(now)
    if calendar.at(day, hour) > now:
        day -= timedelta(days=1)
    if period is Period.WEEKLY:
        day -= timedelta(days=(day.weekday() - weekday) % 7)
    return Issue(day, calendar.at(day - LENGTH[period], hour), calendar.at(day, hour))


def so_far(period: Period, calendar: WorkingCalendar, now: datetime) -> Issue:
    """The digest of this moment, for whoever asks for it now."""
    day = calendar.local_date(now)
    return Issue(day, now - LENGTH[period], now)
