"""Processes that are started here and end here, and what /proc tells of them (Linux only)."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.programs import ROOT, Program

TICKS = os.sysconf("SC_CLK_TCK")
LONGEST_LINE = 2**24
STOP_SECONDS = 15.0
ANSWER_SECONDS = 10.0


class Failure(Exception):
    """A program did not do its part; the sentence says which and how."""


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its threads, and of its children that have ended; 0 where it has itself."""
    fields = stat_of(pid)
    return sum(map(int, fields[11:15])) / TICKS if fields else 0.0


def family_seconds(pid: int) -> float:
    """The same of a process and of all that it started."""
    return sum(cpu_seconds(member) for member in family(pid))


def stat_of(pid: int) -> list[str]:
    """What the kernel counts for a process (proc(5), ``stat``), from its state on; nothing where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def busy_seconds() -> float:
    """CPU time that all programs of this machine together have taken (proc(5): all of the first line but idle, iowait).

    Guests are counted in ``user`` already.
    """
    user, nice, system, _, _, *interrupts = Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / TICKS


def family(pid: int) -> list[int]:
    """A process and all that it started, and they, as far as they live."""
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    parents = {number: int(fields[1]) for number in numbers if (fields := stat_of(number))}
    found = [pid]
    for member in found:
        found += [number for number, parent in parents.items() if parent == member]
    return found


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in MB."""
    return counted_mb(pid, "status", "VmRSS:")


def proportional_mb(pid: int) -> float:
    """The same, with what it shares with other processes divided among them."""
    return counted_mb(pid, "smaps_rollup", "Pss:")


def counted_mb(pid: int, file: str, name: str) -> float:
    """A line of that name, in kB there and in MB here. ``Failure`` where the process has ended."""
    try:
        for told in Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8", errors="replace").splitlines():
            if told.startswith(name):
                return int(told.split()[1]) / 1024
    except OSError:
        pass  # it is gone, and so is its folder
    raise Failure(f"process {pid} has ended")


class Loopback:
    """The server's process, spoken to in lines."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.pid = process.pid

    async def line(self, seconds: float) -> dict[str, Any]:
        """What it says next. ``Failure`` where it says nothing in that time."""
        assert self._process.stdout is not None
        try:
            text = await asyncio.wait_for(self._process.stdout.readline(), seconds)
        except TimeoutError:
            raise Failure(f"the loopback server said nothing for {seconds:.0f} s") from None
        if not text:
            raise Failure("the loopback server has ended")
        found: dict[str, Any] = json.loads(text)
        return found

    async def run(self, count: int, seconds: float, rate: float = 0, acts: int = 1) -> dict[str, Any]:
        """Put so many concerns through, so many a second or as fast as they are answered; its report."""
        assert self._process.stdin is not None
        order = {"run": count, "seconds": seconds, "rate": rate, "acts": acts}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await self.line(seconds + ANSWER_SECONDS)


@asynccontextmanager
async def loopback(programs: int = 1) -> AsyncIterator[tuple[Loopback, str]]:
    """A server of its own, and its address. It is ``ready`` once so many programs are there."""
    command = (sys.executable, "-m", "benchmarks.loopback", str(programs))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=LONGEST_LINE)
    try:
        server = Loopback(process)
        port = (await server.line(ANSWER_SECONDS))["port"]
        yield server, f"http://127.0.0.1:{port}"
    finally:
        await end(process)


@asynccontextmanager
async def started(program: Program, folder: Path) -> AsyncIterator[Process]:
    """A program under load, until it is told to stop; what it complains of is in ``folder``."""
    with complaints(folder).open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *program.command(), env=program.environment(), cwd=ROOT, stdin=DEVNULL, stdout=DEVNULL, stderr=errors
        )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process) -> None:
    """Politely; then not."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
    await process.wait()


def complaints(folder: Path) -> Path:
    """Where a program's standard error goes."""
    return folder / "stderr.txt"
