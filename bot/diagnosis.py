"""``doctor``: is everything well? Each finding is one line with what is wrong and what to do.

Nothing is changed by looking: the schema is not brought up to date, and the running bot is only asked.
"""

from collections.abc import Iterator
from datetime import datetime

from bot import control
from bot.config import ConfigError, Settings
from bot.diagnosis_machine import machine
from bot.diagnosis_telegram import telegram
from bot.diagnosis_webhook import answering
from bot.findings import Finding, warned, wrong
from bot.kept_words import KeptWords
from bot.operations import aged
from bot.quarantine import kept_where
from domain.cases import CaseId
from handlers.operator import failures
from storage.database import Database
from storage.schema import HEAD
from storage.unit import Unit

WAL_RESET_MENDED = (3, 51, 3)
"""SQLite before this version has a fault that a second checkpointing writer can trigger; here there is only one."""
WANTED = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"}
"""As storage/sqlite.py sets them: 2 is FULL."""
SAMPLE = 200
"""Cases that are replayed without ``--deep``: the newest."""
MANY = 10
"""Lines of one kind; the rest is counted."""


async def examine(settings: Settings, database: Database, now: datetime, *, deep: bool, offline: bool) -> list[Finding]:
    """Everything that can be looked at."""
    found = [*engine(database)]
    version = await database.read(lambda unit: unit.operations.version())
    if version == HEAD:
        found.append(Finding("migrations", f"version {version}, the newest"))
        found += await database.read(lambda unit: list(in_database(unit, settings, now, deep)))
    else:
        found.append(
            wrong("migrations", f"the database has version {version}, the program {HEAD}: stop the bot, run `migrate`")
        )
    found += [*machine(settings, now), *calendar(settings, now), await running(settings)]
    if offline:
        return found
    called = [await answering(settings)] if settings.telegram.mode == "webhook" else []
    return [*found, *await telegram(settings, now), *called]


def engine(database: Database) -> Iterator[Finding]:
    """The engine and its version."""
    version = ".".join(map(str, database.engine_version))
    careful = database.engine_name == "SQLite" and database.engine_version < WAL_RESET_MENDED
    note = " (before 3.51.3: only the bot may write to the file)" if careful else ""
    yield Finding(database.engine_name, version + note)


async def running(settings: Settings) -> Finding:
    """What the running bot says of itself."""
    try:
        answer = await control.ask_running(settings.data_folder, "health", {})
    except ConfigError as error:
        return wrong("bot", str(error))
    if answer is None and control.held(settings.data_folder):
        return warned("bot", "it starts or stops, or has several workers: look again, or ask /healthz/ready")
    if answer is None:
        return warned("bot", "it does not run here: start it with systemctl start yixian")
    ill = [f"{check['name']} {check['text']}" for check in answer["checks"] if not check["ok"]]
    if ill:
        return wrong("bot", f"{'; '.join(ill)}: look into its log, restart it")
    waiting = [check["text"] for check in answer["checks"] if check["name"] == "updates"]
    return Finding("bot", "; ".join(["runs, is ready", *waiting]))


def calendar(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Years whose holidays and make-up workdays are known. Next year's are published each November."""
    wanted = (now.year, now.year + 1)
    missing = [year for year in wanted if year not in settings.holidays(wanted).covered]
    remedy = "put them into the file calendar.overrides names"
    for year in missing:
        say = wrong if year == now.year else warned
        yield say("calendar", f"the holidays of {year} are not known: {remedy}")
    if not missing:
        yield Finding("calendar", f"{wanted[0]} and {wanted[1]} are covered")


# -- in the database


def in_database(unit: Unit, settings: Settings, now: datetime, deep: bool) -> Iterator[Finding]:
    """Settings, quarantine, outbox, errands, invariants."""
    if settings.database_file is not None:
        yield from pragmas(unit)
    yield from quarantine(unit, KeptWords(settings.data_folder))
    yield from outbox(unit, settings, now)
    if failed := unit.errands.count_failed():
        yield wrong("errands", f"{failed} given up: see the log; opening the bot asks for a menu again")
    yield from cases(unit, deep, settings.database_file is not None)
    if (failed_backup := failures(unit)).at is not None:
        yield wrong("backup", f"the last one failed, {failed_backup.why}: mend it and run `backup`")


def pragmas(unit: Unit) -> Iterator[Finding]:
    """SQLite's settings."""
    found = unit.operations.pragmas()
    off = [f"{name} is {found.get(name)} instead of {value}" for name, value in WANTED.items() if found[name] != value]
    if off:
        yield wrong("settings", f"{', '.join(off)}: the file is on a disk or in a program that does not allow it")
    else:
        yield Finding("settings", "WAL, synchronous FULL, foreign keys, secure delete")


def quarantine(unit: Unit, words: KeptWords) -> Iterator[Finding]:
    """Updates that were set aside, stored or not, and words that belong to none of them."""
    found = unit.intake.quarantined()
    for update in found[:MANY]:
        aside = unit.operations.set_aside(update.code)
        yield wrong(
            "quarantine",
            f"update {update.update_id}, code {update.code}, {update.error} at {update.at:%Y-%m-%d %H:%M}Z"
            f"{kept_where(aside, words) if aside else ''}: `quarantine retry` or `drop`",
        )
    if len(found) > MANY:
        yield wrong("quarantine", f"and {len(found) - MANY} more: `quarantine show`")
    if not found:
        yield Finding("quarantine", "empty")
    for code in sorted(set(words.codes()) - {update.code for update in found}):
        yield warned("quarantine", f"{words.path(code)}: nothing that was set aside has this code; remove it")


def outbox(unit: Unit, settings: Settings, now: datetime) -> Iterator[Finding]:
    """What could not be sent, and how far behind the rest is."""
    counts = unit.outbox.counts()
    if dead := counts.get("dead"):
        yield wrong("outbox", f"{dead} dead: `outbox show`, then `outbox retry`")
    if uncertain := counts.get("uncertain"):
        yield warned("outbox", f"{uncertain} uncertain, perhaps not arrived: `outbox show`, then `outbox retry`")
    if undeliverable := counts.get("undeliverable"):
        yield warned("outbox", f"{undeliverable} undeliverable: their readers blocked the bot or are gone")
    age = unit.operations.outbox_age(now)
    late = age >= settings.operator.outbox_age.total_seconds()
    text = f"{counts.get('pending', 0)} waiting, {counts.get('sent', 0)} sent"
    if late:
        yield wrong("outbox", f"{text}; the oldest waits for {aged(age)}: does the bot run, can it reach Telegram?")
    else:
        yield Finding("outbox", text)


def cases(unit: Unit, deep: bool, file: bool) -> Iterator[Finding]:
    """Every open case has a next date, no finished one has, and each is what its journal tells."""
    asleep, awake = unit.board.awake_without_date(), unit.operations.resting_with_date()
    if asleep:
        yield wrong("cases", f"{len(asleep)} without a next date: {', '.join(asleep[:5])}: report this, keep a backup")
    if awake:
        yield wrong("cases", f"{awake} finished ones have a next date: report this, keep a backup")
    if not (asleep or awake):
        yield Finding("cases", "all have a next date")
    yield from journal(unit, deep, file)


def journal(unit: Unit, deep: bool, file: bool) -> Iterator[Finding]:
    """Cases replayed: the newest, or all; with ``deep`` the file too."""
    ids = unit.operations.newest_cases(-1 if deep else SAMPLE)
    false = [case for case in map(CaseId, ids) if unit.journal.replay(case) != unit.cases.get(case)]
    lost = unit.operations.lost_events() if deep else 0
    if false or lost:
        yield wrong("journal", f"{len(false)} cases differ from it, {lost} events without a case: keep a backup")
    else:
        yield Finding("journal", f"{len(ids)} cases replayed from it")
    if deep and file:
        whole = unit.operations.integrity()
        yield Finding("file", "whole") if whole == "ok" else wrong("file", "damaged: restore the last backup")
