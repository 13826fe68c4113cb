"""``python -m benchmarks [PART …]``: one part or all of them; ``--write`` puts them into README."""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import growth, long, pace, start, workers
from benchmarks.measure import Measured, measure
from benchmarks.process import Failure
from benchmarks.programs import PROGRAMS
from benchmarks.table import about, markdown, surroundings, written
from bot import logs
from bot.config_sections import Logs

CONCERNS = 4000
QUICK = 600
README = Path(__file__).with_name("README.md")


@dataclass(frozen=True, slots=True)
class Part:
    """What was measured: for programs, and as a table with a heading."""

    heading: str
    numbers: list[dict[str, Any]]
    table: str


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one or more of: {', '.join(PARTS)}; all without any")
    quick = f"{QUICK} concerns instead of {CONCERNS}, {growth.FEWER} cases instead of {growth.LARGE}, and so on"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", action="store_true", help="numbers for programs instead of tables")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    if asked.write and (asked.parts or asked.quick):
        parser.error("--write is for a whole run: no part alone, and not --quick")
    return asked


async def under_load(quick: bool) -> Part:
    """Every program under the same load, one after the other: two at once would measure each other."""
    found: list[Measured] = []
    for make in PROGRAMS:
        found.append(await measure(make, QUICK if quick else CONCERNS))
        print(f"{found[-1].name}: {found[-1].cpu_ms:.2f} ms of CPU a concern", file=sys.stderr)
    return part(f"A concern, {found[0].concerns} times", found, markdown(found))


async def at_a_pace(quick: bool) -> Part:
    """A steady rate, alone and beside broadcasts."""
    found = await (pace.measure_pace(pace.QUICK, pace.QUICK, pace.QUICK) if quick else pace.measure_pace())
    return part("Answers, alone and beside a broadcast", found, pace.markdown(found))


async def by_workers(quick: bool) -> Part:
    """One process and two on PostgreSQL."""
    found = await workers.measure_workers(workers.FEWER if quick else workers.CONCERNS)
    heading = f"PostgreSQL, a webhook, {found[0].concerns} concerns"
    return part(heading, found, workers.markdown(found))


async def for_long(quick: bool) -> Part:
    """Very many updates, and the memory meanwhile."""
    found = await long.measure_long(long.FEWER if quick else long.UPDATES)
    return part(f"{found[-1].updates:,} updates", found, long.markdown(found))


async def from_the_start(quick: bool) -> Part:
    """How soon something is of use."""
    found = await start.measure_start(start.FEWER if quick else start.TIMES)
    return part("Start", found, start.markdown(found))


async def in_years(quick: bool) -> Part:
    """The same questions in a small file and in a large one."""
    large = growth.FEWER if quick else growth.LARGE
    found = await growth.measure_growth(large)
    return part("Growth", found, growth.markdown(found, large))


def part(heading: str, found: Sequence[Any], table: str) -> Part:
    """Measured things, dataclasses each, and their table."""
    return Part(heading, [asdict(one) for one in found], table)


PARTS: Mapping[str, Callable[[bool], Awaitable[Part]]] = {
    "load": under_load,
    "workers": by_workers,
    "pace": at_a_pace,
    "long": for_long,
    "start": from_the_start,
    "growth": in_years,
}


async def measure_all(names: list[str], quick: bool) -> dict[str, Part]:
    """The parts that were asked for, in order; each is told when it is there, so that a later failure loses none."""
    found: dict[str, Part] = {}
    for name in PARTS:
        if name in names or not names:
            found[name] = await PARTS[name](quick)
            print(shown(found[name]), file=sys.stderr, flush=True)
    return found


def shown(part: Part) -> str:
    """A part's heading and table."""
    return f"### {part.heading}\n\n{part.table}"


def main() -> int:
    """Measure and tell; 1 where a program did not run."""
    asked = arguments()
    logs.configure(Logs(level="error"))
    try:
        found = asyncio.run(measure_all(asked.parts, asked.quick))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    if asked.json:
        numbers = {name: part.numbers for name, part in found.items()}
        print(json.dumps({**surroundings(), **numbers}, ensure_ascii=False, indent=2))
        return 0
    told = "\n\n".join([about(), *map(shown, found.values())])
    print(told)
    if asked.write:
        README.write_text(written(README.read_text(encoding="utf-8"), told), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
