"""The numbers as Markdown, and the page they are put into."""

import os
import platform
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.loopback import IN_FLIGHT
from benchmarks.measure import Measured

RATIOS: tuple[tuple[str, Callable[[Measured], float]], ...] = (
    ("CPU, against {}", lambda m: m.cpu_ms),
    ("throughput, against {}", lambda m: m.per_second),
)
"""Of the last program, PTB as it comes: machines differ, and so do two runs on one; ratios within a run say more."""

ROWS: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("CPU per concern, ms", lambda m: f"{m.cpu_ms:.2f}"),
    ("concerns a second", lambda m: f"{m.per_second:.0f}"),
    ("p50, ms", lambda m: f"{m.p50_ms:.0f}"),
    ("p99, ms", lambda m: f"{m.p99_ms:.0f}"),
    ("start, s", lambda m: f"{m.start_s:.2f}"),
    ("memory after the start, MB", lambda m: f"{m.rss_start_mb:.0f}"),
    ("memory at the end, MB", lambda m: f"{m.rss_end_mb:.0f}"),
    ("lost", lambda m: str(m.lost)),
    ("answered twice", lambda m: str(m.copies)),
    ("misnumbered", lambda m: str(m.checked.misnumbered) if m.checked else "–"),
    ("out of order", lambda m: str(m.checked.out_of_order) if m.checked else "–"),
    ("the server's own CPU, ms", lambda m: f"{m.server_ms:.2f}"),
)


def surroundings() -> dict[str, str | int | float]:
    """When, and on what."""
    return {
        "date": f"{datetime.now().astimezone():%Y-%m-%d}",
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "in_flight": IN_FLIGHT,
        "load": round(os.getloadavg()[2], 1),
    }


BEGIN, END = "<!-- the last run -->", "<!-- the end of it -->"
PACKAGES = ("python-telegram-bot", "aiogram", "SQLAlchemy")


def about() -> str:
    """When, on what, and with which versions, as one line."""
    found = surroundings()
    versions = " · ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{found['date']} · {found['cores']} cores ({platform.machine()}, {processor()}) · Python {found['python']} · "
        f"SQLite {found['sqlite']} · {versions} · {found['in_flight']} concerns at a time · "
        f"load of the last 15 minutes before it ended {found['load']}"
    )


def processor() -> str:
    """What the kernel calls it."""
    for told in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if told.startswith("model name"):
            return told.partition(":")[2].strip()
    return "unnamed"


def written(page: str, told: str) -> str:
    """The page with other tables. Raises ``ValueError`` where it has no place for them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no {BEGIN} … {END}")
    return f"{before}{begin}\n\n{told}\n\n{end}{after}"


def markdown(found: Sequence[Measured]) -> str:
    """The table."""
    lines = [line("", [one.name for one in found]), line("---", ["---:" for _ in found])]
    lines += ratios(found)
    lines += [line(name, [show(one) for one in found]) for name, show in ROWS]
    return "\n".join(lines)


def ratios(found: Sequence[Measured]) -> list[str]:
    """Every program against the last; a dash where the last one measured nothing."""
    rows = []
    for name, of in RATIOS:
        base = of(found[-1])
        rows.append(line(name.format(found[-1].name), [f"{of(one) / base:.2f} ×" if base else "–" for one in found]))
    return rows


def line(name: str, cells: list[str]) -> str:
    """One row."""
    return f"| {' | '.join([name, *cells])} |"
