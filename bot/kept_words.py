"""Words of updates that the database refuses: each in a file of the data folder, for its owner only, until dropped."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()

FOLDER = "aside"
ABSENT = (FileNotFoundError, NotADirectoryError)


class KeptWords:
    """Whole updates by their code, as JSON whose every character is ASCII. ``under``: the data folder."""

    def __init__(self, under: Path) -> None:
        self._folder = under / FOLDER

    def path(self, code: str) -> Path:
        """Where that one lies."""
        return self._folder / f"{code}.json"

    def keep(self, code: str, raw: Mapping[str, Any]) -> bool:
        """Write an update down, on the disk when this returns; False where that is impossible, or the code is taken."""
        try:
            text = json.dumps(raw, ensure_ascii=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_whole(self.path(code), text)
        except (OSError, ValueError, TypeError, RecursionError) as error:
            log.error("words not kept", code=code, error=type(error).__name__)
            return False
        return True

    def read(self, code: str) -> str:
        """An update's JSON; empty where it was not kept."""
        try:
            return self.path(code).read_text(encoding="ascii")
        except ABSENT:
            return ""

    def drop(self, code: str) -> None:
        """Forget it, if it is there."""
        with suppress(*ABSENT):
            self.path(code).unlink()

    def codes(self) -> list[str]:
        """All that are kept."""
        return sorted(path.stem for path in self._folder.glob("*.json"))


def write_whole(path: Path, text: str) -> None:
    """A new file, for its owner only, on the disk when this returns. Raises ``OSError``, and then there is none."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """A new file's name is on the disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
