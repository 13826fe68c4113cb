"""The calendar against an independent oracle that counts minutes, and against what people expect on known days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.calendar import HORIZON, UNITS, Span, WorkingCalendar

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ZONES = (SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"))
# Around the days on which the clocks change in Berlin, New York and on Lord Howe Island (by half an hour).
CHANGES = (
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 4, 5),
    date(2026, 10, 4),
    date(2026, 10, 25),
    date(2026, 11, 1),
)
MINUTE = timedelta(minutes=1)

spring_festival_2026 = WorkingCalendar(
    SHANGHAI,
    holidays=frozenset(date(2026, 2, n) for n in range(16, 24)),
    workdays=frozenset({date(2026, 2, 14), date(2026, 2, 28)}),
)


def local(month: int, day: int, hour: int, minute: int = 0, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=zone)


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    day = draw(st.sampled_from(CHANGES)) + timedelta(days=draw(st.integers(-3, 3)))
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + draw(st.integers(0, 1439)) * MINUTE


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    days = st.builds(lambda c, n: c + timedelta(days=n), st.sampled_from(CHANGES), st.integers(-5, 9))
    opens, closes = draw(st.sampled_from([(8 * 60 + 30, 17 * 60 + 30), (9 * 60, 10 * 60), (4 * 60, 23 * 60)]))
    return WorkingCalendar(
        zone=draw(st.sampled_from(ZONES)),
        opens=time(*divmod(opens, 60)),
        closes=time(*divmod(closes, 60)),
        holidays=draw(st.frozensets(days, max_size=4)),
        workdays=draw(st.frozensets(days, max_size=3)),
    )


def works(calendar: WorkingCalendar, minute: datetime) -> bool:
    """The oracle: is this one minute working time? Written without the code under test."""
    there = minute.astimezone(calendar.zone)
    day = there.date()
    on_duty = day in calendar.workdays or (there.isoweekday() <= 5 and day not in calendar.holidays)
    return on_duty and calendar.opens <= there.time() < calendar.closes


def counted(calendar: WorkingCalendar, start: datetime, end: datetime) -> int:
    return sum(works(calendar, start + n * MINUTE) for n in range(int((end - start) / MINUTE)))


@given(calendars(), moments(), st.integers(0, 3 * 1440))
def test_working_time_is_the_number_of_working_minutes(calendar: WorkingCalendar, start: datetime, length: int) -> None:
    end = start + length * MINUTE
    assert calendar.working_time(start, end) == counted(calendar, start, end) * MINUTE


@given(calendars(), moments(), st.integers(1, 12))
def test_working_hours_end_at_the_earliest_instant(calendar: WorkingCalendar, start: datetime, hours: int) -> None:
    due = calendar.after(start, Span(hours, "wh"))
    assert due.tzinfo is UTC
    assert calendar.working_time(start, due) == timedelta(hours=hours)
    assert works(calendar, due - MINUTE), "a minute earlier it was not yet done"
    assume(due - start < timedelta(days=3))
    assert counted(calendar, start, due) == hours * 60


@given(calendars(), moments(), st.integers(1, 4))
def test_a_working_day_is_worth_a_full_day_of_working_time(calendar: WorkingCalendar, start: datetime, n: int) -> None:
    due = calendar.after(start, Span(n, "wd"))
    assert calendar.working_time(start, due) == n * calendar.day_length
    assert works(calendar, due - MINUTE)


@given(calendars(), moments(), moments(), st.sampled_from(["s", "m", "h", "wh", "wd"]), st.integers(0, 9))
def test_who_starts_later_is_never_due_earlier(
    calendar: WorkingCalendar, a: datetime, b: datetime, unit: str, amount: int
) -> None:
    first, second = sorted([a, b])
    span = Span(amount, unit)
    assert first <= calendar.after(first, span) <= calendar.after(second, span)


@given(calendars(), moments(), st.integers(0, 40))
def test_days_keep_the_wall_clock(calendar: WorkingCalendar, start: datetime, days: int) -> None:
    due = calendar.after(start, Span(days, "d"))
    before, after = calendar.local(start), calendar.local(due)
    assert after.date() - before.date() == timedelta(days=days)
    skipped = timedelta(hours=after.hour - before.hour, minutes=after.minute - before.minute)
    assert skipped in (timedelta(), timedelta(minutes=30), timedelta(hours=1))


@given(calendars(), moments(), st.times().map(lambda t: t.replace(second=0, microsecond=0)))
def test_the_next_time_of_day_is_the_first_minute_that_shows_it(
    calendar: WorkingCalendar, moment: datetime, clock: time
) -> None:
    found = calendar.next_at(moment, clock)
    assert moment < found <= moment + timedelta(hours=49)
    shown = calendar.local(found).time()
    assume(shown == clock)  # otherwise the clocks skipped it
    minutes = (moment + n * MINUTE for n in range(1, int((found - moment) / MINUTE)))
    earlier = [m for m in minutes if calendar.local(m).time() == clock]
    assert all(calendar.local(m).fold for m in earlier), "only the second time of a repeated hour is passed over"


@given(calendars(), moments())
def test_opening_is_the_first_working_minute(calendar: WorkingCalendar, moment: datetime) -> None:
    opening = calendar.next_opening(moment)
    assert works(calendar, opening)
    assert calendar.working_time(moment, opening) == timedelta()
    assert opening == moment or not works(calendar, moment)


@given(st.sampled_from(ZONES), moments(), st.integers(4, 23), st.integers(4, 23))
def test_quiet_hours_by_the_wall_clock(zone: ZoneInfo, moment: datetime, start: int, end: int) -> None:
    calendar, begins, ends = WorkingCalendar(zone), time(start, 30), time(end)
    shown = calendar.local(moment).time()
    inside = begins <= shown < ends if begins <= ends else shown >= begins or shown < ends
    assert calendar.quiet(moment, begins, ends) is inside
    after = calendar.after_quiet(moment, begins, ends)
    assert after == moment if not inside else calendar.local(after).time() == ends
    assert not calendar.quiet(after, begins, ends)


@given(st.sampled_from(ZONES), moments(), st.times(), st.times())
def test_quiet_hours_always_end(zone: ZoneInfo, moment: datetime, start: time, end: time) -> None:
    calendar = WorkingCalendar(zone)
    after = calendar.after_quiet(moment, start, end)
    assert moment <= after <= moment + timedelta(hours=25)
    assert not calendar.quiet(after, start, end)


@given(st.builds(Span, st.integers(0, 10**9 - 1), st.sampled_from(UNITS)))
def test_a_span_reads_what_it_writes(span: Span) -> None:
    assert Span.parse(str(span)) == span


@pytest.mark.parametrize("text", ["", "2", "wd", "2 weeks", "-1d", "1.5h", "2wh2", "2WD", "２d", "9999999999d"])
def test_what_is_no_span_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a span of time: write a whole number and one of s, m, h, d, wh, wd"):
        Span.parse(text)


def test_a_span_refuses_unknown_units_and_negative_amounts() -> None:
    with pytest.raises(ValueError, match="'week' is not a unit of time"):
        Span(1, "week")
    with pytest.raises(ValueError, match="cannot be negative"):
        Span(-1, "d")


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        (local(2, 13, 17), "2wh", local(2, 14, 10)),  # the Saturday before the festival is a working day
        (local(2, 14, 17), "2wh", local(2, 24, 10)),  # then ten days of nothing
        (local(2, 14, 17), "1wd", local(2, 24, 17)),
        (local(2, 28, 9), "1wd", local(3, 2, 9)),  # Saturday 9:00, worked, to Monday 9:00
        (local(3, 7, 12), "1wd", local(3, 9, 17, 30)),  # reported on a Saturday: the whole of Monday
        (local(3, 9, 8, 30), "1wd", local(3, 9, 17, 30)),  # the earliest instant: at closing, not next morning
        (local(3, 9, 9), "7d", local(3, 16, 9)),
        (local(3, 9, 9), "90s", local(3, 9, 9) + timedelta(seconds=90)),
        (local(3, 9, 9), "20m", local(3, 9, 9, 20)),
        (local(3, 9, 9), "72h", local(3, 12, 9)),
        (local(3, 7, 12), "0wd", local(3, 7, 12)),
    ],
)
def test_known_days(start: datetime, span: str, due: datetime) -> None:
    assert spring_festival_2026.after(start, Span.parse(span)) == due


def test_a_day_over_the_change_of_clocks_is_23_or_25_hours() -> None:
    calendar = WorkingCalendar(BERLIN)
    spring, autumn = local(3, 28, 12, zone=BERLIN), local(10, 24, 12, zone=BERLIN)
    assert calendar.after(spring, Span(1, "d")) - spring.astimezone(UTC) == timedelta(hours=23)
    assert calendar.after(autumn, Span(1, "d")) - autumn.astimezone(UTC) == timedelta(hours=25)


def test_a_skipped_time_moves_on_and_a_repeated_one_comes_first() -> None:
    calendar = WorkingCalendar(BERLIN)
    assert calendar.at(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # shows 03:30
    assert calendar.at(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10 for the second time
    assert calendar.after(second, Span(0, "d")) == second


def test_a_place_that_skipped_a_whole_day_has_a_next_morning_too() -> None:
    samoa = WorkingCalendar(ZoneInfo("Pacific/Apia"))  # went from Thursday 29 to Saturday 31 December 2011
    thursday = datetime(2011, 12, 29, 9, tzinfo=samoa.zone)
    assert samoa.local(samoa.next_at(thursday, time(8))) == datetime(2011, 12, 31, 8, tzinfo=samoa.zone)


def test_start_equal_to_end_is_never_quiet() -> None:
    calendar = WorkingCalendar(SHANGHAI)
    assert not any(calendar.quiet(local(3, 9, h), time(8), time(8)) for h in range(24))


def test_a_weekend_can_be_other_days() -> None:
    calendar = WorkingCalendar(ZoneInfo("Asia/Dubai"), weekend=frozenset({4, 5}))
    assert [calendar.is_working_day(date(2026, 3, 1) + timedelta(days=n)) for n in range(7)] == [True] * 5 + [False] * 2


def test_a_calendar_without_working_days_says_so() -> None:
    calendar = WorkingCalendar(SHANGHAI, weekend=frozenset(range(7)))
    with pytest.raises(ValueError, match=f"too little working time in the {HORIZON} days after 2026-03-09"):
        calendar.after(local(3, 9, 9), Span(1, "wh"))
    with pytest.raises(ValueError, match=f"no working time in the {HORIZON} days"):
        calendar.next_opening(local(3, 9, 9))


@pytest.mark.parametrize("text", ["999999999d", "999999999h", "999999999wd", "999999999wh"])
def test_a_span_without_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"outside of the calendar|too little working time"):
        WorkingCalendar(SHANGHAI).after(local(3, 9, 9), Span.parse(text))


def test_the_end_of_time_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="outside of the calendar"):
        WorkingCalendar(SHANGHAI).after(datetime(9999, 12, 31, 9, tzinfo=UTC), Span(2, "wd"))


def test_opening_hours_must_open() -> None:
    with pytest.raises(ValueError, match="must open before they close"):
        WorkingCalendar(SHANGHAI, opens=time(9), closes=time(9))


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 3, 9)  # noqa: DTZ001 - that is what is refused
    calendar = WorkingCalendar(SHANGHAI)
    for ask in (calendar.local, calendar.next_opening, lambda m: calendar.after(m, Span(1, "h"))):
        with pytest.raises(ValueError, match="has no time zone"):
            ask(naive)
