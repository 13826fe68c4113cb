"""The machine, as ``doctor`` looks at it: disk, permissions, the volume, the backups, fonts, the operator's chat."""

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from bot.backups import kept
from bot.config import Settings
from bot.findings import Finding, surely, warned, wrong
from bot.kept_words import KeptWords
from bot.operations import aged
from bot.watch import FULL, used
from storage.file import EFFECTIVE

NIGHT = timedelta(hours=26)
"""A nightly backup is at most so old; older than twice that is an error."""
PATIENCE = 20
"""Seconds for fontconfig, which reads every font the first time."""


def machine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Everything outside the database and Telegram, each by itself."""
    yield from surely("folder", lambda: folder(settings))
    yield from surely("disk", lambda: disk(settings))
    yield from surely("permissions", lambda: permissions(settings))
    yield from surely("volume", lambda: volume(settings.data_folder))
    yield from surely("backup", lambda: backups(settings, now))
    yield from surely("fonts", fonts)
    yield from operator(settings)


def folder(settings: Settings) -> Iterator[Finding]:
    """Where lock and socket are, and backups: it must be there, and ours to write to."""
    place = settings.data_folder
    named = f"storage.folder is {settings.storage.folder}, and {place}"
    if not place.exists():
        yield wrong("folder", f"{named} does not exist: mount its disk, or make it")
    elif not place.is_dir():
        yield wrong("folder", f"{named} is no folder: name another")
    elif not os.access(place, os.R_OK | os.W_OK | os.X_OK, effective_ids=EFFECTIVE):
        yield wrong("folder", f"{named} cannot be read and written: give it to whoever runs the bot")


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for the data and for the backups."""
    for name, folder in (("disk", settings.data_folder), ("disk of backups", settings.backup_folder)):
        if folder.is_dir() and (name == "disk" or device(folder) != device(settings.data_folder)):
            percent = used(folder)
            full = percent > FULL
            yield wrong(name, f"{percent}% used: make room") if full else Finding(name, f"{percent}% used")


def device(folder: Path) -> int:
    """The device a folder is on."""
    return folder.stat().st_dev


def permissions(settings: Settings) -> Iterator[Finding]:
    """Nobody but the owner reads what people wrote."""
    open_ones = [path for path in private(settings) if path.exists() and path.stat().st_mode & 0o077]
    for path in open_ones:
        mode = stat.S_IMODE(path.stat().st_mode)
        yield wrong("permissions", f"others can read {path} (mode {mode:04o}): run `chmod go= {path}`")
    if not open_ones:
        yield Finding("permissions", "the data is for its owner only")


def private(settings: Settings) -> Iterator[Path]:
    """Files that hold what people wrote, or a secret."""
    if database := settings.database_file:
        yield from (database, *(database.with_name(database.name + ending) for ending in ("-wal", "-shm")))
    yield from (settings.data_folder / "bot.sock", settings.home / "config.toml")
    if settings.telegram.token_file:
        yield settings.home / settings.telegram.token_file
    yield from (backup.path for backup in kept(settings.backup_folder))
    words = KeptWords(settings.data_folder)
    yield from map(words.path, words.codes())


def volume(folder: Path, mounts: Path = Path("/proc/mounts"), blocks: Path = Path("/sys/dev/block")) -> list[Finding]:
    """Whether the data lies on an encrypted volume, where that can be told; otherwise nothing is said."""
    source = mounted(folder, mounts)
    if source is None:
        return []
    if not folder.is_dir():
        return []
    number = os.stat(folder).st_dev  # noqa: PTH116 - of the folder, whatever it is called
    block = blocks / f"{os.major(number)}:{os.minor(number)}"
    if not block.exists():
        return []
    if encrypted(block.resolve()):
        return [Finding("volume", f"{source} is encrypted")]
    return [warned("volume", f"{source} is not encrypted: docs/operating.md says how, or that your provider does it")]


def mounted(folder: Path, mounts: Path) -> str | None:
    """The device that a folder's file system is on; None where it is no device, or nobody can tell."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    here = folder.resolve()
    under = [(point, source) for source, point, *_ in lines if here.is_relative_to(point)]
    found = max(under, key=lambda entry: len(entry[0]), default=("", ""))[1]
    return found if found.startswith("/dev/") else None


def encrypted(block: Path) -> bool:
    """Whether a block device, or one it lies on, is one of dm-crypt's."""
    kind = block / "dm" / "uuid"
    if kind.exists() and kind.read_text(encoding="utf-8").startswith("CRYPT-"):
        return True
    below = block / "slaves"
    return below.is_dir() and any(encrypted(one.resolve()) for one in below.iterdir())


def backups(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Whether there is always one."""
    if settings.database_file is None:
        yield warned("backup", "storage.url is no file: see that pg_dump runs each night")
        return
    if not settings.backup.keep:
        yield warned("backup", "backup.keep is 0: nobody makes one unless you do")
        return
    found = kept(settings.backup_folder)
    if not found:
        yield warned("backup", f"none yet: the first comes at {settings.backup.at:%H:%M}, or now with `backup`")
        return
    age = now - found[0].at
    text = f"{len(found)} kept, the newest {aged(age.total_seconds())} old"
    if age > 2 * NIGHT:
        yield wrong("backup", f"{text}: does the bot run at night? Run `backup`")
    elif not settings.backup.command and device(settings.backup_folder) == device(settings.data_folder):
        yield warned("backup", f"{text}, on the data's own disk only: set backup.command to copy them elsewhere")
    else:
        yield Finding("backup", text)


def fonts() -> Iterator[Finding]:
    """Whether Chinese can be drawn on this machine. Chats need no font here, so it is a remark, never a warning."""
    listing = shutil.which("fc-list")
    if listing is None:
        yield Finding("fonts", "no fontconfig here, so a browser may show boxes for Chinese; chats need no font")
        return
    asked = (listing, ":lang=zh", "family")
    try:
        names = subprocess.run(asked, capture_output=True, timeout=PATIENCE, check=False).stdout.splitlines()  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("fonts", f"{listing} does not answer: {type(error).__name__}")
        return
    known = f"{len(set(names))} families can draw Chinese"
    yield Finding(
        "fonts",
        known if names else "none can draw Chinese: a browser here shows boxes until fonts-noto-cjk is installed",
    )


def operator(settings: Settings) -> Iterator[Finding]:
    """Who hears when something is wrong."""
    if settings.operator.chat_id:
        yield Finding("operator", "hears in Telegram when something is wrong")
    else:
        yield warned("operator", "nobody hears when something is wrong: set operator.chat_id to your Telegram id")
