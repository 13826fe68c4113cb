"""Which digest is due: one a local date, whatever the clocks do, and nothing falls between two of them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import WorkingCalendar
from domain.digest import LENGTH, Issue, Period, latest, so_far
from tests.domain.lives import MONDAY, SHANGHAI

TOWN = WorkingCalendar(SHANGHAI)
HALF_PAST_EIGHT = time(8, 30)
MONDAYS, FRIDAYS = 0, 4

ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
CALENDARS = ZONES.map(lambda name: WorkingCalendar(ZoneInfo(name)))
HOURS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
QUICK = settings(max_examples=150, deadline=None)


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A local time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def daily(now: datetime, calendar: WorkingCalendar = TOWN, hour: time = HALF_PAST_EIGHT) -> Issue:
    """The daily digest whose hour came last."""
    return latest(Period.DAILY, hour, MONDAYS, calendar, now)


def weekly(now: datetime, weekday: int = MONDAYS) -> Issue:
    """The weekly one."""
    return latest(Period.WEEKLY, HALF_PAST_EIGHT, weekday, TOWN, now)


def test_the_daily_digest_is_due_from_its_hour_on() -> None:
    assert daily(local("2026-11-24 08:29:59")).day == date(2026, 11, 23)
    assert daily(local("2026-11-24 08:30")) == Issue(
        date(2026, 11, 24), local("2026-11-23 08:30"), local("2026-11-24 08:30")
    )
    assert daily(local("2026-11-24 23:59")).day == date(2026, 11, 24)


def test_the_weekly_digest_is_due_on_its_day_and_for_the_week_after_it() -> None:
    assert weekly(local("2026-11-23 08:29")).day == date(2026, 11, 16)
    assert weekly(local("2026-11-23 08:30")) == Issue(
        date(2026, 11, 23), local("2026-11-16 08:30"), local("2026-11-23 08:30")
    )
    assert weekly(local("2026-11-29 23:00")).day == date(2026, 11, 23)
    assert weekly(local("2026-11-23 09:00"), FRIDAYS).day == date(2026, 11, 20)


def test_after_a_week_of_downtime_only_the_latest_is_due() -> None:
    before, after = daily(local("2026-11-16 09:00")), daily(local("2026-11-23 09:00"))
    assert after.day - before.day == timedelta(days=7)
    assert after.until - after.since == timedelta(days=1)


def test_an_hour_that_the_clocks_skip_or_repeat_comes_once_that_day() -> None:
    berlin = WorkingCalendar(ZoneInfo("Europe/Berlin"))
    for changes in (date(2026, 3, 29), date(2026, 10, 25)):
        start = berlin.at(changes, time(0))
        seen = [daily(start + timedelta(minutes=5 * n), berlin, time(2, 30)).day for n in range(25 * 12)]
        assert sorted(set(seen)) == [changes - timedelta(days=1), changes]
        assert seen == sorted(seen)


@QUICK
@given(CALENDARS, HOURS, st.sampled_from(Period), st.integers(0, 6), MOMENTS)
def test_the_latest_digest_is_the_one_whose_hour_came_last(
    calendar: WorkingCalendar, hour: time, period: Period, weekday: int, now: datetime
) -> None:
    issue = latest(period, hour, weekday, calendar, now)
    assert issue.until <= now < calendar.at(issue.day + LENGTH[period], hour)
    assert issue.day.weekday() == weekday or period is Period.DAILY


@QUICK
@given(CALENDARS, HOURS, st.sampled_from(Period), st.integers(0, 6), MOMENTS)
def test_each_digest_begins_where_the_one_before_it_ended(
    calendar: WorkingCalendar, hour: time, period: Period, weekday: int, now: datetime
) -> None:
    issue = latest(period, hour, weekday, calendar, now)
    before = latest(period, hour, weekday, calendar, issue.until - timedelta(microseconds=1))
    assert before.until == issue.since
    assert before.day == issue.day - LENGTH[period]


@QUICK
@given(CALENDARS, HOURS, MOMENTS, st.lists(st.timedeltas(timedelta(0), timedelta(days=3)), max_size=20))
def test_time_never_brings_an_earlier_digest_back(
    calendar: WorkingCalendar, hour: time, now: datetime, steps: list[timedelta]
) -> None:
    """A digest's name is its local date; while names only rise, one that was sent is never sent again."""
    days = [daily(now := now + step, calendar, hour).day for step in steps]
    assert days == sorted(days)


@pytest.mark.parametrize("period", Period)
def test_what_is_asked_for_now_reaches_back_from_now(period: Period) -> None:
    issue = so_far(period, TOWN, MONDAY)
    assert (issue.day, issue.until, issue.until - issue.since) == (date(2026, 11, 23), MONDAY, LENGTH[period])
