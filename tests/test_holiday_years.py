"""Holidays by year: what the package knows, what it only calculates, and what the operator adds."""

from datetime import date
from pathlib import Path

import holidays
import pytest

from bot.holiday_years import days, weekend


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "holidays.toml"
    path.write_text(
        "[2027]\nholidays = [2027-02-11, '2027-10-06', 2027-10-07]\nworkdays = [2027-09-26, 2027-10-05]\n"
        "[2031]\nholidays = [2031-01-02]\n",
        encoding="utf-8",
    )
    return path


def test_china_2026_follows_the_state_councils_notice() -> None:
    known = days("CN", [2026])
    assert {date(2026, 2, 16), date(2026, 2, 23), date(2026, 10, 7)} <= known.holidays
    assert known.workdays == {date(2026, m, d) for m, d in [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]}
    assert known.covered == {2026}


def test_a_chinese_year_is_covered_only_with_its_notice() -> None:
    known = days("CN", range(2024, 2090))
    assert {2024, 2025, 2026} <= known.covered
    assert 2089 not in known.covered
    assert date(2089, 10, 1) in known.holidays, "calculated all the same"


@pytest.mark.parametrize("country", ["CN", "CHN", "HK", "DE", "GB", "US", "IN", "IL", "ET", "NZ"])
def test_a_country_loaded_by_itself_is_as_the_package_has_it(country: str) -> None:
    theirs = holidays.country_holidays(country, years=(2026, 2027))
    assert days(country, (2026, 2027)).holidays == frozenset(theirs)
    assert weekend(country) == frozenset(theirs.weekend)


def test_only_the_years_asked_for() -> None:
    known = days("CN", [2025])
    assert {day.year for day in known.holidays | known.workdays} == {2025}


def test_the_operators_file_covers_a_year_and_wins(notice: Path) -> None:
    known = days("CN", [2026, 2027], notice)
    assert known.covered == {2026, 2027}
    assert {date(2027, 2, 11), date(2027, 10, 6), date(2027, 10, 1)} <= known.holidays
    assert date(2027, 10, 5) not in known.holidays, "the package had calculated a day off"
    assert {day for day in known.workdays if day.year == 2027} == {date(2027, 9, 26), date(2027, 10, 5)}
    assert not [day for day in known.holidays if day.year == 2031], "nobody asked about 2031"


def test_where_no_weekends_are_worked_every_year_is_covered() -> None:
    known = days("DE-BY", [2026, 2050])
    assert not known.workdays
    assert known.covered == {2026, 2050}
    assert date(2026, 6, 4) in known.holidays, "a holiday in Bavaria alone"
    assert date(2026, 6, 4) not in days("DE", [2026]).holidays


def test_years_the_package_does_not_support_are_not_covered() -> None:
    assert days("DE", [1800, 2500]).covered == frozenset()


def test_no_years_no_days() -> None:
    assert days("CN", []) == (frozenset(), frozenset(), frozenset())


def test_weekends() -> None:
    assert weekend("CN") == {5, 6}
    assert weekend("EG") == {4, 5}


@pytest.mark.parametrize("country", ["", "XX", "China!", "DE-XX"])
def test_an_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(ValueError, match="there is no holiday calendar for"):
        days(country, [2026])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[2027", "cannot be read"),
        ("[next]\nholidays = []", r"\[next\] is not a year"),
        ("2027 = 3", "may hold holidays and workdays"),
        ("[2027]\nfree = []", "may hold holidays and workdays"),
        ("[2027]\nholidays = 2027-01-01", "must be a list of dates"),
        ("[2027]\nholidays = [2026-01-01]", "2026-01-01 is not a date in 2027"),
        ("[2027]\nholidays = ['1 May']", "1 May is not a date in 2027"),
        ("[2027]\nholidays = [2027-01-01T08:00:00]", "is not a date in 2027"),
        ("[2027]\nholidays = [5]", "5 is not a date in 2027"),
        ("[2027]\nholidays = [2027-05-01]\nworkdays = [2027-05-01]", "2027-05-01 both as a holiday and as a workday"),
    ],
)
def test_a_faulty_file_is_refused_in_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "holidays.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence) as refusal:
        days("CN", [2027], path)
    assert str(refusal.value).startswith(f"{path}: ")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        days("CN", [2027], tmp_path / "nowhere.toml")
