"""A long life in one: 100,000 updates through the running bot, and how much memory it has all along."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.concern import Act
from benchmarks.figures import slope
from benchmarks.measure import last_words, ready
from benchmarks.process import Failure, loopback, proportional_mb, resident_mb, started
from benchmarks.programs import bot
from benchmarks.table import line

UPDATES, FEWER = 100_000, 10_000
STEPS = 10
ACTS = len(Act)
"""Everybody tells a concern, adds to it, presses a button and asks for their list: four updates, of a new person."""
STEP_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Aged:
    """The bot after so many updates. Memory in MB: what lies in RAM, and what of it is not another process's too."""

    updates: int
    resident_mb: float
    proportional_mb: float
    p99_ms: float
    lost: int


async def measure_long(updates: int = UPDATES) -> list[Aged]:
    """After the start, and after each tenth of the updates. ``Failure`` where the bot does not run."""
    with tempfile.TemporaryDirectory(prefix="yixian-long-") as place:
        folder = Path(place)
        async with loopback() as (server, address):
            program = bot(address, folder)
            try:
                async with started(program, folder) as process:
                    await ready(server, process)
                    found = [aged(0, process.pid)]
                    for step in range(1, STEPS + 1):
                        report = await server.run(updates // STEPS // ACTS, STEP_SECONDS, acts=ACTS)
                        found.append(aged(step * updates // STEPS, process.pid, report))
            except Failure as failure:
                raise Failure(f"{program.name}: {failure}. {last_words(folder)}") from None
    return found


def aged(updates: int, pid: int, report: dict[str, Any] | None = None) -> Aged:
    """As the bot is now, and how the last step went."""
    told = report or {"p99": 0.0, "lost": 0}
    return Aged(updates, resident_mb(pid), proportional_mb(pid), told["p99"] * 1000, told["lost"])


def growth(found: Sequence[Aged]) -> float:
    """Bytes of RAM an update over the last half: what the first half fills (caches, pools) is no growth."""
    later = found[len(found) // 2 :]
    return slope([(one.updates, one.resident_mb * 2**20) for one in later])


def markdown(found: Sequence[Aged]) -> str:
    """The table, and the growth in its last line."""
    head = ["in RAM, MB", "its share, MB", "p99 of the receipts, ms", "lost"]
    lines = [line("updates", head), line("---:", ["---:" for _ in head])]
    for one in found:
        p99 = f"{one.p99_ms:.0f}" if one.updates else "–"
        lines.append(
            line(f"{one.updates:,}", [f"{one.resident_mb:.1f}", f"{one.proportional_mb:.1f}", p99, str(one.lost)])
        )
    return "\n".join([*lines, "", f"Growth over the last half: {growth(found):.0f} bytes an update."])
