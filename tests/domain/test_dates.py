"""Dates as people write them."""

from datetime import date

import pytest

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
