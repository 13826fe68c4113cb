"""From the start of a process to the moment it is of use: the demo's page and its town, and the bot on an old file."""

import asyncio
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import aiohttp

from benchmarks.growth import SMALL, grown
from benchmarks.measure import START_SECONDS, last_words, ready
from benchmarks.process import Failure, end, loopback, started
from benchmarks.programs import ROOT, bot, plain_environment
from benchmarks.table import line
from bot.clock import MovableClock, SystemClock

TIMES, FEWER = 3, 1
AWAKE_SECONDS = 120.0
LOOK_SECONDS = 0.05
"""How often the town is asked whether it is awake: seldom enough not to keep it from waking."""


@dataclass(frozen=True, slots=True)
class Started:
    """How long something took from the start of its process, in seconds, each time."""

    name: str
    seconds: tuple[float, ...]


async def measure_start(times: int = TIMES) -> list[Started]:
    """The demo and the bot, so many times each."""
    demos = [await demo() for _ in range(times)]
    with tempfile.TemporaryDirectory(prefix="yixian-start-") as place:
        folder = Path(place)
        async with grown(folder, SMALL, MovableClock(SystemClock().now())):
            pass  # it is only made
        runs = [await first_poll(folder) for _ in range(times)]
    return [
        Started("the demo: its address is printed", tuple(printed for printed, _ in demos)),
        Started("the demo: its town is awake", tuple(awake for _, awake in demos)),
        Started(f"the bot on {SMALL:,} cases: the first getUpdates", tuple(runs)),
    ]


async def demo() -> tuple[float, float]:
    """Seconds to the printed address, and to the end of the weeks that its people play before anybody looks."""
    begun = time.perf_counter()
    async with printing("-m", "bot", "demo", "--port", "0", "--language", "zh") as output:
        address = await first_line(output)
        printed = time.perf_counter() - begun
        await awake(address)
        return printed, time.perf_counter() - begun


@asynccontextmanager
async def printing(*arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """A Python program's output, until it is told to stop."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *arguments), env=plain_environment(), cwd=ROOT, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        await end(process)


async def first_line(output: asyncio.StreamReader) -> str:
    """What is printed first. ``Failure`` where nothing is."""
    try:
        found = await asyncio.wait_for(output.readline(), START_SECONDS)
    except TimeoutError:
        found = b""
    if not found:
        raise Failure("the demo printed no address")
    return found.decode().strip()


async def awake(address: str) -> None:
    """Wait until the town's story is told. ``Failure`` where it takes too long, or ends."""
    page = urlsplit(address)
    story = page._replace(path="/sim/story").geturl()
    try:
        async with asyncio.timeout(AWAKE_SECONDS), aiohttp.ClientSession() as client:
            while (await (await client.get(story)).json())["state"] != "done":  # noqa: ASYNC110
                await asyncio.sleep(LOOK_SECONDS)  # it happens in another process
    except (TimeoutError, aiohttp.ClientError) as error:
        raise Failure(f"the demo's town did not wake up: {type(error).__name__}") from None


async def first_poll(folder: Path) -> float:
    """Seconds until the bot with that database asks for updates."""
    async with loopback() as (server, address):
        program = bot(address, folder)
        try:
            begun = time.perf_counter()
            async with started(program, folder) as process:
                await ready(server, process)
                return time.perf_counter() - begun
        except Failure as failure:
            raise Failure(f"{program.name}: {failure}. {last_words(folder)}") from None


def markdown(found: Sequence[Started]) -> str:
    """The table."""
    lines = [line("from the start of the process, s", ["median", "slowest"]), line("---", ["---:", "---:"])]
    lines += [line(one.name, [f"{median(one.seconds):.2f}", f"{max(one.seconds):.2f}"]) for one in found]
    return "\n".join(lines)
