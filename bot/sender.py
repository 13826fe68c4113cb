"""outbox → Telegram: renders, keeps the pace and the order within a chat, and gives every row an end.

Rows are read and rendered on a reader connection, never on the writer's thread. A chat with a message on its way is
busy until what came of it has been written down, so replies arrive in the order of the turns and nothing is sent twice
while the program lives; a kill between Telegram's answer and that write makes one extra copy.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import monotonic

import structlog
from telegram import Bot

from bot.clock import Clock
from bot.config_sections import Sender as Settings
from bot.delivery import Dead, Later, Moved, Prepared, Sent, TooLate, Wait, deliver
from bot.outcomes import Outcome, Shown, end, result_name
from bot.pace import Pace
from bot.turns import Turns
from domain.people import ChatId
from handlers.kit.messages import MESSAGES
from handlers.kit.views import View
from handlers.kit.words import Words
from storage.database import Database, Unavailable
from storage.messages import Card
from storage.outbox import Lane, Mode, Saying
from storage.records import load
from storage.unit import Unit

log = structlog.get_logger()

BATCH = 60
NOTICES = 30
"""Chats that are told something nobody waits for, at once: a second's allowance. The rest of a batch is for answers."""
LISTEN_SECONDS = 1.0
"""How often to look for rows whose time has come, where nothing woke us."""


class Sender:
    """One a bot. ``run`` it as a task; ``wake`` it when something was said; ``drained`` waits until nothing is due."""

    def __init__(
        self,
        database: Database,
        words: Words,
        turns: Turns,
        bot: Bot,
        clock: Clock,
        settings: Settings,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        self._database = database
        self._words = words
        self._turns = turns
        self._bot = bot
        self._clock = clock
        self._settings = settings
        self._may_send = may_send
        self._pace = Pace(settings)
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._busy: set[ChatId] = set()
        self._noticed: set[ChatId] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._offline = 0.0
        self._rest_until = 0.0
        self.looked_at = monotonic()

    def wake(self) -> None:
        """There may be something to send."""
        self._idle.clear()
        self._woken.set()

    async def drained(self) -> None:
        """Return once nothing is due and nothing is on its way."""
        self.wake()
        await self._idle.wait()

    async def run(self, stopping: asyncio.Event) -> None:
        """Send until told to stop; then finish what is on its way and write it down."""
        while not stopping.is_set():
            self.looked_at = monotonic()
            self._woken.clear()
            try:
                await self._write_down()
                started = await self._start_batch()
            except Exception as error:
                log.error("sender", error=type(error).__name__, exc_info=True)
                started = False
            if not started and not self._woken.is_set():
                await self._listen(stopping)
        await self._finish()

    async def _listen(self, stopping: asyncio.Event) -> None:
        if not self._tasks and not self._outcomes:
            self._idle.set()
        told = asyncio.ensure_future(stopping.wait())
        woken = asyncio.ensure_future(self._woken.wait())
        await asyncio.wait({told, woken}, timeout=LISTEN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in (told, woken):
            task.cancel()

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)
        try:
            await self._write_down()
        except (ValueError, Unavailable) as error:
            log.error("not written down", messages=len(self._outcomes), error=type(error).__name__)

    async def _start_batch(self) -> bool:
        """Take what is due for chats that are free. False: nothing was due."""
        if monotonic() < self._rest_until or len(self._busy) >= BATCH or not self._may_send():
            return False
        now, busy = self._clock.now(), list(self._busy)
        prepared = await self._database.read(partial(self._prepare, now, busy))
        by_chat: dict[ChatId, list[Outcome | Prepared]] = defaultdict(list)
        for found in prepared:
            by_chat[found.saying.chat].append(found)
        for chat, rows in by_chat.items():
            self._busy.add(chat)
            if all(row.saying.lane > Lane.ANSWER for row in rows):
                self._noticed.add(chat)
            task = asyncio.create_task(self._send_all(rows))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return bool(prepared)

    def _prepare(self, now: datetime, busy: list[ChatId], unit: Unit) -> list[Outcome | Prepared]:
        found = at_once(unit.outbox.pending(now, busy, BATCH), NOTICES - len(self._noticed))
        return [self._render(saying, now, unit) for saying in found]

    def _render(self, saying: Saying, now: datetime, unit: Unit) -> Outcome | Prepared:
        """Words for a row; what is broken is an alarm, and does not stop the others."""
        kind = MESSAGES.get(saying.kind)
        if saying.expires_at is not None and saying.expires_at <= now:
            return Outcome(saying, TooLate("expired"))
        if kind is None:
            return Outcome(saying, Dead("unknown kind"))
        try:
            words = self._words.render(load(kind, saying.fields), self._view(saying.chat, now, unit))
        except Exception as error:
            log.error("not rendered", kind=saying.kind, error=type(error).__name__, exc_info=True)
            return Outcome(saying, Dead(f"not rendered: {type(error).__name__}"))
        if words is None:
            return Outcome(saying, None, kind.live)
        card = self._card(saying, kind.live, unit)
        return Prepared(saying, words, kind.live, kind.alert, card)

    def _card(self, saying: Saying, live: bool, unit: Unit) -> Card | None:
        new_card = live and saying.mode is Mode.SEND
        if saying.case is None or saying.mode is Mode.ANSWER or new_card:
            return None
        return unit.messages.card(saying.chat, saying.case, saying.kind if live else None)

    def _view(self, chat: ChatId, now: datetime, unit: Unit) -> View:
        reader = unit.people.by_chat(chat)
        charter = self._turns.charter
        language = reader.speaks(charter.languages) if reader else charter.languages[0]
        view = View(unit, charter, self._words, reader, language, now)
        return view.knowing(reader)

    async def _send_all(self, rows: list[Outcome | Prepared]) -> None:
        """One chat's rows, in order; the first that must wait makes the rest wait.

        Whoever no longer leads sends nothing more: another one does, and the rows are theirs.
        """
        outcomes: list[Outcome] = []
        shown = Shown()
        for row in rows:
            if not self._may_send():
                break
            outcomes.append(row if isinstance(row, Outcome) else await self._send(shown.in_(row)))
            shown.note(outcomes[-1])
            if isinstance(outcomes[-1].result, Wait | Later | Moved):
                break
        self._outcomes += outcomes
        if not outcomes:
            self._busy.discard(rows[0].saying.chat)
            self._noticed.discard(rows[0].saying.chat)
        self._woken.set()

    async def _send(self, prepared: Prepared) -> Outcome:
        saying = prepared.saying
        if saying.mode is not Mode.ANSWER:
            for seconds in self._pace.waits(saying.chat, saying.lane):
                await asyncio.sleep(seconds)
        try:
            result = await deliver(self._bot, prepared)
        except Exception as error:
            log.error("not delivered", kind=saying.kind, error=type(error).__name__, exc_info=True)
            result = Dead(f"not delivered: {type(error).__name__}")
        return Outcome(saying, result, prepared.live, prepared.drawn if prepared.live else None)

    async def _write_down(self) -> None:
        """Every outcome since the last time, in one transaction; only then are their chats free again."""
        outcomes, self._outcomes = self._outcomes, []
        if not outcomes:
            return
        try:
            await self._database.run(lambda unit: self._end_all(outcomes, unit))
        except Exception:
            self._outcomes = outcomes + self._outcomes
            raise
        self._turns.meter.sends.update(result_name(outcome.result) for outcome in outcomes)
        self._mind_the_network(outcomes)
        written = {outcome.saying.chat for outcome in outcomes}
        self._busy -= written
        self._noticed -= written

    def _mind_the_network(self, outcomes: list[Outcome]) -> None:
        """Without a network nothing is tried for a while, instead of every row by itself."""
        if any(isinstance(outcome.result, Later) and not outcome.result.ambiguous for outcome in outcomes):
            first, longest = self._settings.first_wait.total_seconds(), 30.0
            self._offline = min(longest, self._offline * 2 or first)
            self._rest_until = monotonic() + self._offline
        elif any(isinstance(outcome.result, Sent) for outcome in outcomes):
            self._offline = 0.0

    def _end_all(self, outcomes: list[Outcome], unit: Unit) -> None:
        turn = self._turns.clock_turn(unit)
        for outcome in outcomes:
            end(outcome, turn, self._settings)


def at_once(found: list[Saying], room: int) -> list[Saying]:
    """Every answer, and notices to no more chats than there is room for."""
    noticed = list(dict.fromkeys(saying.chat for saying in found if saying.lane is not Lane.ANSWER))
    few = set(noticed[: max(0, room)])
    return [saying for saying in found if saying.lane is Lane.ANSWER or saying.chat in few]
