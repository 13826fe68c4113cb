"""What ``doctor`` found: a subject, how bad it is, and one sentence that says what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from traceback import extract_tb

import structlog

from storage.file import ERRORS, name_of, unusable
from storage.unavailable import Unavailable
from storage.unusable import UNREADABLE

log = structlog.get_logger()

OURS = Path(__file__).resolve().parent.parent
REPORT = "report this, keep a backup"


class Level(StrEnum):
    """An error must be mended; a warning should be read."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


SIGNS = {Level.OK: "✓", Level.WARNING: "!", Level.ERROR: "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something looked at."""

    subject: str
    text: str
    level: Level = Level.OK

    @property
    def bad(self) -> bool:
        """Whether something must be done."""
        return self.level is Level.ERROR

    def line(self) -> str:
        """As it is printed."""
        return f"{SIGNS[self.level]} {self.subject}: {self.text}"

    def plain(self) -> dict[str, str]:
        """As programs read it."""
        return {"subject": self.subject, "level": self.level.value, "text": self.text}


def warned(subject: str, text: str) -> Finding:
    """Something to read."""
    return Finding(subject, text, Level.WARNING)


def wrong(subject: str, text: str) -> Finding:
    """Something to mend."""
    return Finding(subject, text, Level.ERROR)


def surely(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What was found; an error is a finding, too."""
    try:
        return list(look())
    except Exception as error:
        return [unforeseen(subject, error)]


def unforeseen(subject: str, error: Exception) -> Finding:
    """An error while something was looked at: which, and where in the code; its words may quote what somebody wrote."""
    log.debug("check failed", check=subject, error=type(error).__name__, exc_info=error)
    if found := unusable(error):
        return wrong(subject, f"cannot be read: the database {found}: keep a copy of it, restore the last backup")
    if isinstance(error, Unavailable):
        return wrong(subject, f"the database does not answer ({error}): look at its server, then try again")
    if isinstance(error, OSError):
        return wrong(
            subject, f"{error.filename or 'something'} cannot be looked at ({error.strerror or name_of(error)})"
        )
    what = "a row cannot be read" if isinstance(error, (*UNREADABLE, *ERRORS)) else "this check failed"
    return wrong(subject, f"{what} ({name_of(error)}{place(error)}): {REPORT}")


def place(error: Exception) -> str:
    """Where in our code it came from."""
    ours = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(OURS)]
    return f" at {Path(ours[-1].filename).relative_to(OURS)}:{ours[-1].lineno}" if ours else ""
