"""One program under load, measured from outside."""

import asyncio
import sqlite3
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

from benchmarks.process import (
    Failure,
    Loopback,
    busy_seconds,
    complaints,
    family_seconds,
    loopback,
    resident_mb,
    started,
)
from benchmarks.programs import DATABASE, Program

START_SECONDS = 120.0
LOAD_SECONDS = 300.0
WARM_UP = 64
QUIET_SECONDS = 0.5
"""Left after a run for what is written down behind the last answer."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the bot's database says against what people were told; all 0 where all is well."""

    misnumbered: int
    out_of_order: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a program needed. Milliseconds of CPU are for one concern; ``server_ms`` is what the server itself took."""

    name: str
    concerns: int
    cpu_ms: float
    per_second: float
    p50_ms: float
    p99_ms: float
    rss_start_mb: float
    rss_end_mb: float
    start_s: float
    server_ms: float
    lost: int
    copies: int
    calls: dict[str, int]
    checked: Checked | None


async def measure(make: Callable[[str, Path], Program], count: int) -> Measured:
    """Start a program, warm it up, put ``count`` concerns through it, stop it. ``Failure`` where it does not run."""
    with tempfile.TemporaryDirectory(prefix="yixian-bench-") as name:
        folder = Path(name)
        async with loopback() as (server, address):
            program = make(address, folder)
            try:
                measured, serials = await under_load(program, server, folder, count)
            except Failure as failure:
                raise Failure(f"{program.name}: {failure}. {last_words(folder)}") from None
        return with_check(measured, serials, folder) if program.whole else measured


async def under_load(
    program: Program, server: Loopback, folder: Path, count: int
) -> tuple[Measured, list[tuple[int, int]]]:
    """The measured part, and which case number each concern was told."""
    begun = time.perf_counter()
    async with started(program, folder) as process:
        await ready(server, process)
        start_s, rss_start = time.perf_counter() - begun, resident_mb(process.pid)
        loaded = await load(server, count, process.pid, server.pid)
        rss_end = resident_mb(process.pid)
    measured = Measured(
        name=program.name,
        concerns=count,
        cpu_ms=loaded.cpu_ms[0],
        per_second=loaded.per_second,
        p50_ms=loaded.report["p50"] * 1000,
        p99_ms=loaded.report["p99"] * 1000,
        rss_start_mb=rss_start,
        rss_end_mb=rss_end,
        start_s=start_s,
        server_ms=loaded.cpu_ms[1],
        lost=loaded.report["lost"],
        copies=loaded.report["copies"],
        calls=loaded.report["calls"],
        checked=None,
    )
    return measured, loaded.told


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a load. ``cpu_ms`` is for one concern, of each process that was asked about with all it started.

    ``busy`` is how many cores worked meanwhile, for whatever program. ``told`` are the concerns' case numbers.
    """

    report: dict[str, Any]
    cpu_ms: tuple[float, ...]
    busy: float
    told: list[tuple[int, int]]

    @property
    def per_second(self) -> float:
        """Concerns a second."""
        return self.report["answered"] / self.report["seconds"] if self.report["seconds"] else 0.0


async def load(server: Loopback, count: int, *processes: int) -> Loaded:
    """Warm a program up, then put so many concerns through. ``Failure`` where it does not even warm up."""
    warm = await server.run(WARM_UP, START_SECONDS)
    if warm["lost"]:
        raise Failure(f"it left {warm['lost']} of the first {WARM_UP} concerns unanswered")
    await asyncio.sleep(QUIET_SECONDS)
    before, busy, begun = [family_seconds(pid) for pid in processes], busy_seconds(), time.perf_counter()
    report = await server.run(count, LOAD_SECONDS)
    cores = (busy_seconds() - busy) / (time.perf_counter() - begun)
    await asyncio.sleep(QUIET_SECONDS)
    used = [family_seconds(pid) - then for pid, then in zip(processes, before, strict=True)]
    told = [(number, serial) for number, serial in warm["serials"] + report["serials"]]
    return Loaded(report, tuple(seconds * 1000 / max(1, report["answered"]) for seconds in used), cores, told)


async def ready(server: Loopback, process: Process) -> None:
    """Wait until the program asks for updates. ``Failure`` where it ends instead, or takes too long."""
    asked, ended = asyncio.ensure_future(server.line(START_SECONDS)), asyncio.ensure_future(process.wait())
    await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if not asked.done():
        asked.cancel()
        raise Failure(f"it ended with code {process.returncode} before it asked for updates")
    asked.result()


def last_words(folder: Path) -> str:
    """The end of what a program complained of."""
    path = complaints(folder)
    return path.read_text(encoding="utf-8", errors="replace")[-1500:].strip() if path.exists() else ""


def with_check(measured: Measured, told: list[tuple[int, int]], folder: Path) -> Measured:
    """The same, with what the database says."""
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        written = connection.execute("SELECT text, serial FROM cases").fetchall()
    return replace(measured, checked=check(dict(written), len(written), told))


def check(written: dict[Any, Any], rows: int, told: list[tuple[int, int]]) -> Checked:
    """Numbers are 1, 2, 3 …, once each, the same in the receipt as in the file, and in the order of the updates."""
    gaps = rows - len(set(written.values()) & set(range(1, rows + 1)))
    by_mark = {text.partition(":")[0]: serial for text, serial in written.items()}
    wrong = sum(by_mark.get(f"第{number}号诉求") != serial for number, serial in told)
    serials = [serial for _, serial in sorted(told)]
    highest = accumulate(serials, max)
    return Checked(gaps + wrong, sum(serial < top for serial, top in zip(serials, highest, strict=True)))
