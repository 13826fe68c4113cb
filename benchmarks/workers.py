"""What a second worker brings: the bot on PostgreSQL in webhook mode, by one process and by two."""

import asyncio
import socket
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.concern import Act, Concern, Update
from benchmarks.measure import QUIET_SECONDS, Loaded, check, last_words, load, ready
from benchmarks.postgres import DRIVER, postgres
from benchmarks.process import Failure, loopback, started
from benchmarks.programs import bot_workers
from benchmarks.table import line

WORKERS = (1, 2)
CONCERNS, FEWER = 2_000, 300
TALKERS = 10
"""Behind the load a tenth as many people say two sentences at once, which must be taken in that order."""
TALK_SECONDS = 60.0
FAR_MS = 20
"""Milliseconds that a commit takes where a second machine has to confirm it, say in another town."""
FAR = (f"commit_delay = {FAR_MS * 1000}", "commit_siblings = 0")
"""PostgreSQL's own setting: wait so many microseconds before the log goes to the disk, whether others commit or not."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What so many workers did. CPU is for one concern, of all of them and of PostgreSQL; ``busy`` counts cores."""

    workers: int
    commit_ms: int
    concerns: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    database_ms: float
    server_ms: float
    busy: float
    lost: int
    copies: int
    again: int
    misnumbered: int
    out_of_order: int


async def measure_workers(count: int = CONCERNS) -> list[Shared]:
    """One and two, each on a server of its own: with a disk that is near, then with one that is far."""
    near = [await shared(workers, 0, (), count) for workers in WORKERS]
    return near + [await shared(workers, FAR_MS, FAR, count) for workers in WORKERS]


async def shared(workers: int, commit_ms: int, settings: Iterable[str], count: int) -> Shared:
    """So many workers under load. ``Failure`` where they do not run."""
    with postgres(*settings) as (server_pid, url), tempfile.TemporaryDirectory(prefix="yixian-workers-") as place:
        folder = Path(place)
        async with loopback(workers) as (server, address):
            program = bot_workers(address, folder, url, free_port(), workers)
            try:
                async with started(program, folder) as process:
                    await ready(server, process)
                    await asyncio.sleep(QUIET_SECONDS)  # every worker has asked who it is, and takes calls at once
                    loaded = await load(server, count, process.pid, server_pid, server.pid)
                    talk = await server.run(count // TALKERS, TALK_SECONDS, acts=Act.ADD)
                    await asyncio.sleep(QUIET_SECONDS)
            except Failure as failure:
                raise Failure(f"{workers} workers: {failure}. {last_words(folder)}") from None
        return judged(workers, commit_ms, loaded, talk, written(url))


def judged(
    workers: int, commit_ms: int, loaded: Loaded, talk: dict[str, Any], cases: Sequence[tuple[str, int]]
) -> Shared:
    """What the reports and the database say."""
    told = [*loaded.told, *((number, serial) for number, serial in talk["serials"])]
    cpu_ms, database_ms, server_ms = loaded.cpu_ms
    return Shared(
        workers=workers,
        commit_ms=commit_ms,
        concerns=loaded.report["answered"],
        per_second=loaded.per_second,
        p50_ms=loaded.report["p50"] * 1000,
        p99_ms=loaded.report["p99"] * 1000,
        cpu_ms=cpu_ms,
        database_ms=database_ms,
        server_ms=server_ms,
        busy=loaded.busy,
        lost=loaded.report["lost"] + talk["lost"],
        copies=talk["copies"],
        again=talk["again"],
        misnumbered=check(dict(cases), len(cases), told).misnumbered,
        out_of_order=disordered([text for text, _ in cases], [number for number, _ in talk["serials"]]),
    )


def written(url: str) -> list[tuple[str, int]]:
    """Text and number of every case."""
    with closing(psycopg.connect(url.replace(DRIVER, "postgresql", 1))) as connection:
        return [(text, serial) for text, serial in connection.execute("SELECT text, serial FROM cases")]


def disordered(texts: Iterable[str], talkers: Iterable[int]) -> int:
    """How many of these people have no case with both their sentences, the first one first."""
    whole = set(texts)
    said = ([Update(0, Concern(number), act).text for act in (Act.TELL, Act.ADD)] for number in talkers)
    return sum("\n".join(sentences) not in whole for sentences in said)


def free_port() -> int:
    """One that nobody has at this moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


ROWS: tuple[tuple[str, Callable[[Shared], float], str], ...] = (
    ("concerns a second", lambda s: s.per_second, ".0f"),
    ("p50, ms", lambda s: s.p50_ms, ".0f"),
    ("p99, ms", lambda s: s.p99_ms, ".0f"),
    ("CPU per concern, all workers, ms", lambda s: s.cpu_ms, ".2f"),
    ("CPU per concern, PostgreSQL, ms", lambda s: s.database_ms, ".2f"),
    ("CPU per concern, the load itself, ms", lambda s: s.server_ms, ".2f"),
    ("cores at work, of all programs", lambda s: s.busy, ".2f"),
)
COUNTED: tuple[tuple[str, Callable[[Shared], int]], ...] = (
    ("lost", lambda s: s.lost),
    ("answered twice", lambda s: s.copies),
    ("delivered again", lambda s: s.again),
    ("misnumbered", lambda s: s.misnumbered),
    ("out of order in a chat", lambda s: s.out_of_order),
)


def markdown(found: Sequence[Shared]) -> str:
    """The table: one worker, two and the ratio, first with a near disk, then with a far one."""
    pairs = [(found[place], found[place + 1]) for place in range(0, len(found), len(WORKERS))]
    head = [name for one, two in pairs for name in (title(one), title(two), "ratio")]
    lines = [line("", head), line("---", ["---:" for _ in head])]
    for name, of, form in ROWS:
        lines.append(line(name, [cell for one, two in pairs for cell in compared(of(one), of(two), form)]))
    for name, count in COUNTED:
        lines.append(line(name, [cell for one, two in pairs for cell in (str(count(one)), str(count(two)), "")]))
    return "\n".join(lines)


def title(one: Shared) -> str:
    """How many, and how far the disk is."""
    workers = "1 worker" if one.workers == 1 else f"{one.workers} workers"
    return f"{workers}, commits of {one.commit_ms} ms" if one.commit_ms else workers


def compared(one: float, two: float, form: str) -> tuple[str, str, str]:
    """Both, and how much of the first the second is."""
    return format(one, form), format(two, form), f"{two / one:.2f} ×" if one else "–"
