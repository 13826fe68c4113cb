"""From Telegram to turns: polling and webhook. Telegram is told "received" only after the turn's commit.

PTB's own loops acknowledge first, and one update it cannot read makes its poller fetch the same batch for ever. Here
the next offset (or the 200) follows the commit, and what cannot be read is set aside. What could not be taken comes
again. While polling, what its author wrote after it is not taken before it; by webhook Telegram brings what comes again
whenever it likes, and what came later may be taken first.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application

from bot.aside import Hopeless
from bot.request import call
from bot.turns import Turns
from bot.waiting import Backlog, Waiting

log = structlog.get_logger()

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
MARGIN_SECONDS = 10
LAST_WORD_SECONDS = 3
AT_ONCE = 64
"""Turns under way at the same time; the database's one writer is what really bounds them."""
LONGEST_PAUSE = 30.0
FIRST_REST, LONGEST_REST = 1.0, 10.0
"""Seconds until what was not taken is asked for again, and until something can be committed again."""
PATIENCE = 20.0
"""Seconds after which ``Unavailable`` counts as a failure, while others commit: they would wait behind it."""
LARGEST = 2**63 - 1
"""As a number in a row."""
MANY = 500
"""Updates that are asked for at once."""


class ChatLanes:
    """Updates of one chat run in order, different chats side by side.

    The semaphore is inside the lane, so that a chatty chat waits in its own lane instead of eating the slots.
    """

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._lanes: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[int, int] = defaultdict(int)

    async def run(self, chat: int, work: Callable[[], Coroutine[Any, Any, bool]]) -> bool:
        """Wait for the chat's earlier updates, then for a slot."""
        self._waiting[chat] += 1
        try:
            async with self._lanes[chat], self._slots:
                return await work()
        finally:
            self._waiting[chat] -= 1
            if not self._waiting[chat]:
                del self._waiting[chat], self._lanes[chat]


def chat_of(update: Update) -> int:
    """The lane of an update."""
    chat = update.effective_chat
    return chat.id if chat else 0


class Intake:
    """Takes updates in, by polling or webhook, and knows when it is idle."""

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any], turns: Turns, batch: int) -> None:
        self._application = application
        self._turns = turns
        self._batch = batch
        self._lanes = ChatLanes()
        self._busy = 0
        self.waiting = Waiting()
        self.polled_at = monotonic()
        self.free = asyncio.Event()
        self.free.set()

    async def backlog(self) -> Backlog:
        """What waits for its commit. What came here first and was taken by another worker does not."""
        if late := self.waiting.late()[:MANY]:
            bot, numbers = self._turns.bot, [update_id for update_id in late if abs(update_id) <= LARGEST]
            self.waiting.forget(await self._turns.database.read(lambda unit: unit.intake.seen(bot, numbers)))
        return self.waiting.backlog()

    async def take(self, raw: Any, held: set[int] | None = None) -> bool:
        """Handle one raw update; True once it may be acknowledged.

        ``held`` are the chats of which an earlier update could not be taken: they wait for it.
        """
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if not isinstance(update_id, int):
            log.error("no update", type=type(raw).__name__)
            return True
        self._busy += 1
        self.free.clear()
        self.waiting.begin(update_id)
        taken = False
        try:
            taken = await self._take(update_id, raw, set() if held is None else held)
        finally:
            self.waiting.end(update_id, taken)
            self._busy -= 1
            if not self._busy:
                self.free.set()
        return taken

    async def _take(self, update_id: int, raw: dict[str, Any], held: set[int]) -> bool:
        try:
            update = Update.de_json(raw, self._application.bot)
        except Exception as error:
            unreadable = Hopeless(update_id, raw, error)
            return await self._done(update_id, lambda patient: self._turns.aside.take(unreadable, patient=patient))
        chat = chat_of(update)

        async def turn() -> bool:
            if chat in held:
                return False
            taken = await self._done(update_id, lambda patient: self._turns.take(update, raw, patient=patient))
            if not taken:
                held.add(chat)
            return taken

        return await self._lanes.run(chat, turn)

    async def _done(self, update_id: int, work: Callable[[bool], Coroutine[Any, Any, None]]) -> bool:
        try:
            await work(self.waiting.age(update_id) < PATIENCE)
        except Exception as error:
            log.error("update not taken", update=update_id, error=type(error).__name__)
            return False
        return True

    async def poll(self, stopping: asyncio.Event) -> None:
        """Fetch, handle, acknowledge, until told to stop. Raises ``InvalidToken`` at once, and waits out the rest."""
        offset, pause = 0, 0.0
        await self._leave_webhook()
        while not stopping.is_set():
            try:
                batch = await unless(stopping, self._fetch(offset))
                self.polled_at = monotonic()
                held: set[int] = set()
                taken = await asyncio.gather(*(self.take(raw, held) for raw in batch))
            except InvalidToken:
                raise
            except (TelegramError, OSError) as error:
                pause = min(LONGEST_PAUSE, pause * 2 or 0.5)
                log.warning("polling", error=type(error).__name__, conflict=isinstance(error, Conflict), wait=pause)
                await wait(stopping, pause)
                continue
            pause = 0.0
            offset = next_offset(offset, batch, taken)
            if not all(taken):
                await self._rest(stopping)
        await self._acknowledge(offset)

    async def _rest(self, stopping: asyncio.Event) -> None:
        """A moment, and while nothing can be committed longer and longer: asking again would only fail again."""
        rest = FIRST_REST
        await wait(stopping, rest)
        while not stopping.is_set() and not await self._turns.aside.commits():
            rest = min(LONGEST_REST, rest * 2)
            await wait(stopping, rest)

    async def _leave_webhook(self) -> None:
        """Telegram does not let a bot poll that has a webhook; where this fails, polling will say so."""
        try:
            await self._application.bot.delete_webhook()
        except TelegramError as error:
            log.warning("webhook not left", error=type(error).__name__)

    async def _fetch(self, offset: int) -> list[Any]:
        return list(await self._updates(offset, POLL_SECONDS, self._batch, POLL_SECONDS + MARGIN_SECONDS))

    async def _updates(self, offset: int, seconds: int, limit: int, read_timeout: float) -> Any:
        return await call(
            self._application.bot,
            "getUpdates",
            read_timeout=read_timeout,
            offset=offset,
            timeout=seconds,
            limit=limit,
            allowed_updates=ALLOWED,
        )

    async def _acknowledge(self, offset: int) -> None:
        """Tell Telegram of the last batch before leaving; if that fails it is delivered again and seen before."""
        if not offset:
            return
        try:
            await self._updates(offset, 0, 1, LAST_WORD_SECONDS)
        except TelegramError as error:
            log.info("last batch not acknowledged", error=type(error).__name__)


def next_offset(offset: int, batch: list[Any], taken: list[bool]) -> int:
    """One past the last update before the first that could not be committed."""
    for raw, done in zip(batch, taken, strict=True):
        if not done:
            return offset
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        offset = update_id + 1 if isinstance(update_id, int) else offset
    return offset


async def unless(stopping: asyncio.Event, fetch: Coroutine[Any, Any, list[Any]]) -> list[Any]:
    """What is fetched, or nothing as soon as we are told to stop."""
    fetching, told = asyncio.ensure_future(fetch), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({fetching, told}, return_when=asyncio.FIRST_COMPLETED)
        return fetching.result() if fetching.done() else []
    finally:
        for task in (fetching, told):
            task.cancel()
        await asyncio.gather(fetching, told, return_exceptions=True)


async def wait(stopping: asyncio.Event, seconds: float) -> None:
    """Wait, unless told to stop."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
