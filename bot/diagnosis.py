"""``doctor``: is everything well? Each finding is one line with what is wrong and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from shutil import disk_usage

from bot.config import Settings
from domain.charter import Charter
from storage.database import Database
from storage.unit import Unit

FULL = 0.9
WAL_RESET_MENDED = (3, 51, 3)
"""SQLite before this version has a fault that a second checkpointing writer can trigger; here there is only one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something looked at; ``bad`` where something must be done."""

    subject: str
    text: str
    bad: bool = False

    def line(self) -> str:
        """As it is printed."""
        return f"{'✗' if self.bad else '✓'} {self.subject}: {self.text}"


async def examine(settings: Settings, database: Database, charter: Charter, now: datetime) -> list[Finding]:
    """Everything that can be looked at without Telegram."""
    found = list(await database.read(lambda unit: list(in_database(unit, charter, now))))
    return [*engine(database), *disk(settings), *calendar(settings, now), *found]


def engine(database: Database) -> Iterator[Finding]:
    """The engine and its version."""
    version = ".".join(map(str, database.engine_version))
    careful = database.engine_name == "SQLite" and database.engine_version < WAL_RESET_MENDED
    note = " (before 3.51.3: only the bot may write to the file)" if careful else ""
    yield Finding(database.engine_name, version + note)


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for the data."""
    usage = disk_usage(settings.home)
    used = usage.used / usage.total
    yield Finding("disk", f"{used:.0%} used" + (": make room" if used > FULL else ""), used > FULL)


def calendar(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Years whose holidays and make-up workdays are known."""
    wanted = (now.year, now.year + 1)
    missing = [year for year in wanted if year not in settings.holidays(wanted).covered]
    remedy = "put them into the file calendar.overrides names"
    for year in missing:
        yield Finding("calendar", f"the holidays of {year} are not known: {remedy}", bad=year == now.year)
    if not missing:
        yield Finding("calendar", f"{wanted[0]} and {wanted[1]} are covered")


def in_database(unit: Unit, charter: Charter, now: datetime) -> Iterator[Finding]:
    """Quarantine, outbox, errands, invariants."""
    for update in unit.intake.quarantined():
        yield Finding(
            "quarantine",
            f"update {update.update_id}, code {update.code}, {update.error} at {update.at:%Y-%m-%d %H:%M}Z",
            True,
        )
    counts = unit.outbox.counts()
    for state in ("dead", "uncertain", "undeliverable"):
        if counts.get(state):
            yield Finding("outbox", f"{counts[state]} {state}", bad=state == "dead")
    yield Finding("outbox", f"{counts.get('pending', 0)} waiting, {counts.get('sent', 0)} sent")
    if failed := unit.errands.count_failed():
        yield Finding("errands", f"{failed} given up", bad=True)
    asleep = unit.board.awake_without_date()
    yield Finding(
        "cases",
        f"{len(asleep)} without a next date: {', '.join(asleep[:5])}" if asleep else "all have a next date",
        bool(asleep),
    )
