"""Sets aside what cannot be handled, so that it stops nobody: as much as can be kept, and only while others commit.

From most to least: the update and an apology; the update; its number and error, its words in a file; and where the
database does not take even that, an alarm, after which it is acknowledged. Each step down is taken only after a write
of the size of a turn has committed, so a disk that fills, a database that is away or a file that is read-only is
never held against an update: then this raises, and Telegram keeps it.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from bot.kept_words import KeptWords
from handlers.kit.incoming import Incoming
from storage.database import Database, Unavailable
from storage.intake import Quarantined
from storage.unit import Unit

log = structlog.get_logger()

LARGE = 128 * 1024
"""Bytes of a proof: where they have room a turn has. One with a new case writes 28 pages of 4 kB (measured, SQLite)."""

QUARANTINED, UNSTORED = "quarantined", "acknowledged unstored"
"""What became of an update, as the log says it; nothing where somebody else took it meanwhile."""

APOLOGIES = (True, False, False)
"""Whether to apologise, try by try; once more without, as room may have come back only just now."""


@dataclass(frozen=True, slots=True)
class Hopeless:
    """An update that cannot be handled, as it came, and why; ``incoming`` where it could be understood."""

    update_id: int
    raw: Mapping[str, Any]
    error: Exception
    incoming: Incoming | None = None

    @property
    def size(self) -> int:
        """Bytes to write it down; 0 where it is no JSON that could be written."""
        with suppress(ValueError, TypeError, RecursionError):
            return len(json.dumps(self.raw))
        return 0


@dataclass(slots=True)
class Aside:
    """Where updates go that cannot be handled. ``apologise`` tells the author that nothing was saved."""

    database: Database
    bot: int
    now: Callable[[], datetime]
    apologise: Callable[[Unit, Incoming, str], None]
    words: KeptWords | None = None

    async def prove(self, size: int = LARGE) -> None:
        """Return where a write commits at this moment; raises what the database says where it does not."""
        now = self.now()
        await self.database.run(lambda unit: unit.intake.prove(self.bot, now, size))

    async def commits(self) -> bool:
        """Whether anything can be committed at this moment."""
        try:
            await self.prove()
        except Exception as error:
            log.error("nothing can be committed", error=type(error).__name__)
            return False
        return True

    async def take(self, update: Hopeless, *, patient: bool = True) -> None:
        """Set an update aside. Raises where nothing can be committed, or the database says ``Unavailable``.

        Who is not ``patient`` takes ``Unavailable``, while others commit, for any other failure.
        """
        found = Quarantined(secrets.token_hex(2).upper(), update.update_id, type(update.error).__name__, self.now())
        for sorry in APOLOGIES:
            try:
                ours = await self.database.run(partial(self._whole, update, found, sorry))
            except Exception as refused:
                if patient and isinstance(refused, Unavailable):
                    raise
                log.warning("not set aside", update=update.update_id, error=type(refused).__name__, apology=sorry)
                await self.prove(max(LARGE, update.size))
            else:
                if ours:
                    log.error(QUARANTINED, update=update.update_id, code=found.code, error=found.error)
                return
        await self._in_part(update, found)

    async def _in_part(self, update: Hopeless, found: Quarantined) -> None:
        """Its words in a file, where one can be written, and the rest in the database. Raises, and nothing is kept."""
        found = self._unlike_kept(found)
        kept = self.words is not None and await asyncio.to_thread(self.words.keep, found.code, update.raw)
        try:
            ended = await self._row_or_alarm(found)
        except Exception:  # not where this is cancelled: what was begun may still be committed
            self._let_go(found, kept)
            raise
        if not ended:
            self._let_go(found, kept)
            return
        say = log.critical if ended == UNSTORED else log.error
        say(ended, update=found.update_id, code=found.code, error=found.error, words="file" if kept else "lost")

    def _unlike_kept(self, found: Quarantined) -> Quarantined:
        """By a longer code where the words of another one have this one; nobody was told it."""
        taken = self.words is not None and found.code in self.words.codes()
        return replace(found, code=secrets.token_hex(4).upper()) if taken else found

    def _let_go(self, found: Quarantined, kept: bool) -> None:
        """Only what was kept just now: the words of that code may be another update's."""
        if self.words is not None and kept:
            self.words.drop(found.code)

    async def _row_or_alarm(self, found: Quarantined) -> str:
        """Number and error in quarantine; or else the alarm, whose commit is the proof that others can commit."""
        try:
            return await self.database.run(partial(self._row, found))
        except Exception as refused:
            log.warning("not set aside", update=found.update_id, error=type(refused).__name__, words=False)
        return await self.database.run(partial(self._alarm, found))

    def _whole(self, update: Hopeless, found: Quarantined, sorry: bool, unit: Unit) -> bool:
        if not unit.intake.first_sight(self.bot, found.update_id, found.at):
            return False
        unit.intake.quarantine(found.code, found.update_id, update.raw, found.error, found.at)
        if sorry and update.incoming is not None and update.incoming.private:
            self.apologise(unit, update.incoming, found.code)
        return True

    def _row(self, found: Quarantined, unit: Unit) -> str:
        if not unit.intake.first_sight(self.bot, found.update_id, found.at):
            return ""
        unit.intake.quarantine(found.code, found.update_id, None, found.error, found.at)
        return QUARANTINED

    def _alarm(self, found: Quarantined, unit: Unit) -> str:
        unit.intake.prove(self.bot, found.at, LARGE)  # on PostgreSQL it also lets alarms be counted one by one
        new = True
        with suppress(Exception), unit.savepoint():  # that it was seen may be the very thing that cannot be stored
            new = unit.intake.first_sight(self.bot, found.update_id, found.at)
        if new:
            unit.intake.put_unstored(found)
        return UNSTORED if new else ""
