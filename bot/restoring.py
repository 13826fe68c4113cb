"""A backup put into the place of the database, or only checked. The present one is put aside, never deleted.

At every moment there is a database of that name, the old one or the new one: what is left in the old one's log is
brought into it first, it gets a second name, and the checked copy then takes its first one.
"""

import contextlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from bot import control
from bot.backups import source_of
from bot.config import ConfigError, Settings
from storage.backup import BadCopy, Checked, check, to_disk
from storage.backup import fold as fold_log
from storage.backup import version as version_of
from storage.schema import HEAD


def verify(file: Path) -> Checked:
    """What a backup holds. Raises ``ConfigError`` where it must not be trusted."""
    if not file.is_file():
        raise ConfigError(f"{file} is not there.")
    try:
        return check(file)
    except BadCopy as bad:
        raise ConfigError(f"{file} must not be restored: {bad}.") from None


def version_told(checked: Checked) -> str:
    """Of which version a backup is, and what becomes of an older one."""
    later = "" if checked.version == HEAD else f", which becomes {HEAD} when the bot starts"
    return f"version {checked.version}{later}"


def restore(settings: Settings, file: Path, now: datetime) -> tuple[Checked, Path | None]:
    """Put a backup into place; what it holds, and where the database before it is now. Raises ``ConfigError``."""
    target = settings.database_file
    if target is None:
        source_of(settings)
        raise AssertionError("no file, and no refusal")
    with control.only_one(settings.data_folder):
        checked = verify(file)
        incoming = target.with_name(target.name + ".restoring")
        incoming.unlink(missing_ok=True)
        os.close(os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(file, incoming)
        to_disk(incoming)
        aside = put_aside(target, now)
        incoming.replace(target)
        to_disk(target.parent)
    return checked, aside


def is_newer(settings: Settings) -> bool:
    """Whether the present database is of another version than this program, so that it could not be used."""
    return version_of(source_of(settings)) != HEAD


def put_aside(target: Path, now: datetime) -> Path | None:
    """Give the present database a second name; with its log, where that cannot be brought into it."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z")
    fold_log(target)
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            target.with_name(target.name + ending).replace(aside.with_name(aside.name + ending))
    os.link(target, aside)
    return aside
