"""A nursery of bots: everything is loaded once, and each order forks one that runs until it is killed or dies.

Orders come as lines of JSON on standard input: ``{"environment": {…}, "failpoint": "…", "nth": 1, "log": "…"}``; one
bot at a time. Answers are lines too: ``{"pid": …}``, ``{"ready": true}`` once it runs, ``{"status": …}`` when it ended
(a negative signal, or its exit code). SIGTERM stops a bot politely, SIGUSR1 lets it first do all that is due.
"""

import asyncio
import json
import os
import signal
import sys
import traceback
from typing import Any

import alembic.command  # noqa: F401 - loaded once, for every upgrade

from bot import pace, ticks
from bot.app import App, charter_of, checked_words, running
from bot.clock import SystemClock
from bot.commands import stop_on_signals
from bot.config import load
from bot.config_example import EXAMPLE
from bot.config_sections import Logs
from bot.logs import configure
from tests.faults.failpoints import plant

TICK_SECONDS = 0.3
SETTINGS = load(EXAMPLE, {})
checked_words(charter_of(SETTINGS, SystemClock()), SETTINGS).check()
"""Every template is compiled: a third of a second that the lives would spend again."""


def say(**line: Any) -> None:
    """A line for whoever gave the order."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def live() -> None:
    """The bot, until it is told to stop."""
    async with running(load(EXAMPLE, dict(os.environ)), SystemClock(), make=True) as app:
        stop_on_signals(app.stopping)
        settling: list[asyncio.Task[None]] = []
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGUSR1, lambda: settling.append(asyncio.create_task(settle(app)))
        )
        say(ready=True)
        await app.stopping.wait()
    if app.failure:
        raise app.failure


async def settle(app: App) -> None:
    """Do what is due, then stop."""
    await app.tick()
    for _ in range(3):
        await app.settled()
    app.stopping.set()


def bear(order: dict[str, Any]) -> int:
    """A bot in a process of its own; how it ended."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        say(pid=os.getpid())  # the child itself: it must not be ready before that is said
        os._exit(lived(order))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def lived(order: dict[str, Any]) -> int:
    """The life of a bot: 0, or 1 with the reason in its log."""
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    configure(Logs(level="warning"))
    pace.FORGET_AFTER = float(os.environ.get("FORGET_AFTER", pace.FORGET_AFTER))
    ticks.TICK_SECONDS = TICK_SECONDS  # type: ignore[assignment]
    try:
        if order.get("failpoint"):
            plant(order["failpoint"], order["nth"])
        asyncio.run(live())
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    for line in sys.stdin:
        say(status=bear(json.loads(line)))
