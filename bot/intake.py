"""From Telegram to turns: polling and webhook. Telegram is told "received" only after the turn's commit.

PTB's own loops acknowledge first, and one update it cannot read makes its poller fetch the same batch for ever. Here
the next offset (or the 200) follows the commit, and what cannot be read is set aside.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Coroutine
from time import monotonic
from typing import Any

import structlog
from telegram import Update
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Application, BaseUpdateProcessor, ContextTypes, TypeHandler

from bot.request import call
from bot.turns import Turns

log = structlog.get_logger()

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
POLL_SECONDS = 25
MARGIN_SECONDS = 10
LAST_WORD_SECONDS = 3
AT_ONCE = 64
"""Turns under way at the same time; the database's one writer is what really bounds them."""
LONGEST_PAUSE = 30.0


class ChatLanes(BaseUpdateProcessor):
    """Updates of one chat run in order, different chats side by side.

    The real semaphore is inside the lane, so that a chatty chat waits in its own lane instead of eating the slots.
    """

    def __init__(self) -> None:
        super().__init__(max_concurrent_updates=1_000_000)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._lanes: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: dict[int, int] = defaultdict(int)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the chat's earlier updates, then for a slot."""
        chat = chat_of(update)
        self._waiting[chat] += 1
        try:
            async with self._lanes[chat], self._slots:
                await coroutine
        finally:
            self._waiting[chat] -= 1
            if not self._waiting[chat]:
                del self._waiting[chat], self._lanes[chat]

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to release."""


def chat_of(update: object) -> int:
    """The lane of an update."""
    chat = update.effective_chat if isinstance(update, Update) else None
    return chat.id if chat else 0


class Intake:
    """Takes updates in, by polling or webhook, and knows when it is idle."""

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any], turns: Turns, batch: int) -> None:
        self._application = application
        self._turns = turns
        self._batch = batch
        self._failures: dict[int, Exception] = {}
        self._raw: dict[int, dict[str, Any]] = {}
        self._busy = 0
        self.polled_at = monotonic()
        self.free = asyncio.Event()
        self.free.set()
        application.add_handler(TypeHandler(Update, self._handle))

    async def take(self, raw: Any) -> bool:
        """Handle one raw update; True once it may be acknowledged."""
        update_id = raw.get("update_id") if isinstance(raw, dict) else None
        if not isinstance(update_id, int):
            log.error("no update", type=type(raw).__name__)
            return True
        self._busy += 1
        self.free.clear()
        try:
            return await self._take(update_id, raw)
        finally:
            self._busy -= 1
            if not self._busy:
                self.free.set()

    async def _take(self, update_id: int, raw: dict[str, Any]) -> bool:
        try:
            update = Update.de_json(raw, self._application.bot)
        except Exception as error:
            return await self._set_aside(update_id, raw, error)
        self._raw[update_id] = raw
        try:
            processor = self._application.update_processor
            await processor.process_update(update, self._application.process_update(update))
        finally:
            self._raw.pop(update_id, None)
        return self._failures.pop(update_id, None) is None

    async def _set_aside(self, update_id: int, raw: dict[str, Any], unreadable: Exception) -> bool:
        """Whether it is in quarantine: where nothing can be written, Telegram has to keep it."""
        try:
            await self._turns.set_aside(update_id, raw, unreadable)
        except Exception as error:
            log.error("update not taken", update=update_id, error=type(error).__name__)
            return False
        return True

    async def _handle(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        try:
            await self._turns.take(update, self._raw.get(update.update_id, {}))
        except Exception as error:
            log.error("update not taken", update=update.update_id, error=type(error).__name__)
            self._failures[update.update_id] = error

    async def poll(self, stopping: asyncio.Event) -> None:
        """Fetch, handle, acknowledge, until told to stop. Raises ``InvalidToken`` at once, and waits out the rest."""
        offset, pause = 0, 0.0
        await self._leave_webhook()
        while not stopping.is_set():
            try:
                batch = await unless(stopping, self._fetch(offset))
                self.polled_at = monotonic()
                taken = await asyncio.gather(*(self.take(raw) for raw in batch))
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
                await wait(stopping, 1.0)
        await self._acknowledge(offset)

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
