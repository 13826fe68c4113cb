"""Dates as people write them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.dates import read_date

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-12-30", date(2026, 12, 30)),
        ("2026年12月30日", date(2026, 12, 30)),
        ("2026/1/5", date(2026, 1, 5)),
        ("12月30日", date(2026, 12, 30)),
        ("12月30号", date(2026, 12, 30)),
        (" 1月5日 ", date(2027, 1, 5)),
        ("11月23日", TODAY),
        ("12/30", date(2026, 12, 30)),
        ("30 Dec", date(2026, 12, 30)),
        ("30. December 2027", date(2027, 12, 30)),
        ("Dec 30", date(2026, 12, 30)),
        ("January 5, 2027", date(2027, 1, 5)),
        ("2月29日", date(2028, 2, 29)),
        ("昨天", None),
        ("2026-02-30", None),
        ("30 Foo", None),
        ("", None),
        ("13月1日", None),
    ],
)
def test_a_day_is_read_or_not(text: str, found: date | None) -> None:
    assert read_date(text, TODAY) == found


WAYS = (
    "{0.year}-{0.month}-{0.day}",
    "{0:%Y-%m-%d}",
    "{0.year}年{0.month}月{0.day}日",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}.{0.month}.{0.day}",
)


@settings(max_examples=50, deadline=None, database=None)
@given(st.dates(date(1000, 1, 1)), st.sampled_from(WAYS))
def test_a_day_with_its_year_is_that_day(day: date, way: str) -> None:
    assert read_date(way.format(day), TODAY) == day


@settings(max_examples=100, deadline=None, database=None)
@given(st.dates(date(2024, 1, 1), date(2120, 1, 1)), st.integers(1, 12), st.integers(1, 31))
def test_a_day_without_its_year_lies_ahead_and_is_the_first_such_day(today: date, month: int, number: int) -> None:
    found = read_date(f"{month}月{number}日", today)
    if found is None:
        assert number > 29
        return
    assert (found.month, found.day) == (month, number)
    assert found >= today
    assert (month, number) == (2, 29) or (found - today).days < 366


@settings(max_examples=100, deadline=None, database=None)
@given(st.text(max_size=20))
def test_any_words_are_read_without_an_error(text: str) -> None:
    found = read_date(text, TODAY)
    assert found is None or isinstance(found, date)
