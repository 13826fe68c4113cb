"""What the operator hears before the residents do, and the nightly backup. No word that anybody wrote is in it.

The clock reads rows: what was set aside, what was given up, what the program wrote down about itself (a start without a
stop, a failed backup, a full disk). Each kind is told at once and then at most hourly; what happens in between is
counted into the next one. A state that lasts is told once a day.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.people import ChatId
from handlers.kit.messages import Message
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from storage.records import dump, load
from storage.tables import EPOCH
from storage.unit import Unit

feature = Feature("operator")

AT_MOST = timedelta(hours=1)
STILL = timedelta(days=1)
"""A full disk is told again after a day."""
OWED = timedelta(hours=2)
"""A backup that was asked for and neither made nor failed by then is stuck."""
AGAIN = timedelta(hours=1)
"""A failed backup is tried again."""
BACKUP = "backup"

ASKED, SETTLED, FAILED = "backup:asked", "backup:settled", "backup:failed"
RUN, UNCLEAN, RUNNING, STOPPED = "run", "run:unclean", "running", "stopped"
DISK, OUTBOX = "watch:disk", "watch:outbox"


@dataclass(frozen=True, slots=True)
class QuarantineAlarm(Message):
    """So many updates failed three times and were set aside."""

    count: int


@dataclass(frozen=True, slots=True)
class UnstoredAlarm(Message):
    """So many updates could not even be set aside and were acknowledged all the same."""

    count: int


@dataclass(frozen=True, slots=True)
class DeadLetterAlarm(Message):
    """So many messages were given up."""

    count: int


@dataclass(frozen=True, slots=True)
class BackupAlarm(Message):
    """So many backups failed; why the last one did, in words of ours."""

    count: int
    why: str


@dataclass(frozen=True, slots=True)
class NoBackupAlarm(Message):
    """A backup is owed for so many hours."""

    hours: int


@dataclass(frozen=True, slots=True)
class DiskAlarm(Message):
    """So much of the disk is used."""

    percent: int


@dataclass(frozen=True, slots=True)
class OutboxAlarm(Message):
    """The oldest message has waited for so many minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class RestartAlarm(Message):
    """The program started so many times without having been stopped."""

    count: int


# -- what the program writes down


@dataclass(frozen=True, slots=True)
class Failures:
    """How many backups failed so far, when the last one did and why; ``at`` is None once one was made after it."""

    count: int = 0
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A value that is too high, and since when."""

    value: int
    since: datetime


def started(unit: Unit) -> bool:
    """The program starts; False where it had not stopped politely before."""
    polite = unit.settings.get(RUN) != RUNNING
    unit.settings.put(RUN, RUNNING)
    if not polite:
        unit.settings.put(UNCLEAN, str(int(unit.settings.get(UNCLEAN) or 0) + 1))
    return polite


def stopped(unit: Unit) -> None:
    """The program stops because it was told to."""
    unit.settings.put(RUN, STOPPED)


def backup_made(unit: Unit, now: datetime) -> None:
    """Nothing is owed."""
    unit.settings.put(SETTLED, now.isoformat())
    unit.settings.put(FAILED, dump(Failures(failures(unit).count)))


def backup_failed(unit: Unit, why: str, now: datetime) -> None:
    """It is told, and tried again in an hour."""
    unit.settings.put(FAILED, dump(Failures(failures(unit).count + 1, why, now)))


def failures(unit: Unit) -> Failures:
    """What is known of failed backups."""
    return load(Failures, unit.settings.get(FAILED) or "{}")


def reading(unit: Unit, name: str) -> Reading | None:
    """What is too high at the moment."""
    found = unit.settings.get(name)
    return load(Reading, found) if found else None


def put_reading(unit: Unit, name: str, value: int | None, now: datetime) -> None:
    """Write down what is too high (None: no longer); nothing is written where nothing changed."""
    before = reading(unit, name)
    if value is None and before is not None:
        unit.settings.put(name, "")
    elif value is not None and (before is None or before.value != value):
        unit.settings.put(name, dump(Reading(value, before.since if before else now)))


def written_down(unit: Unit) -> None:
    """Read what is written down here, failed backups aside. Raises where something is not what it should be."""
    for name in (DISK, OUTBOX):
        reading(unit, name)
    for name in (ASKED, SETTLED):
        moment(unit, name)
    for kind in ALARMS:
        load(Told, unit.settings.get(f"alarm:{kind}") or "{}")
    int(unit.settings.get(UNCLEAN) or 0)


# -- the backup


@feature.clock
def nightly_backup(turn: Turn) -> bool:
    """Once a night, late rather than never; a new installation starts with the next one."""
    if not turn.charter.operator.backups:
        return False
    asked = moment(turn.unit, ASKED)
    if asked is None:
        turn.unit.settings.put(ASKED, turn.now.isoformat())
        turn.unit.settings.put(SETTLED, turn.now.isoformat())
        return False
    failed = failures(turn.unit).at
    if asked < last_night(turn) or (failed is not None and turn.now >= max(failed, asked) + AGAIN):
        turn.unit.settings.put(ASKED, turn.now.isoformat())
        turn.unit.errands.add(BACKUP, "{}", turn.now, once=BACKUP)
    return False


def last_night(turn: Turn) -> datetime:
    """When the last backup was due."""
    calendar, clock = turn.charter.calendar, turn.charter.operator.backup_at
    today = calendar.at(calendar.local_date(turn.now), clock)
    return today if today <= turn.now else calendar.at(calendar.local_date(turn.now) - timedelta(days=1), clock)


def moment(unit: Unit, name: str) -> datetime | None:
    """A moment that was written down."""
    found = unit.settings.get(name)
    return datetime.fromisoformat(found) if found else None


# -- alarms


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was told of one kind: up to which mark, and when."""

    mark: str = ""
    at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something to tell, and the mark up to which it is told then. ``lasts``: a state, not something that happened."""

    message: Message
    mark: str
    lasts: bool = False


Look = Callable[[Turn, str], Alarm | None]


def quarantined(turn: Turn, mark: str) -> Alarm | None:
    """Updates set aside since."""
    count, last = turn.unit.operations.set_aside_since(int(mark or 0))
    return Alarm(QuarantineAlarm(count), str(last)) if count else None


def unstored(turn: Turn, mark: str) -> Alarm | None:
    """Updates acknowledged unstored since."""
    total = turn.unit.intake.unstored().count
    count = total - int(mark or 0)
    return Alarm(UnstoredAlarm(count), str(total)) if count > 0 else None


def given_up(turn: Turn, mark: str) -> Alarm | None:
    """Messages given up since; these alarms aside, or each would bring the next."""
    since = datetime.fromisoformat(mark) if mark else EPOCH
    count, last = turn.unit.operations.given_up_since(since, OURS)
    return Alarm(DeadLetterAlarm(count), last.isoformat()) if count else None


def failed_backups(turn: Turn, mark: str) -> Alarm | None:
    """Backups that failed since."""
    found = failures(turn.unit)
    count = found.count - int(mark or 0)
    return Alarm(BackupAlarm(count, found.why), str(found.count)) if count > 0 else None


def owed_backup(turn: Turn, mark: str) -> Alarm | None:
    """A backup that was asked for and of which nothing was heard."""
    asked, settled = moment(turn.unit, ASKED), moment(turn.unit, SETTLED)
    if asked is None or settled is None or failures(turn.unit).at is not None:
        return None
    if settled >= asked or turn.now < asked + OWED:
        return None
    return Alarm(NoBackupAlarm((turn.now - settled) // timedelta(hours=1)), settled.isoformat(), lasts=True)


def unclean(turn: Turn, mark: str) -> Alarm | None:
    """Starts without a stop since."""
    total = turn.unit.settings.get(UNCLEAN) or "0"
    count = int(total) - int(mark or 0)
    return Alarm(RestartAlarm(count), total) if count > 0 else None


def full_disk(turn: Turn, mark: str) -> Alarm | None:
    """The disk, as it was measured last."""
    found = reading(turn.unit, DISK)
    return Alarm(DiskAlarm(found.value), found.since.isoformat(), lasts=True) if found else None


def slow_outbox(turn: Turn, mark: str) -> Alarm | None:
    """The outbox, as it was measured last."""
    found = reading(turn.unit, OUTBOX)
    return Alarm(OutboxAlarm(found.value), found.since.isoformat(), lasts=True) if found else None


ALARMS: dict[str, Look] = {
    "quarantine": quarantined,
    "unstored": unstored,
    "dead": given_up,
    "backup": failed_backups,
    "owed": owed_backup,
    "disk": full_disk,
    "outbox": slow_outbox,
    "restart": unclean,
}
OURS = tuple(
    kind.__name__
    for kind in (
        QuarantineAlarm, UnstoredAlarm, DeadLetterAlarm, BackupAlarm, NoBackupAlarm, DiskAlarm, OutboxAlarm,
        RestartAlarm,
    )
)  # fmt: skip


@feature.clock
def raise_alarms(turn: Turn) -> bool:
    """Tell what is new, each kind by itself."""
    chat = turn.charter.operator.chat
    if chat is not None:
        for kind, look in ALARMS.items():
            raise_alarm(turn, ChatId(chat), kind, look)
    return False


def raise_alarm(turn: Turn, chat: ChatId, kind: str, look: Look) -> None:
    """One kind, unless it was told within the hour, or within the day where it only lasts."""
    key = f"alarm:{kind}"
    told = load(Told, turn.unit.settings.get(key) or "{}")
    if turn.now < told.at + AT_MOST:
        return
    found = look(turn, told.mark)
    if found is None or (found.lasts and found.mark == told.mark and turn.now < told.at + STILL):
        return
    turn.unit.settings.put(key, dump(Told(found.mark, turn.now)))
    turn.tell_chat(chat, found.message, once=f"{key}:{turn.now:%Y%m%dT%H%M}")
