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
from bot.opening import sentence
from storage.backup import BadCopy, Checked, check, to_disk
from storage.backup import fold as fold_log
from storage.backup import version as version_of
from storage.file import look
from storage.schema import HEAD
from storage.unusable import Unusable, Why


def verify(file: Path) -> Checked:
    """What a backup holds. Raises ``ConfigError`` where it must not be trusted."""
    try:
        if not file.is_file():
            raise ConfigError(f"{file} is not there, or no file: name a backup, as `ls` shows them in backup.folder.")
        return check(file)
    except BadCopy as bad:
        raise ConfigError(f"{file} must not be restored: {bad}.") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be checked ({error.strerror}): give it to whoever runs this.") from None


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
    if target.is_dir() or not target.parent.is_dir():
        raise ConfigError(
            f"storage.url is {settings.storage.url}, and {target} can be no file: mount its disk, or mend it."
        )
    with control.only_one(settings.data_folder):
        checked = verify(file)
        try:
            return checked, put_in_place(file, target, now)
        except OSError as error:
            raise ConfigError(f"{file} cannot be put into place at {target} ({error.strerror}).") from None


def put_in_place(file: Path, target: Path, now: datetime) -> Path | None:
    """A checked backup becomes the database; where the one before is now. Raises ``OSError``."""
    incoming = target.with_name(target.name + ".restoring")
    incoming.unlink(missing_ok=True)
    try:
        os.close(os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(file, incoming)
        to_disk(incoming)
        aside = put_aside(target, now)
        incoming.replace(target)
    finally:
        incoming.unlink(missing_ok=True)
    to_disk(target.parent)
    return aside


def is_newer(settings: Settings) -> bool:
    """Whether the present database is of another version than this program, so that it could not be used."""
    source = source_of(settings)
    try:
        look(source)
    except Unusable as found:
        if found.why is Why.OTHER_VERSION:
            return True
        raise sentence(settings, found) from None
    return version_of(source) != HEAD


def put_aside(target: Path, now: datetime) -> Path | None:
    """Give the present database a second name; with its log, where that cannot be brought into it."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.before-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z")
    if target.stat().st_size:  # SQLite would throw away the log of a file that has become empty
        fold_log(target)
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            target.with_name(target.name + ending).replace(aside.with_name(aside.name + ending))
    os.link(target, aside)
    return aside
