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
    """CPU time of a process with all its threads, in the kernel and outside."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
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

    async def run(self, count: int, seconds: float, rate: float = 0) -> dict[str, Any]:
        """Put so many concerns through, so many a second or as fast as they are answered; its report."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"run": count, "seconds": seconds, "rate": rate}).encode() + b"\n")
        return await self.line(seconds + ANSWER_SECONDS)


@asynccontextmanager
async def loopback() -> AsyncIterator[tuple[Loopback, str]]:
    """A server of its own, and its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.loopback", stdin=PIPE, stdout=PIPE, cwd=ROOT, limit=LONGEST_LINE
    )
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
