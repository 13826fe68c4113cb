"""A country's holidays and make-up working days, from the ``holidays`` package and the operator's own file.

The rule: a year is *covered* when its days are known rather than calculated. Where weekends are worked to make up for
holidays (China: a yearly notice of the State Council, out in November) the package knows them up to some year, and a
later year is covered only once the operator's file has it. Elsewhere every year the package supports is covered.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NamedTuple

import holidays
from holidays.registry import COUNTRIES

_FIRST_NOTICE = 2001  # the earliest year for which the package knows make-up days of any country


class HolidayYears(NamedTuple):
    """Days off, weekend days that are worked, and the years for which both are known."""

    holidays: frozenset[date]
    workdays: frozenset[date]
    covered: frozenset[int]


def days(country: str, years: Iterable[int], override: Path | None = None) -> HolidayYears:
    """What is known of those years in a country (``CN``) or one of its parts (``DE-BY``, ISO 3166-2).

    ``override`` is a TOML file with a table a year, ``[2027]``, of ``holidays`` and ``workdays``: they are added, win
    over the package's, and cover the year. Raises ValueError, in one sentence, for an unknown country or a faulty file.
    """
    asked = frozenset(years)
    off, worked, covered = _of_package(country, asked)
    for year, (more_off, more_worked) in _read(override).items() if override else ():
        if year in asked:
            off, worked = (off | more_off) - more_worked, (worked | more_worked) - more_off
            covered |= {year}
    return HolidayYears(off, worked, covered)


@lru_cache(maxsize=32)
def _of_package(country: str, years: frozenset[int]) -> HolidayYears:
    """Calculated once: the package says the same each time, and takes 10 ms."""
    off = frozenset(_calendar(country, years))
    return HolidayYears(off, frozenset(_make_up_days(country, years)), _covered(country, years))


@lru_cache(maxsize=32)
def weekend(country: str) -> frozenset[int]:
    """The country's weekend, Monday being 0; ValueError for an unknown country."""
    return frozenset(_calendar(country, ()).weekend)


def _calendar(country: str, years: Iterable[int]) -> holidays.HolidayBase:
    code, _, part = country.partition("-")
    try:
        calendar = _country(code)(subdiv=part or None, years=years)
    except NotImplementedError as error:
        raise ValueError(
            f"there is no holiday calendar for {country!r}: use a code such as CN, or DE-BY for a part of a country"
        ) from error
    calendar.expand = False  # or asking about a day of another year would add that year
    return calendar


@cache
def _country(code: str) -> Callable[..., holidays.HolidayBase]:
    """The country's calendar, loaded by itself: the package would load all 250, which takes 60 ms and 8 MB."""
    found = next(((module, names[0]) for module, names in COUNTRIES.items() if code in names), None)
    if found is None:
        raise NotImplementedError(code)
    module, name = found
    place = Path(holidays.__file__).parent / "countries" / f"{module}.py"
    spec = spec_from_file_location(f"holidays.countries.{module}", place)
    if spec is None or spec.loader is None:
        raise NotImplementedError(code)
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    calendar: Callable[..., holidays.HolidayBase] = getattr(loaded, name)
    return calendar


def _make_up_days(country: str, years: frozenset[int]) -> set[date]:
    return {day for day in _calendar(country, years).weekend_workdays if day.year in years}


def _covered(country: str, years: frozenset[int]) -> frozenset[int]:
    calendar = _calendar(country, ())
    supported = {year for year in years if calendar.start_year <= year <= calendar.end_year}
    notices = range(_FIRST_NOTICE, max(supported, default=_FIRST_NOTICE) + 1)
    with_make_up_days = {day.year for day in _calendar(country, notices).weekend_workdays}
    if not with_make_up_days:
        return frozenset(supported)
    return frozenset(supported & set(range(min(with_make_up_days), max(with_make_up_days) + 1)))


def _read(path: Path) -> dict[int, tuple[frozenset[date], frozenset[date]]]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: the file of holidays cannot be read: {error}") from error
    return {_year(path, key): _table(path, key, table) for key, table in tables.items()}


def _year(path: Path, key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) == 4):
        raise ValueError(f"{path}: [{key}] is not a year: write a table such as [2027]")
    return int(key)


def _table(path: Path, year: str, table: object) -> tuple[frozenset[date], frozenset[date]]:
    if not isinstance(table, Mapping) or not table.keys() <= {"holidays", "workdays"}:
        raise ValueError(f"{path}: [{year}] may hold holidays and workdays, two lists of dates, and nothing else")
    off, worked = (_dates(path, year, key, table.get(key, [])) for key in ("holidays", "workdays"))
    if both := off & worked:
        raise ValueError(f"{path}: [{year}] lists {min(both)} both as a holiday and as a workday")
    return off, worked


def _dates(path: Path, year: str, key: str, listed: Any) -> frozenset[date]:
    if not isinstance(listed, list):
        raise ValueError(f"{path}: [{year}] {key} must be a list of dates, such as [{year}-10-01]")
    return frozenset(_date(path, year, key, entry) for entry in listed)


def _date(path: Path, year: str, key: str, entry: object) -> date:
    try:
        day = date.fromisoformat(entry) if isinstance(entry, str) else entry
    except ValueError:
        day = None
    if not isinstance(day, date) or isinstance(day, datetime) or day.year != int(year):
        raise ValueError(f"{path}: [{year}] {key}: {entry!s} is not a date in {year}, written such as {year}-10-01")
    return day
