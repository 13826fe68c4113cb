"""The demo: bot and simulator in one process with one clock, a small sample place, and a page with their phones.

``check`` plays the main job over HTTP without a browser and says whether every step did what it should.
"""

import asyncio
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import logs
from bot.app import App, running
from bot.clock import MovableClock
from bot.config import Settings, load
from bot.config_example import EXAMPLE
from bot.invitations import invite_someone
from bot.timelapse import pass_time
from bot.tour import Step, play
from domain.people import Role
from simulator.server import build, serving, until
from simulator.world import DEFAULT_TOKEN, World

MEMBERS = (
    ("李建国", "城北社区", "教育界"),
    ("张敏", "桂花社区", "医药卫生界"),
    ("赵伟", "河东村", "经济界"),
)
COORDINATOR = (3001, "陈静")
RESIDENTS = ((1001, "王芳", "zh"), (1002, "Emma", "en"))
FIRST_MEMBER = 2001
HASTE = {"YIXIAN_SENDER__PER_SECOND": "500", "YIXIAN_SENDER__PER_CHAT_PER_SECOND": "50", "YIXIAN_SENDER__BURST": "20"}


@dataclass(frozen=True, slots=True)
class Town:
    """The demo as it runs: the bot, the phones, the clock of both, and the page's address."""

    app: App
    world: World
    clock: MovableClock
    address: str
    key: str

    async def quiet(self) -> None:
        """Wait until everything that was done has been handled and answered."""
        for _ in range(3):
            await until(self.world, self.world.idle, 10)
            await self.app.settled()

    async def advance(self, delta: timedelta) -> None:
        """Time passes for everyone; what is due by then is done before this returns."""
        await pass_time(self.app, self.clock, delta, self.quiet)


def demo_settings(folder: Path, address: str) -> Settings:
    """The example's settings, in a folder of its own, with the simulator for a Telegram."""
    number, name = COORDINATOR
    environment = {
        "YIXIAN_TELEGRAM__TOKEN": DEFAULT_TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'demo.db'}",
        "YIXIAN_STORAGE__FOLDER": str(folder),
        "YIXIAN_ROSTER__COORDINATORS": f'[{{"id": {number}, "name": "{name}"}}]',
        "YIXIAN_LOGS__LEVEL": "warning",
        "YIXIAN_BACKUP__KEEP": "0",
        **HASTE,
    }
    return load(EXAMPLE, environment)


def opening(settings: Settings, now: datetime) -> datetime:
    """A working morning: today where it is one, else the next."""
    charter = settings.charter(range(now.year - 1, now.year + 3))
    day = charter.calendar.local_date(now)
    while not charter.calendar.is_working_day(day):
        day += timedelta(days=1)
    return charter.calendar.at(day, time(9, 5))


@asynccontextmanager
async def town(port: int = 0) -> AsyncIterator[Town]:
    """Everything running on 127.0.0.1; the data is gone afterwards."""
    clock = MovableClock(runs=True)
    clock.advance(opening(load(EXAMPLE, {}), clock.now()) - clock.now())
    world = World(now=clock.now, token=DEFAULT_TOKEN)
    key = secrets.token_urlsafe(12)
    found: list[Town] = []

    async def on_advance(delta: timedelta) -> None:
        await found[0].advance(delta)

    web = build(world, key=key, on_advance=on_advance, zone="Asia/Shanghai")
    with TemporaryDirectory(prefix="yixian-demo-") as folder:
        async with serving(web, port) as address:
            settings = demo_settings(Path(folder), address)
            logs.configure(settings.logs, [DEFAULT_TOKEN])
            async with running(settings, clock) as app:
                found.append(Town(app, world, clock, address, key))
                await settle_in(found[0])
                yield found[0]


async def settle_in(place: Town) -> None:
    """The people of the sample place: they join as anyone would, by opening the bot or following a link."""
    first, *more = RESIDENTS
    appear(place, *first, "resident")
    appear(place, FIRST_MEMBER, MEMBERS[0][0], "zh", "member")
    appear(place, *COORDINATOR, "zh", "coordinator")
    for resident in more:
        appear(place, *resident, "resident")
    for index, (name, community, sector) in enumerate(MEMBERS):
        number = FIRST_MEMBER + index
        appear(place, number, name, "zh", "member")
        arguments = {"role": Role.MEMBER.value, "name": name, "communities": [community], "sector": sector}
        invite = partial(invite_someone, charter=place.app.charter, arguments=arguments, now=place.clock.now())
        answer = await place.app.database.run(invite)
        place.world.start(number, answer["payload"])
    place.world.start(COORDINATOR[0])
    await place.quiet()


def appear(place: Town, number: int, name: str, language: str, role: str) -> None:
    """A phone; the page shows them in this order."""
    place.world.person(number, name, language, role=role)


async def serve(port: int) -> int:
    """Serve the page until Ctrl-C."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    async with town(port) as place:
        print_line(f"{place.address}/?key={place.key}")
        print_line("Open this address in a browser. Ctrl-C ends the demo. / 在浏览器里打开这个地址,按 Ctrl-C 结束。")
        await stopping.wait()
    return 0


async def check() -> int:
    """Play the main job over HTTP; 0 where every step did what it should."""
    async with town() as place:
        return await play(place.address, place.key, print_step)


def print_step(step: Step, problem: str) -> None:
    """One line a step."""
    print_line(f"{'✗' if problem else '✓'} {step.title}" + (f": {problem}" if problem else ""))


def print_line(words: str) -> None:
    """A line on standard output, at once."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
