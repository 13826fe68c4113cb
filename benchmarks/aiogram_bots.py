"""The same two in aiogram: a bare echo, and a ticket bot on SQLite as somebody would write it in an afternoon.

The ticket bot keeps what was said and the number it gave, with WAL and ``synchronous=FULL`` as the whole bot does,
hands the ticket to a staff chat and answers with the number. There is no outbox: what was not sent is not said.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable

import aiosqlite
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

STAFF = -1001
"""The chat of the staff."""
SCHEMA = """
CREATE TABLE IF NOT EXISTS tickets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    chat INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',
    staff_message INTEGER,
    at INTEGER NOT NULL
)
"""
Handler = Callable[[Message], Awaitable[None]]


async def echo(message: Message) -> None:
    """Say the same."""
    await message.answer(message.text or "")


class Tickets:
    """One connection; a ticket is one transaction, one after the other."""

    def __init__(self, connection: aiosqlite.Connection, bot: Bot) -> None:
        self._connection = connection
        self._bot = bot
        self._lock = asyncio.Lock()

    async def take(self, message: Message) -> None:
        """Number it, keep it, hand it on, answer."""
        name = message.from_user.full_name if message.from_user else ""
        async with self._lock:
            row = (message.chat.id, name, message.text or "", int(time.time()))
            added = await self._connection.execute(
                "INSERT INTO tickets (chat, name, text, at) VALUES (?, ?, ?, ?)", row
            )
            await self._connection.commit()
        number = added.lastrowid or 0
        await self._bot.send_message(STAFF, f"工单 26-{number:04d} · {name}\n{message.text}")
        await message.answer(f"已收到 26-{number:04d}:{message.text}")


async def opened(path: str) -> aiosqlite.Connection:
    """The file, with its table."""
    connection = await aiosqlite.connect(path)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", SCHEMA):
        await connection.execute(statement)
    await connection.commit()
    return connection


async def run(address: str, path: str) -> None:
    """Poll with aiogram's own session; ``path`` is empty for the echo."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(address))
    bot, dispatcher = Bot(os.environ["ECHO_TOKEN"], session=session), Dispatcher()
    connection = await opened(path) if path else None
    handler: Handler = Tickets(connection, bot).take if connection else echo
    dispatcher.message.register(handler)
    try:
        await dispatcher.start_polling(bot, allowed_updates=["message"])
    finally:
        if connection is not None:
            await connection.close()


def main() -> None:
    """``python -m benchmarks.aiogram_bots ADDRESS [FILE]``, the token in ``ECHO_TOKEN``."""
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))


if __name__ == "__main__":
    main()
