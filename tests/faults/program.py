"""The bot as a program of its own, for tests that kill it: polls the given address until it is killed."""

import asyncio
import os
import sys
from pathlib import Path

from bot.app import running
from bot.clock import SystemClock
from bot.config import load
from bot.config_example import EXAMPLE


async def main(folder: Path) -> None:
    """Run until killed."""
    async with running(load(EXAMPLE, dict(os.environ)), SystemClock()) as app:
        sys.stdout.write(f"{folder} ready\n")
        sys.stdout.flush()
        await app.stopping.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
