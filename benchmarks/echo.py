"""The least that a bot of PTB does: every text is sent back. Over our transport, or over the one PTB comes with."""

import logging
import os
import sys
from typing import Any

from telegram import Update
from telegram.ext import Application, ApplicationBuilder, ContextTypes, MessageHandler, filters

from benchmarks.loopback import IN_FLIGHT
from bot.config_sections import Telegram
from bot.request import build_request

TRANSPORTS = ("aiohttp", "httpx")


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    """Say the same."""
    message = update.effective_message
    if message is not None and message.text:
        await message.reply_text(message.text)


def build(transport: str, address: str, token: str) -> Application[Any, Any, Any, Any, Any, Any]:
    """PTB as its examples build it, as many updates at once as the load has under way."""
    builder = ApplicationBuilder().token(token).base_url(f"{address}/bot").concurrent_updates(IN_FLIGHT).job_queue(None)
    if transport == "aiohttp":
        builder = builder.request(build_request(Telegram())).get_updates_request(build_request(Telegram()))
    application: Application[Any, Any, Any, Any, Any, Any] = builder.build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    return application


def main() -> None:
    """``python -m benchmarks.echo aiohttp|httpx ADDRESS``, the token in ``ECHO_TOKEN``."""
    transport, address = sys.argv[1:]
    assert transport in TRANSPORTS
    logging.basicConfig(level=logging.WARNING)
    build(transport, address, os.environ["ECHO_TOKEN"]).run_polling(allowed_updates=["message"])


if __name__ == "__main__":
    main()
