"""`python -m simulator`: a Bot API for any bot, with the page, and nothing else."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import secrets
import sys

from simulator.server import build, serving
from simulator.world import DEFAULT_TOKEN, World


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A small Telegram on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8081, help="0 for any free one (default: 8081)")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="the bot's token (default: %(default)s)")
    parser.add_argument("--username", default="yixian_bot", help="the bot's @name (default: %(default)s)")
    parser.add_argument("--open", action="store_true", help="ask no key of the page and of /sim/")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    world = World(token=arguments.token, username=arguments.username)
    world.person(1001, "王芳", "zh")
    world.person(1002, "Li Jianguo", "en")
    key = None if arguments.open else secrets.token_urlsafe(12)
    async with serving(build(world, key=key), arguments.port) as address:
        sys.stdout.write(f"page      {address}/{f'?key={key}' if key else ''}\n")
        sys.stdout.write(f"base_url  {address}/bot   token {arguments.token}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(_arguments()))
