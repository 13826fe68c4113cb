"""``doctor``: is everything well? Each finding is one line with what is wrong and what to do.

Nothing is changed by looking: the schema is not brought up to date, and the running bot is only asked. Whatever is
wrong with what is looked at becomes a finding: each subject is looked at by itself, and an error that nobody foresaw is
one that must be mended.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from bot import control
from bot.clock import SystemClock
from bot.config import ConfigError, Settings
from bot.diagnosis_machine import machine
from bot.diagnosis_telegram import telegram
from bot.diagnosis_webhook import answering
from bot.findings import REPORT, Finding, surely, unforeseen, warned, wrong
from bot.kept_words import KeptWords
from bot.opening import advice, connected, file_of, strange
from bot.operations import aged
from bot.quarantine import kept_where
from bot.redaction import redacted
from domain.cases import CaseId
from handlers.kit.messages import MESSAGES
from handlers.operator import failures, written_down
from storage.database import Database
from storage.file import damage, look
from storage.moving import MOVED_TO
from storage.outbox import Saying
from storage.records import load
from storage.schema import HEAD, refuse_unusable
from storage.unit import Unit
from storage.unusable import UNREADABLE, Unusable, Why

WAL_RESET_MENDED = (3, 51, 3)
"""SQLite before this version has a fault that a second checkpointing writer can trigger; here there is only one."""
WANTED = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1"}
"""As storage/sqlite.py sets them: 2 is FULL."""
SAMPLE = 200
"""Cases that are replayed without ``--deep``: the newest."""
MANY = 10
"""Lines of one kind; the rest is counted."""
MOST = 10_000
"""Messages to send that are read."""
LATEST = datetime(9999, 1, 1, tzinfo=UTC)


Check = Callable[[Unit], Iterable[Finding]]


async def doctor(settings: Settings, deep: bool = False, offline: bool = False) -> list[Finding]:
    """Everything that can be looked at, whatever there is."""
    now = SystemClock().now()
    return [*await database_there(settings, now, deep), *await around(settings, now, offline)]


async def examine(settings: Settings, database: Database, now: datetime, *, deep: bool, offline: bool) -> list[Finding]:
    """The same of a database that is open already, as tests have one; a command opens its own (``database_there``)."""
    return [*await in_database(settings, database, now, deep), *await around(settings, now, offline)]


async def around(settings: Settings, now: datetime, offline: bool) -> list[Finding]:
    """Everything outside the database."""
    found = [*machine(settings, now), *surely("calendar", lambda: calendar(settings, now)), *lock(settings)]
    found.append(await running(settings))
    return found if offline else [*found, *await at_telegram(settings, now)]


async def at_telegram(settings: Settings, now: datetime) -> list[Finding]:
    """What Telegram says; an answer that is none of its own is a finding, too."""
    try:
        called = [await answering(settings)] if settings.telegram.mode == "webhook" else []
        return [*await telegram(settings, now), *called]
    except Exception as error:
        return [unforeseen("telegram", error)]


# -- the database


async def database_there(settings: Settings, now: datetime, deep: bool) -> list[Finding]:
    """What is in the database; or why nobody can tell. What is damaged is not opened for work."""
    try:
        if path := file_of(settings):
            await asyncio.to_thread(look, path, True)
        database = await connected(settings)
    except Unusable as found:
        return unfit(settings, found, deep)
    except ConfigError as error:
        return [wrong("database", str(error))]
    except Exception as error:
        return [unforeseen("database", error)]
    try:
        if settings.shared_storage:
            await database.schema(refuse_unusable)
        return await in_database(settings, database, now, deep)
    except Unusable as found:
        return unfit(settings, found, deep)
    except Exception as error:
        return [unforeseen("database", error)]
    finally:
        await database.close()


def unfit(settings: Settings, found: Unusable, deep: bool) -> list[Finding]:
    """There is none to work on; of a damaged file, with ``deep``, where it is damaged."""
    subject = "migrations" if found.why is Why.OTHER_VERSION else "database"
    told = [wrong(subject, f"storage.url is {redacted(settings.storage.url)}, and it {advice(settings, found)}")]
    if deep and found.why is Why.DAMAGED and (path := settings.database_file):
        told += [wrong("pages", one) for one in damage(path, MANY)]
    return told


async def in_database(settings: Settings, database: Database, now: datetime, deep: bool) -> list[Finding]:
    """Each subject in a snapshot of its own: where one cannot be read, the others still are."""
    found = [*engine(database)]
    version = await database.read(lambda unit: unit.operations.version())
    if version != HEAD:
        text = f"the database has version {version}, the program {HEAD}: stop the bot, run `migrate`"
        return [*found, wrong("migrations", text)]
    found.append(Finding("migrations", f"version {version}, the newest"))
    for subject, check in checks(settings, now, deep).items():
        found += await in_snapshot(database, subject, check)
    return found


async def in_snapshot(database: Database, subject: str, check: Check) -> list[Finding]:
    """One subject; an error is a finding too."""
    try:
        return await database.read(lambda unit: list(check(unit)))
    except Exception as error:
        return [unforeseen(subject, error)]


def checks(settings: Settings, now: datetime, deep: bool) -> dict[str, Check]:
    """What is looked at in a database of this version."""
    file = settings.database_file is not None
    found: dict[str, Check] = {"settings": pragmas} if file else {}
    found |= {
        "owner": lambda unit: owner(unit, settings),
        "quarantine": lambda unit: quarantine(unit, KeptWords(settings.data_folder)),
        "outbox": lambda unit: outbox(unit, settings, now),
        "errands": errands,
        "people": people,
        "words": words,
        "cases": cases,
        "journal": lambda unit: journal(unit, deep),
        "backup": failed_backup,
        "alarms": alarms,
    }
    return {**found, "rows": mistyped, "file": pages} if deep and file else found


def engine(database: Database) -> Iterator[Finding]:
    """The engine and its version."""
    version = ".".join(map(str, database.engine_version))
    careful = database.engine_name == "SQLite" and database.engine_version < WAL_RESET_MENDED
    note = " (before 3.51.3: only the bot may write to the file)" if careful else ""
    yield Finding(database.engine_name, version + note)


# -- around it


def lock(settings: Settings) -> Iterator[Finding]:
    """Whether another program has the data, and does not answer."""
    if control.held(settings.data_folder) and not control.socket_path(settings.data_folder).exists():
        yield warned("lock", f"{settings.data_folder / 'lock'} is held, and nobody listens: a command, or workers")


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
    try:
        checks = answer["checks"]
        ill = [f"{check['name']} {check['text']}" for check in checks if not check["ok"]]
        waiting = [check["text"] for check in checks if check["name"] == "updates"]
    except UNREADABLE:
        return wrong("bot", "what it answers cannot be understood: is it of another version? Restart it")
    if ill:
        return wrong("bot", f"{'; '.join(ill)}: look into its log, restart it")
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


def pragmas(unit: Unit) -> Iterator[Finding]:
    """SQLite's settings."""
    found = unit.operations.pragmas()
    off = [f"{name} is {found.get(name)} instead of {value}" for name, value in WANTED.items() if found[name] != value]
    if off:
        yield wrong("settings", f"{', '.join(off)}: the file is on a disk or in a program that does not allow it")
    else:
        yield Finding("settings", "WAL, synchronous FULL, foreign keys, secure delete")


def owner(unit: Unit, settings: Settings) -> Iterator[Finding]:
    """Whose database it is, and whether it is used elsewhere."""
    found, where = unit.owner.found(), unit.settings.get(MOVED_TO)
    if where:
        yield wrong("owner", f"everything was moved: set storage.url to {where}")
    if found is None:
        yield Finding("owner", "no bot's yet: that of the first one that runs on it")
    elif settings.bot is not None and found.id != settings.bot:
        yield wrong("owner", strange(settings, found))
    else:
        yield Finding("owner", f"that of {found}")


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


def errands(unit: Unit) -> Iterator[Finding]:
    """Work for the network that was given up."""
    if failed := unit.errands.count_failed():
        yield wrong("errands", f"{failed} given up: see the log; opening the bot asks for a menu again")


def people(unit: Unit) -> Iterator[Finding]:
    """Staff, each of whom can be read."""
    unit.people.staff()
    return iter(())


def words(unit: Unit) -> Iterator[Finding]:
    """What is to be said can be read, each by itself."""
    broken = [saying.id for saying in unit.outbox.pending(LATEST, [], MOST) if not readable(saying)]
    if broken:
        yield wrong("words", f"{len(broken)} messages to send cannot be read, the first is {broken[0]}: {REPORT}")


def readable(saying: Saying) -> bool:
    """Whether a message is one of ours, with its fields."""
    try:
        load(MESSAGES[saying.kind], saying.fields)
    except UNREADABLE:
        return False
    return True


def cases(unit: Unit) -> Iterator[Finding]:
    """Every open case has a next date, no finished one has."""
    asleep, awake = unit.board.awake_without_date(), unit.operations.resting_with_date()
    if asleep:
        yield wrong("cases", f"{len(asleep)} without a next date: {', '.join(asleep[:5])}: {REPORT}")
    if awake:
        yield wrong("cases", f"{awake} finished ones have a next date: {REPORT}")
    if not (asleep or awake):
        yield Finding("cases", "all have a next date")


def journal(unit: Unit, deep: bool) -> Iterator[Finding]:
    """Each case is what its journal tells: the newest, or all."""
    ids = unit.operations.newest_cases(-1 if deep else SAMPLE)
    told = {case: as_told(unit, CaseId(case)) for case in ids}
    unread = [case for case, found in told.items() if found is None]
    false, lost = [*told.values()].count(False), unit.operations.lost_events() if deep else 0
    if unread:
        yield wrong("journal", f"{len(unread)} cases cannot be read, the first is in row {unread[0]}: {REPORT}")
    if false or lost:
        yield wrong("journal", f"{false} cases differ from it, {lost} events without a case: {REPORT}")
    if not (unread or false or lost):
        yield Finding("journal", f"{len(ids)} cases replayed from it")


def as_told(unit: Unit, case: CaseId) -> bool | None:
    """Whether a case is what its journal tells; None where one of them cannot be read."""
    try:
        return unit.journal.replay(case) == unit.cases.get(case)
    except UNREADABLE:
        return None


def failed_backup(unit: Unit) -> Iterator[Finding]:
    """The last backup."""
    if (failed := failures(unit)).at is not None:
        yield wrong("backup", f"the last one failed, {failed.why}: mend it and run `backup`")


def alarms(unit: Unit) -> Iterator[Finding]:
    """What the operator was told, and is to be told, can be read."""
    written_down(unit)
    return iter(())


def mistyped(unit: Unit) -> Iterator[Finding]:
    """SQLite takes any value into any column; a moment that is text is never due."""
    for table, count in unit.operations.mistyped().items():
        yield wrong("rows", f"{count} rows of {table} hold what is not of their column's type: {REPORT}")


def pages(unit: Unit) -> Iterator[Finding]:
    """The whole file."""
    whole = unit.operations.integrity()
    yield Finding("file", "whole") if whole == "ok" else wrong("file", "damaged: restore the last backup")
