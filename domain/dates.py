"""Dates as people write them: ``12月30日``, ``2026-12-30``, ``12/30``, ``30 Dec``."""

import re
from datetime import date

NUMERIC = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?$")
HAN = re.compile(r"^(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?$")
MONTH_DAY = re.compile(r"^(\d{1,2})\s*[-/]\s*(\d{1,2})$")
ENGLISH = re.compile(r"^(\d{1,2})\.?\s*([a-z]{3})[a-z]*\.?,?\s*(\d{4})?$", re.IGNORECASE)
ENGLISH_FIRST = re.compile(r"^([a-z]{3})[a-z]*\.?\s*(\d{1,2}),?\s*(\d{4})?$", re.IGNORECASE)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_date(text: str, today: date) -> date | None:
    """The day that is meant, or None. Without a year it is the next such day from ``today`` on."""
    written = text.strip()
    if found := NUMERIC.match(written):
        return day(int(found[1]), int(found[2]), int(found[3]))
    if found := HAN.match(written) or MONTH_DAY.match(written):
        return coming(int(found[1]), int(found[2]), today)
    if found := ENGLISH.match(written):
        return english(found[2], found[1], found[3], today)
    if found := ENGLISH_FIRST.match(written):
        return english(found[1], found[2], found[3], today)
    return None


def english(month: str, number: str, year: str | None, today: date) -> date | None:
    """A date with the month's name."""
    if month.lower() not in MONTHS:
        return None
    at = MONTHS.index(month.lower()) + 1
    return day(int(year), at, int(number)) if year else coming(at, int(number), today)


def coming(month: int, number: int, today: date) -> date | None:
    """The next such day, today included; 29 February may be four years away, or eight."""
    candidates = (day(year, month, number) for year in range(today.year, today.year + 9))
    return next((found for found in candidates if found and found >= today), None)


def day(year: int, month: int, number: int) -> date | None:
    """A date, or None where there is no such day."""
    try:
        return date(year, month, number)
    except ValueError:
        return None
