"""Durable work for the network: a turn adds a row, it is done outside the transaction, again until it succeeds."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.clock import Clock
from bot.delivery import delay_of
from domain.people import Role
from handlers.kit.words import Words
from handlers.menus import about_for, commands_for
from storage.database import Database
from storage.errands import Errand

log = structlog.get_logger()

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
TRIES = 20
LISTEN_SECONDS = 2.0
SLOW = frozenset({"backup"})
"""Kinds that take minutes: each is done beside the others, and done anew where the program stops in the middle."""
OF_A_CHAT = frozenset({"set_menu", "leave_chat"})
"""Kinds that nobody needs any more where the chat is gone; opening the bot asks for the same again."""

Work = Callable[[dict[str, Any]], Awaitable[None]]


class Errands:
    """Does what turns asked for. Each kind of work bears being done twice."""

    def __init__(
        self, database: Database, words: Words, bot: Bot, clock: Clock, more: Mapping[str, Work] | None = None
    ) -> None:
        self._database = database
        self._words = words
        self._bot = bot
        self._clock = clock
        self._woken = asyncio.Event()
        self._idle = asyncio.Event()
        self._kinds: dict[str, Work] = {
            "set_menu": self._set_menu,
            "set_menus": self._set_menus,
            "set_about": self._set_about,
            "leave_chat": self._leave_chat,
            **(more or {}),
        }
        self._slow: dict[int, asyncio.Task[None]] = {}

    def wake(self) -> None:
        """There may be something to do."""
        self._idle.clear()
        self._woken.set()

    async def drained(self) -> None:
        """Return once nothing is due."""
        self.wake()
        await self._idle.wait()

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop."""
        while not stopping.is_set():
            self._woken.clear()
            begun = set(self._slow)  # one that ends while the rows are read is still among the rows
            try:
                due = await self._database.read(lambda unit: unit.errands.due(self._clock.now()))
                found = [errand for errand in due if errand.id not in begun]
                for errand in found:
                    await self._begin(errand)
            except Exception as error:
                log.error("errands", error=type(error).__name__, exc_info=True)
                found = []
            if not found and not self._woken.is_set():
                if not self._slow:
                    self._idle.set()
                await self._listen(stopping)
        await self._leave_slow()

    async def _begin(self, errand: Errand) -> None:
        if errand.kind not in SLOW:
            await self._do(errand)
            return
        task = self._slow[errand.id] = asyncio.create_task(self._do(errand))
        task.add_done_callback(lambda _: self._ended(errand.id))

    def _ended(self, errand: int) -> None:
        del self._slow[errand]
        self._woken.set()

    async def _leave_slow(self) -> None:
        """Break off what would take too long; its row stays, and it is done anew after the next start."""
        tasks = list(self._slow.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, stopping: asyncio.Event) -> None:
        told = asyncio.ensure_future(stopping.wait())
        woken = asyncio.ensure_future(self._woken.wait())
        await asyncio.wait({told, woken}, timeout=LISTEN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in (told, woken):
            task.cancel()

    async def _do(self, errand: Errand) -> None:
        work = self._kinds.get(errand.kind)
        try:
            if work is None:
                raise BadRequest(f"no errand is called {errand.kind}")
            await work(json.loads(errand.fields))
        except TelegramError as error:
            await self._failed(errand, error)
        except Exception as error:
            log.error("errand broken", kind=errand.kind, error=type(error).__name__, exc_info=True)
            await self._database.run(lambda unit: unit.errands.failed(errand.id, "a fault of ours"))
        else:
            await self._database.run(lambda unit: unit.errands.done(errand.id))

    async def _failed(self, errand: Errand, error: TelegramError) -> None:
        """Whatever Telegram or the network refused leaves a line: needless, given up, or to be tried again."""
        why, told = type(error).__name__, log.bind(kind=errand.kind, error=type(error).__name__)
        if errand.kind in OF_A_CHAT and (isinstance(error, Forbidden) or "chat not found" in str(error).lower()):
            told.info("errand needless")
            await self._database.run(lambda unit: unit.errands.done(errand.id))
            return
        final = isinstance(error, BadRequest) or not isinstance(error, NetworkError | RetryAfter | InvalidToken)
        if final or errand.attempts + 1 >= TRIES:
            told.error("errand given up", tries=errand.attempts + 1)
            await self._database.run(lambda unit: unit.errands.failed(errand.id, why))
            return
        wait = delay_of(error) if isinstance(error, RetryAfter) else min(LONGEST_WAIT, FIRST_WAIT * 2**errand.attempts)
        told.warning("errand put off", wait=wait.total_seconds())
        at = self._clock.now() + wait
        await self._database.run(lambda unit: unit.errands.retry(errand.id, at, why))

    async def _set_menu(self, fields: dict[str, Any]) -> None:
        """The command menu of one private chat, by the roles and the language of whoever it belongs to."""
        roles = frozenset(Role(role) for role in fields["roles"])
        menu = self._menu(roles, fields["language"])
        await self._bot.set_my_commands(menu, scope=BotCommandScopeChat(fields["chat"]))

    async def _set_menus(self, _: dict[str, Any]) -> None:
        """The residents' menu, for everyone who has none of their own, in every language."""
        languages = self._words.charter.languages
        await self._bot.set_my_commands(self._menu(frozenset(), languages[0]))
        for language in languages:
            await self._bot.set_my_commands(self._menu(frozenset(), language), language_code=language)

    async def _set_about(self, _: dict[str, Any]) -> None:
        """What people read before they open the bot. What is right is left alone: Telegram limits such changes."""
        languages = self._words.charter.languages
        for language, code in ((languages[0], None), *zip(languages, languages, strict=True)):
            description, short = about_for(language, self._words)
            if (await self._bot.get_my_description(code)).description != description:
                await self._bot.set_my_description(description, code)
            if (await self._bot.get_my_short_description(code)).short_description != short:
                await self._bot.set_my_short_description(short, code)

    def _menu(self, roles: frozenset[Role], language: str) -> list[BotCommand]:
        return [BotCommand(name, words) for name, words in commands_for(roles, language, self._words)]

    async def _leave_chat(self, fields: dict[str, Any]) -> None:
        """Leave a group that the bot was not meant for."""
        await self._bot.leave_chat(fields["chat"])
