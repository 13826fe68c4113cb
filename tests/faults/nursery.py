"""The bot as a process that can be killed: born within a tenth of a second, because everything is loaded already."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app import charter_of
from bot.clock import SystemClock
from bot.config import load
from bot.config_example import EXAMPLE
from domain.charter import Charter
from simulator.server import until
from simulator.world import World
from tests.stage import FAST, TOKEN

ROOT = Path(__file__).resolve().parents[2]
COORDINATOR = 900_001
ALWAYS_AWAKE = {"YIXIAN_QUIET__START": "00:00", "YIXIAN_QUIET__END": "00:00"}
AT_ONCE = {"YIXIAN_INTAKE__SETTLE": "0s"}


class Births:
    """The process that forks bots, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.program"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, order: dict[str, Any]) -> None:
        """Ask for a bot."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    async def line(self, seconds: float = 30) -> dict[str, Any]:
        """What is said next."""
        assert self._process.stdout is not None
        said = await asyncio.wait_for(asyncio.to_thread(self._process.stdout.readline), seconds)
        found: dict[str, Any] = json.loads(said)
        return found

    def close(self) -> None:
        """No more."""
        self._process.communicate()


@dataclass(slots=True)
class Bot:
    """One that was born. ``ended`` waits for its end: 0, a negative signal, or 1 where it failed."""

    births: Births
    pid: int
    status: int | None = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.status is None:
            os.kill(self.pid, number)

    async def ended(self, seconds: float = 60) -> int:
        """Wait for its end."""
        while self.status is None:
            self.status = (await self.births.line(seconds)).get("status")
        return self.status


@dataclass(slots=True)
class Nursery:
    """Bots over one database in ``folder``, with these settings."""

    births: Births
    folder: Path
    environment: dict[str, str]

    @property
    def path(self) -> Path:
        """The database."""
        return self.folder / "yixian.db"

    @property
    def charter(self) -> Charter:
        """What the bots' settings say."""
        return charter_of(load(EXAMPLE, self.environment), SystemClock())

    @property
    def log(self) -> str:
        """The last of what the bots wrote before they died."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8")[-2000:] if path.exists() else ""

    @asynccontextmanager
    async def bot(self, failpoint: str = "", nth: int = 1, *, ready: bool = True) -> AsyncIterator[Bot]:
        """One bot, killed at the end unless it has ended; ``ready``: wait until it runs."""
        environment = {**INHERITED, **self.environment}
        log = str(self.folder / "log")
        self.births.order({"environment": environment, "failpoint": failpoint, "nth": nth, "log": log})
        born = Bot(self.births, (await self.births.line())["pid"])
        try:
            if ready:
                said = await self.births.line()
                born.status = said.get("status")
                assert said.get("ready"), f"it ended with {said}: {self.log}"
            yield born
        finally:
            born.signal(signal.SIGKILL)
            await born.ended()

    async def settle(self, world: World, seconds: float = 60) -> None:
        """A bot that lives until all that is due has been done, and stops politely; each within so many seconds."""
        async with self.bot() as born:
            await until(world, world.idle, seconds)
            born.signal(signal.SIGUSR1)
            assert await born.ended(seconds) == 0, self.log


INHERITED = {name: value for name, value in os.environ.items() if not name.startswith("YIXIAN_")}


def nursery(births: Births, folder: Path, address: str, **settings: str) -> Nursery:
    """Bots that know one coordinator, no quiet hours, and settle a concern at once."""
    return Nursery(
        births,
        folder,
        {
            **FAST,
            **ALWAYS_AWAKE,
            **AT_ONCE,
            "YIXIAN_ROSTER__COORDINATORS": json.dumps([{"id": COORDINATOR, "name": "陈静"}]),
            "YIXIAN_TELEGRAM__TOKEN": TOKEN,
            "YIXIAN_TELEGRAM__BASE_URL": address,
            "YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'yixian.db'}",
            "YIXIAN_STORAGE__FOLDER": str(folder),
            **settings,
        },
    )


def town(people: int, first: int = 1) -> World:
    """A Telegram with so many residents and a coordinator who has opened the bot."""
    world = World(token=TOKEN, kept_events=400_000)
    for number in range(first, first + people):
        world.person(number, f"居民{number}")
    chen = world.person(COORDINATOR, "陈静", role="coordinator")
    chen.started = True
    world.private(chen)
    return world


def concern(number: int) -> str:
    """What that resident says; its number is how it is known again."""
    return f"第{number}号诉求:城北社区楼道里的路灯坏了好几天"
