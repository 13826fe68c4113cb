"""What is measured: the bot and four others, and how each is started."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "4200001:made-up-for-the-loopback-server"  # noqa: S105 - no token of anybody
DATABASE = "yixian.db"
TICKETS = "tickets.db"
NEVER_INHERITED = ("YIXIAN_", "PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
FAST = {"YIXIAN_SENDER__PER_SECOND": "1000", "YIXIAN_SENDER__PER_CHAT_PER_SECOND": "100", "YIXIAN_SENDER__BURST": "20"}
"""Without Telegram's own limits, which would be all that is measured."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program under load; ``whole`` is the bot itself, whose database is looked at afterwards."""

    name: str
    arguments: tuple[str, ...]
    variables: Mapping[str, str]
    whole: bool = False

    def command(self) -> list[str]:
        """How to start it."""
        return [sys.executable, *self.arguments]

    def environment(self) -> dict[str, str]:
        """Its variables, and of ours those that change nothing."""
        return {**plain_environment(), **self.variables}


def plain_environment() -> dict[str, str]:
    """Of our variables those that change nothing, and where the code is."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(NEVER_INHERITED)}
    return {**kept, "PYTHONPATH": str(ROOT)}


def bot(address: str, folder: Path) -> Program:
    """The bot as ``python -m bot run`` starts it, on a real SQLite file in ``folder``; no pace holds it up."""
    return bot_as(address, folder, FAST)


def bot_at_telegrams_pace(address: str, folder: Path) -> Program:
    """The same, as fast as Telegram allows and no faster."""
    return bot_as(address, folder, {})


def bot_workers(address: str, folder: Path, url: str, port: int, workers: int) -> Program:
    """So many workers of the bot on one PostgreSQL, called on that port as Telegram calls a webhook."""
    shared = {
        "YIXIAN_TELEGRAM__MODE": "webhook",
        "YIXIAN_WEBHOOK__URL": f"http://127.0.0.1:{port}",
        "YIXIAN_WEBHOOK__PORT": str(port),
        "YIXIAN_WEBHOOK__SECRET": "made-up-for-the-loopback-server",
        "YIXIAN_STORAGE__URL": url,
    }
    alone = bot_as(address, folder, {**FAST, **shared})
    return replace(alone, arguments=(*alone.arguments, "--workers", str(workers)))


def bot_as(address: str, folder: Path, settings: Mapping[str, str]) -> Program:
    """The bot with a configuration and, unless there is one, a database of its own in ``folder``."""
    config = folder / "config.toml"
    shutil.copyfile(ROOT / "config.example.toml", config)
    config.chmod(0o600)
    variables = {
        "YIXIAN_TELEGRAM__TOKEN": TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": address,
        "YIXIAN_STORAGE__URL": f"sqlite:///{DATABASE}",
        "YIXIAN_LOGS__LEVEL": "warning",
        **settings,
    }
    found = Program("一线, the whole bot", ("-m", "bot", "run", "--config", str(config)), variables, whole=True)
    if not (folder / DATABASE).exists():
        make = [sys.executable, "-m", "bot", "init", "--database", "--config", str(config)]
        subprocess.run(make, env=found.environment(), cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    return found


def echo_over_aiohttp(address: str, _: Path) -> Program:
    """PTB's echo over our transport."""
    return Program("PTB echo, our aiohttp", ("-m", "benchmarks.echo", "aiohttp", address), {"ECHO_TOKEN": TOKEN})


def echo_over_httpx(address: str, _: Path) -> Program:
    """PTB's echo as PTB comes."""
    return Program("PTB echo, stock httpx", ("-m", "benchmarks.echo", "httpx", address), {"ECHO_TOKEN": TOKEN})


def aiogram_echo(address: str, _: Path) -> Program:
    """aiogram's echo as aiogram comes."""
    return Program("aiogram echo", ("-m", "benchmarks.aiogram_bots", address), {"ECHO_TOKEN": TOKEN})


def aiogram_tickets(address: str, folder: Path) -> Program:
    """A ticket bot on aiogram and a SQLite file in ``folder``."""
    file = str(folder / TICKETS)
    return Program("aiogram tickets, SQLite", ("-m", "benchmarks.aiogram_bots", address, file), {"ECHO_TOKEN": TOKEN})


PROGRAMS = (bot, aiogram_tickets, aiogram_echo, echo_over_aiohttp, echo_over_httpx)
