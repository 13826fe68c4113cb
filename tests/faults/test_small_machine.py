"""One core and 512 MB suffice: the real program, its address space limited, a nightly backup beside it.

``RLIMIT_AS`` counts every page asked for, also those never touched, so it is stricter than a machine's memory; a kernel
that grants less makes an allocation fail, and the program with it. What was really in memory at most (``VmHWM``) is
asserted as well. Planted fault: keep every update (a list in ``Turns.take`` with 1 MB each), and the limit is met.
"""

import asyncio
import os
import re
import resource
import signal
import sys
from pathlib import Path

import pytest

from bot.backups import kept
from simulator.server import build, serving, until
from simulator.world import World
from tests.stage import FAST, TOKEN
from tests.test_commands import ROOT, environment, receipts, run

MEGABYTE = 1024 * 1024
MACHINE = 512 * MEGABYTE
AT_MOST = 200
"""Megabytes really in memory, of the bot; it was 114 after 300 concerns when this was written."""
COORDINATOR = "900001"
"""Somebody who is none of the residents, who are numbered from 1."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux is needed: /proc tells memory")


def confined() -> None:
    """One core, and no more address space than the machine has memory."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    resource.setrlimit(resource.RLIMIT_AS, (MACHINE, MACHINE))


def peak(pid: int) -> int:
    """The most that was in memory, in megabytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) // 1024


async def serve(folder: Path, people: int, limit: float) -> int:
    """So many concerns and a backup on a small machine; the most memory that took."""
    config = folder / "bot" / "config.toml"
    assert (await run("init", "--dir", str(config.parent), "--coordinator", COORDINATOR)).code == 0
    world = World(token=TOKEN)
    for number in range(1, people + 1):
        world.person(number, f"居民{number}")
    async with serving(build(world, page=None)) as address:
        awake = {"YIXIAN_QUIET__START": "00:00", "YIXIAN_QUIET__END": "00:00"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(config),
            cwd=ROOT,
            env=environment(**FAST, **awake, YIXIAN_TELEGRAM__TOKEN=TOKEN, YIXIAN_TELEGRAM__BASE_URL=address),
            preexec_fn=confined,
        )  # fmt: skip
        try:
            ready = await run("health", "--config", str(config), "--wait", "40")
            assert ready.code == 0, ready.out
            for number in range(1, people + 1):
                world.say(number, f"第{number}号诉求:城北社区的路灯坏了三天,晚上接孩子看不见")
                if number == people // 2:
                    made = await run("backup", "--config", str(config))
                    assert made.code == 0, made.err
            await until(world, lambda: world.idle() and all(receipts(world, n) for n in range(1, people + 1)), limit)
            most = peak(process.pid)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 15) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert len(kept(config.parent / "backups")) == 1
    assert "✗" not in (await run("doctor", "--config", str(config), "--deep", YIXIAN_GROUP__COUNTRY="DE")).out
    return most


async def test_one_core_and_512_mb_suffice(tmp_path: Path) -> None:
    most = await serve(tmp_path, 300, 90)
    assert most < AT_MOST, f"{most} MB"


@pytest.mark.soak
async def test_one_core_and_512_mb_suffice_for_many(tmp_path: Path) -> None:
    """The long form."""
    most = await serve(tmp_path, 5000, 600)
    sys.stdout.write(f"{most} MB\n")
    assert most < AT_MOST, f"{most} MB"
