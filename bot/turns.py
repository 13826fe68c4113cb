"""One update, one turn, one transaction: seen before? who? what? decided, remembered, said; all or nothing.

A turn that fails is rolled back whole and tried again; after three failures the update is set aside (``bot/aside.py``),
the person is told that nothing was saved, and everybody else goes on. The last failures count only where something
else can be committed right after them; where nothing can, the update stays unacknowledged and comes again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import structlog
from telegram import Update

from bot.aside import Aside, Hopeless
from bot.clock import Clock
from bot.kept_words import KeptWords
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
    words: KeptWords | None = None
    """Where words go that the database refuses."""
    aside: Aside = field(init=False)

    def __post_init__(self) -> None:
        """Who cannot be served is told so, in a turn like any other."""
        self.aside = Aside(self.database, self.bot, self.clock.now, self._apologise, self.words)

    async def take(self, update: Update, raw: Mapping[str, Any], *, patient: bool = True) -> None:
        """Do what an update asks for, once. Returns after the commit; raises where nothing could be committed.

        Also raises ``Unavailable``; who is not ``patient`` takes it for a failure like others.
        """
        try:
            incoming = understand(update, self.clock.now())
        except Exception as unreadable:
            await self.aside.take(Hopeless(update.update_id, raw, unreadable), patient=patient)
            return
        if incoming is None:
            return
        started = perf_counter()
        error = await self._tried(incoming, started, patient)
        if error is not None:
            self.meter.turn(incoming.kind, "failed", perf_counter() - started)
            await self.aside.take(Hopeless(incoming.update_id, raw, error, incoming), patient=patient)
        self.wake()

    async def _tried(self, incoming: Incoming, started: float, patient: bool) -> Exception | None:
        """Why it failed at last although others could commit; None once it is done."""
        error: Exception | None = None
        for tried in range(1, TRIES + 1):
            try:
                route = await self.database.run(partial(self.turn, incoming))
            except Exception as failure:
                if patient and isinstance(failure, Unavailable):
                    raise  # nothing is wrong with the update: Telegram keeps it and sends it again
                error = failure
                log.warning("turn failed", update=incoming.update_id, error=type(failure).__name__, exc_info=True)
                if tried > 1:  # most of what passes has passed by then, and nobody waits for a proof
                    await self.aside.prove()
            else:
                log.info("turn", update=incoming.update_id, kind=incoming.kind, route=route, ms=since(started))
                self.meter.turn(incoming.kind, "seen_before" if route == SEEN else "done", perf_counter() - started)
                return None
        return error

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

    def _apologise(self, unit: Unit, incoming: Incoming, number: str) -> None:
        turn = Turn(self.clock.now(), unit, self.charter, incoming, None, self.kit)
        turn.say(Failed(number))
        turn.answer_press()


def since(started: float) -> float:
    """Milliseconds since then."""
    return round((perf_counter() - started) * 1000, 1)
