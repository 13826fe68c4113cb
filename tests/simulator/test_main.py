"""`python -m simulator` alone serves a Bot API."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import httpx
import telegram


async def test_any_bot_can_use_it() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "simulator", "--port", "0", "--token", "77:abc"),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert process.stdout is not None
        page = (await process.stdout.readline()).decode()
        base = (await process.stdout.readline()).decode().split()[1]
        async with telegram.Bot("77:abc", base_url=base) as bot, httpx.AsyncClient() as http:
            assert bot.id == 77
            found = re.search(r"(http\S+)/\?key=(\S+)", page)
            assert found is not None
            assert (await http.get(f"{found[1]}/sim/people")).status_code == 403
            people = (await http.get(f"{found[1]}/sim/people", params={"key": found[2]})).json()["people"]
            assert len(people) == 2
    finally:
        process.terminate()
        await process.wait()
