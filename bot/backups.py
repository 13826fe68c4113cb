"""Backups: made in a process of their own, checked, kept, handed to the operator's command.

Whatever lies in the folder under a backup's name has been checked (``storage/backup.py``); names carry the moment in
UTC. The command gets no shell, none of our variables, and a limit of time.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.clock import Clock
from bot.config import ConfigError, Settings
from handlers.operator import backup_failed, backup_made
from storage.database import Database

log = structlog.get_logger()

NAME = re.compile(r"yixian-(\d{8}T\d{6})Z\.db")
STAMP = "%Y%m%dT%H%M%S"
CHECKOUT = Path(__file__).resolve().parents[1]
LEFT_OVER = timedelta(days=1)
"""A temporary file older than this is of a backup that was killed."""


class BackupFailed(Exception):
    """No backup, or one that was not handed on; the text says why in a few words of ours."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in the folder."""

    path: Path
    at: datetime


def kept(folder: Path) -> list[Kept]:
    """The backups there are, the newest first."""
    found = [(path, NAME.fullmatch(path.name)) for path in folder.glob("yixian-*.db")] if folder.is_dir() else []
    moments = [Kept(path, datetime.strptime(name[1], STAMP).replace(tzinfo=UTC)) for path, name in found if name]
    return sorted(moments, key=lambda backup: backup.at, reverse=True)


def source_of(settings: Settings) -> Path:
    """The file to copy. Raises ``ConfigError`` where there is none."""
    path = settings.database_file
    if path is None:
        raise ConfigError("storage.url is no file of SQLite's: back it up with pg_dump, and restore with pg_restore.")
    if not path.exists():
        raise ConfigError(f"storage.url is {settings.storage.url}, and {path} does not exist.")
    return path


async def nightly(settings: Settings, now: datetime) -> dict[str, Any]:
    """A backup among the others: made, handed on, and the oldest let go. Raises ``BackupFailed``."""
    folder = settings.backup_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"yixian-{now.astimezone(UTC):{STAMP}}Z.db"
    made = await make(settings, target)
    prune(folder, settings.backup.keep, now)
    await hand_on(settings, target)
    log.info("backup", file=target.name, size=made["size"], cases=made["cases"], seconds=made["seconds"])
    return made


async def keep_up(settings: Settings, database: Database, clock: Clock) -> dict[str, Any]:
    """The nightly backup as the bot makes it: what came of it is written down. Raises ``BackupFailed``."""
    try:
        made = await nightly(settings, clock.now())
    except (BackupFailed, ConfigError, OSError) as error:
        why = reason(error)
        log.error("backup failed", why=why.replace(" ", "_"))
        await database.run(lambda unit: backup_failed(unit, why, clock.now()))
        raise BackupFailed(why) from None
    await database.run(lambda unit: backup_made(unit, clock.now()))
    return made


def reason(error: Exception) -> str:
    """Why there is none, in a few words."""
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error)


async def make(settings: Settings, target: Path) -> dict[str, Any]:
    """A checked backup, and what it holds. Raises ``BackupFailed``; nothing is left of one that failed."""
    command = [sys.executable, "-m", "storage.backup", str(source_of(settings)), str(target)]
    environment = {**without_ours(), "PYTHONPATH": str(CHECKOUT)}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=CHECKOUT, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    with ended(process):
        out, _ = await process.communicate()
    try:
        answer: dict[str, Any] = json.loads(out)
    except ValueError:
        answer = {"error": f"it ended with {process.returncode}"}
    if "error" in answer:
        raise BackupFailed(str(answer["error"]))
    return {**answer, "file": str(target)}


async def hand_on(settings: Settings, path: Path) -> None:
    """Give a backup to the operator's command. Raises ``BackupFailed`` where that fails or takes too long."""
    if not settings.backup.command:
        return
    command = filled(settings.backup.command, path)
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=without_ours(), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise BackupFailed(f"backup.command cannot be run: {error.strerror}") from None
    with ended(process):
        try:
            async with asyncio.timeout(settings.backup.patience.total_seconds()):
                code = await process.wait()
        except TimeoutError:
            raise BackupFailed("backup.command took longer than backup.patience") from None
    if code:
        raise BackupFailed(f"backup.command ended with {code}")


def filled(command: tuple[str, ...], path: Path) -> list[str]:
    """The command with the backup's path and name; the path comes last where nothing asks for it."""
    given = [part.replace("{file}", str(path)).replace("{name}", path.name) for part in command]
    return given if any("{file}" in part for part in command) else [*given, str(path)]


def without_ours() -> dict[str, str]:
    """The environment without our settings, one of which is the token."""
    return {name: value for name, value in os.environ.items() if not name.startswith("YIXIAN_")}


@contextlib.contextmanager
def ended(process: Process) -> Iterator[None]:
    """Whatever happens, the process and what it started do not outlive this."""
    try:
        yield
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def prune(folder: Path, keep: int, now: datetime) -> None:
    """Let the oldest go, and what killed backups left behind; other files are not ours to touch."""
    for backup in kept(folder)[max(keep, 1) :]:
        backup.path.unlink(missing_ok=True)
    for left in folder.glob("yixian-*.db.*"):
        if datetime.fromtimestamp(left.stat().st_mtime, UTC) < now - LEFT_OVER:
            left.unlink(missing_ok=True)
