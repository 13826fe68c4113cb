"""``python -m benchmarks [--quick] [--json]``: each program in turn under the same load, one table."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict

from benchmarks.measure import Measured, measure
from benchmarks.process import Failure
from benchmarks.programs import PROGRAMS
from benchmarks.table import markdown, surroundings

CONCERNS = 4000
QUICK = 600


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} concerns instead of {CONCERNS}")
    parser.add_argument("--json", action="store_true", help="numbers for programs instead of a table")
    return parser.parse_args()


async def measure_all(count: int) -> list[Measured]:
    """One after the other: two at once would measure each other."""
    found = []
    for make in PROGRAMS:
        found.append(await measure(make, count))
        print(f"{found[-1].name}: {found[-1].cpu_ms:.2f} ms of CPU a concern", file=sys.stderr)
    return found


def main() -> int:
    """Measure and tell; 1 where a program did not run."""
    asked = arguments()
    try:
        found = asyncio.run(measure_all(QUICK if asked.quick else CONCERNS))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    if asked.json:
        print(json.dumps({**surroundings(), "programs": [asdict(one) for one in found]}, ensure_ascii=False, indent=2))
    else:
        print(markdown(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
