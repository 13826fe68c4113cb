"""The whole bot as a program of its own: everything by environment, as ``python -m bot run`` has it."""

import asyncio
import os

from bot import logs
from bot.app import running
from bot.clock import SystemClock
from bot.config import load
from bot.config_example import EXAMPLE


async def main() -> None:
    """Run until killed."""
    settings = load(EXAMPLE, dict(os.environ))
    logs.configure(settings.logs)
    async with running(settings, SystemClock()) as app:
        await app.stopping.wait()


if __name__ == "__main__":
    asyncio.run(main())
