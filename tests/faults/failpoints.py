"""Places where a program can be made to die by SIGKILL, each by name: nothing of this is known to the program itself.

The named function is wrapped in the process that is to die, and only there. ``before`` and ``after`` say on which side
of it; "after" means that it has returned, and that whoever called it has not heard.
"""

import functools
import inspect
import itertools
import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bot.intake
import bot.sender
from bot.errands import Errands
from bot.intake import Intake
from bot.sender import Sender
from bot.turns import Turns
from handlers import followup
from storage.cases import Cases
from storage.intake import Intake as IntakeShelf
from storage.journal import Journal
from storage.outbox import Outbox
from storage.sqlite import SQLiteDatabase


@dataclass(frozen=True, slots=True)
class Place:
    """A function by where it is found, and on which side of it to die."""

    owner: Any
    name: str
    after: bool


COMMIT = "commit"

FAILPOINTS: dict[str, Place] = {
    "fetched, nothing taken": Place(Intake, "_take", after=False),
    "before the update is noted": Place(IntakeShelf, "first_sight", after=False),
    "the update is noted, nothing done": Place(IntakeShelf, "first_sight", after=True),
    "a case without a journal": Place(Cases, "add", after=True),
    "a journal without an answer": Place(Journal, "add", after=True),
    "answered, not committed": Place(Outbox, "add", after=True),
    "between the units of a group": Place(SQLiteDatabase, "_in_savepoint", after=True),
    "before COMMIT": Place(COMMIT, "commit", after=False),
    "after COMMIT, nobody told": Place(COMMIT, "commit", after=True),
    "a turn committed, not acknowledged": Place(Turns, "take", after=True),
    "a batch committed, not acknowledged": Place(bot.intake, "next_offset", after=False),
    "rendered, not sent": Place(bot.sender, "deliver", after=False),
    "sent, not written down": Place(bot.sender, "deliver", after=True),
    "in the middle of writing down": Place(bot.sender, "end", after=True),
    "written down, chats still busy": Place(Sender, "_end_all", after=True),
    "between two handlers of the clock": Place(Turns, "_due", after=False),
    "in the middle of a tick": Place(followup, "follow_up_case", after=True),
    "an errand done, not written down": Place(Errands, "_set_menus", after=True),
}


def die() -> None:
    """As by a power cut of this process alone: no handler, no flush, no goodbye."""
    os.kill(os.getpid(), signal.SIGKILL)


def plant(name: str, nth: int) -> None:
    """Die at the ``nth`` time that place is reached."""
    place, calls = FAILPOINTS[name], itertools.count(1)

    def reached() -> None:
        if next(calls) == nth:
            die()

    if place.owner is COMMIT:
        plant_at_commit(place, reached)
    else:
        setattr(place.owner, place.name, wrapped(getattr(place.owner, place.name), place.after, reached))


def wrapped(function: Callable[..., Any], after: bool, reached: Callable[[], None]) -> Callable[..., Any]:
    """The function with a place to die before or after it."""

    @functools.wraps(function)
    def plain(*given: Any, **named: Any) -> Any:
        if not after:
            reached()
        found = function(*given, **named)
        if after:
            reached()
        return found

    @functools.wraps(function)
    async def awaited(*given: Any, **named: Any) -> Any:
        if not after:
            reached()
        found = await function(*given, **named)
        if after:
            reached()
        return found

    return awaited if inspect.iscoroutinefunction(function) else plain


def plant_at_commit(place: Place, reached: Callable[[], None]) -> None:
    """On the driver's connection, where there is something to commit."""

    class Mortal(sqlite3.Connection):
        kept = 0

        def commit(self) -> None:
            changes = self.total_changes > self.kept
            if changes and not place.after:
                reached()
            super().commit()
            self.kept = self.total_changes
            if changes and place.after:
                reached()

    sqlite3.connect = functools.partial(sqlite3.connect, factory=Mortal)  # type: ignore[assignment]
