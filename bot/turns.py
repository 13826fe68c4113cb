"""One update, one turn, one transaction: seen before? who? what? decided, remembered, said; all or nothing.

A turn that fails is rolled back whole and tried again; after three failures the update is set aside (quarantine), the
person is told that nothing was saved, and everybody else goes on. Where even that cannot be written, the update stays
unacknowledged and Telegram delivers it again.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import structlog
from telegram import Update

from bot.clock import Clock
from bot.meter import Meter
from bot.understanding import understand
from domain.charter import Charter
from domain.people import ChatId
from handlers.kit.incoming import Incoming, Kind
from handlers.kit.messages import Message
from handlers.kit.routes import ClockHandler, Router
from handlers.kit.turn import Kit, Turn
from storage.database import Database, Unavailable
from storage.unit import Unit

log = structlog.get_logger()

TRIES = 3
SEEN = "seen_before"


@dataclass(frozen=True, slots=True)
class Failed(Message):
    """Something failed on our side; ``number`` is what the operator finds in ``doctor``."""

    number: str


@dataclass(slots=True)
class Turns:
    """Runs turns of people and of the clock. ``wake`` is called after a commit: there may be something to send."""

    database: Database
    router: Router
    charter: Charter
    kit: Kit
    clock: Clock
    bot: int
    wake: Callable[[], None]
    meter: Meter = field(default_factory=Meter)

    async def take(self, update: Update, raw: dict[str, Any]) -> None:
        """Do what an update asks for, once. Returns after the commit; raises where nothing could be committed."""
        try:
            incoming = understand(update, self.clock.now())
        except Exception as unreadable:
            await self.set_aside(update.update_id, raw, unreadable)
            return
        if incoming is None:
            return
        started = perf_counter()
        error: Exception | None = None
        for _ in range(TRIES):
            try:
                route = await self.database.run(partial(self.turn, incoming))
            except Unavailable:
                raise  # nothing is wrong with the update: Telegram keeps it and sends it again
            except Exception as failure:
                error = failure
                log.warning("turn failed", update=incoming.update_id, error=type(failure).__name__, exc_info=True)
            else:
                log.info("turn", update=incoming.update_id, kind=incoming.kind, route=route, ms=since(started))
                self.meter.turn(incoming.kind, "seen_before" if route == SEEN else "done", perf_counter() - started)
                break
        else:
            self.meter.turn(incoming.kind, "failed", perf_counter() - started)
            await self.set_aside(incoming.update_id, raw, error, incoming)
        self.wake()

    async def set_aside(
        self, update_id: int, raw: dict[str, Any], error: Exception | None, incoming: Incoming | None = None
    ) -> None:
        """Quarantine an update that cannot be handled, or not even be read."""
        number = secrets.token_hex(2).upper()
        log.error("quarantined", update=update_id, code=number, error=type(error).__name__)
        await self.database.run(lambda unit: self._quarantine(unit, number, update_id, raw, error, incoming))

    async def tick(self) -> None:
        """Do everything that is due, one transaction at a time."""
        for handler in self.router.clocks:
            try:
                while await self._tick(handler):
                    pass
            except Exception as error:
                log.error(
                    "tick failed",
                    handler=f"{handler.__module__}.{handler.__name__}",
                    error=type(error).__name__,
                    exc_info=True,
                )
                self.meter.failed_ticks += 1
        self.wake()

    async def _tick(self, handler: ClockHandler) -> bool:
        more, followed = await self.database.run(partial(self._due, handler))
        self.meter.followed(followed)
        return more

    def clock_turn(self, unit: Unit) -> Turn:
        """A turn of the clock: it is nobody, and has no chat."""
        now = self.clock.now()
        nothing = Incoming(update_id=0, kind=Kind.OTHER, chat=ChatId(0), at=now)
        return Turn(now, unit, self.charter, nothing, None, self.kit)

    def _due(self, handler: ClockHandler, unit: Unit) -> tuple[bool, list[str]]:
        turn = self.clock_turn(unit)
        more = handler(turn)
        for case, error in turn.troubles:
            log.error("follow-up put off", case=case, error=type(error).__name__, exc_info=error)
        return more, turn.followed

    def turn(self, incoming: Incoming, unit: Unit) -> str:
        """One update within one transaction; the name of what it asked for."""
        now = self.clock.now()
        unit.lock_chat(incoming.chat)
        if not unit.intake.first_sight(self.bot, incoming.update_id, now):
            return SEEN
        someone = None
        if incoming.private:
            someone = unit.people.seen(incoming.chat, incoming.name, incoming.language_code, now)
        turn = Turn(now, unit, self.charter, incoming, someone, self.kit)
        self.router.dispatch(turn)
        turn.answer_press()
        return incoming.command or incoming.press.partition(":")[0] or "-"

    def _quarantine(
        self,
        unit: Unit,
        number: str,
        update_id: int,
        raw: dict[str, Any],
        error: Exception | None,
        incoming: Incoming | None,
    ) -> None:
        now = self.clock.now()
        if not unit.intake.first_sight(self.bot, update_id, now):
            return
        unit.intake.quarantine(number, update_id, raw, f"{type(error).__name__}", now)
        if incoming is not None and incoming.private:
            turn = Turn(now, unit, self.charter, incoming, None, self.kit)
            turn.say(Failed(number))
            turn.answer_press()


def since(started: float) -> float:
    """Milliseconds since then."""
    return round((perf_counter() - started) * 1000, 1)
