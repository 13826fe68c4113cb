"""Several processes on one machine: one socket that all of them serve, and each is started again where it dies.

Whoever finds its standard input closed has lost its supervisor and stops. A configuration that a worker refuses ends
them all: trying again would not help.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

import structlog

from bot import control
from bot.config import ConfigError, Settings
from bot.intake import wait
from bot.logs import configure

log = structlog.get_logger()

MISTAKE = 2
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0
LIVED_LONG = 10.0
"""Seconds after which a death is a new one, and not the last one's fault again."""
STOP_SECONDS = 15.0


def refuse_workers(settings: Settings, count: int) -> None:
    """Raises ``ConfigError`` where several workers cannot share the work."""
    if count > 1 and not settings.shared_storage:
        raise ConfigError(
            f"--workers is {count}, but storage.url is {settings.storage.url}, which one process has to itself: "
            "move to PostgreSQL (`python -m bot move --to postgresql+psycopg://HOST/DATABASE`), or leave it out."
        )
    if count > 1 and settings.telegram.mode != "webhook":
        raise ConfigError(
            f"--workers is {count}, but telegram.mode is {settings.telegram.mode}, and Telegram lets one process poll: "
            'set telegram.mode = "webhook", or leave it out.'
        )


async def supervise(settings: Settings, config: Path, count: int, stopping: asyncio.Event) -> None:
    """``count`` workers until told to stop. Raises ``ConfigError`` where they cannot start."""
    from bot import web  # takes memory: loaded only where it is needed

    configure(settings.logs, settings.secrets())
    async with control.alone(settings.data_folder):
        listener = web.bound(settings.webhook.listen, settings.webhook.port)
        try:
            await Workers(config, listener, stopping).run(count)
        finally:
            listener.close()


class Workers:
    """The processes, each in a task that starts it again."""

    def __init__(self, config: Path, listener: socket.socket, stopping: asyncio.Event) -> None:
        self._config = config
        self._listener = listener
        self._stopping = stopping
        self._refused = False

    async def run(self, count: int) -> None:
        """Until told to stop, or until one refuses the configuration; then none is left."""
        async with asyncio.TaskGroup() as group:
            for number in range(1, count + 1):
                group.create_task(self._keep(number))
        if self._refused:
            raise ConfigError("the workers refused their configuration: the reason stands above.")

    async def _keep(self, number: int) -> None:
        pause = FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            since = loop.time()
            code = await self._once(number)
            if code == MISTAKE:
                self._refused = True
                self._stopping.set()
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE if loop.time() - since > LIVED_LONG else min(LONGEST_PAUSE, pause * 2)
            log.error("worker died", code=code, again_in=pause)
            await wait(self._stopping, pause)

    async def _once(self, number: int) -> int:
        """One worker's life; its exit code."""
        socket_number = self._listener.fileno()
        told = ("--config", str(self._config), "--socket", str(socket_number), "--worker", str(number))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", *told), stdin=asyncio.subprocess.PIPE, pass_fds=[socket_number]
        )
        log.info("worker started", worker=number, pid=process.pid)
        ended, stop = asyncio.ensure_future(process.wait()), asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
            return ended.result() if ended.done() else await stopped(process)
        finally:
            stop.cancel()


async def stopped(process: asyncio.subprocess.Process) -> int:
    """Stop a worker politely, and where that does not help, not."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            return await process.wait()
    except TimeoutError:
        log.error("worker killed", pid=process.pid)
        process.kill()
        return await process.wait()


def stop_without_supervisor(stopping: asyncio.Event) -> None:
    """Stop where whoever started us is gone: nothing is ever written to our input, it only ends."""
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()

    def gone() -> None:
        loop.remove_reader(number)
        stopping.set()

    loop.add_reader(number, gone)
