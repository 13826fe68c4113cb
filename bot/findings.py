"""What ``doctor`` found: a subject, how bad it is, and one sentence that says what to do."""

from dataclasses import dataclass
from enum import StrEnum


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
