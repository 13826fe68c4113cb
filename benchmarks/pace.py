"""How soon people are answered at a steady rate, alone and while thousands of notices go out at Telegram's pace."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import last_words, ready
from benchmarks.process import Failure, loopback, started
from benchmarks.programs import DATABASE, Program, bot, bot_at_telegrams_pace
from bot.clock import SystemClock
from bot.config_sections import Sender
from domain.people import ChatId
from handlers.privacy import PrivacyNotice
from storage.database import open_database
from storage.outbox import Lane, Mode, Saying
from storage.records import dump
from storage.schema import upgrade
from storage.unit import Unit

ALLOWED = Sender().per_second
"""Messages a second, as Telegram allows them and the bot is set to by itself."""
NOTICES = 3_000
FIRST_CHAT = 50_000_000
SECONDS = 60
ALONE, MEANWHILE = 30, 10
"""Concerns a second. Every answer is a message of the same allowance: with 30 a second nothing is left for notices."""
LATEST = 20.0
"""Seconds that the last answers may take."""


@dataclass(frozen=True, slots=True)
class Paced:
    """How soon people were answered, and how much of the allowance was used. Times in milliseconds."""

    name: str
    rate: int
    lost: int
    p50_ms: float
    p99_ms: float
    share: float
    most: int
    most_chat: int


async def measure_pace(seconds: int = SECONDS) -> list[Paced]:
    """Alone, and with a broadcast behind it."""
    return [
        await answered("nobody else", bot, ALONE, seconds),
        await answered(f"{NOTICES} notices go out", bot_at_telegrams_pace, MEANWHILE, seconds, NOTICES),
    ]


async def answered(name: str, make: Callable[[str, Path], Program], rate: int, seconds: int, notices: int = 0) -> Paced:
    """So many concerns a second. ``Failure`` where the program does not run."""
    with tempfile.TemporaryDirectory(prefix="yixian-pace-") as place:
        folder = Path(place)
        await fill(folder, notices)
        async with loopback() as (server, address):
            try:
                async with started(make(address, folder), folder) as process:
                    await ready(server, process)
                    await server.run(2 * rate, LATEST, rate)
                    await asyncio.sleep(0.5)
                    return paced(name, rate, seconds, await server.run(rate * seconds, seconds + LATEST, rate))
            except Failure as failure:
                raise Failure(f"{name}: {failure}. {last_words(folder)}") from None


def paced(name: str, rate: int, seconds: int, report: dict[str, Any]) -> Paced:
    """What a report says."""
    share = report["sent"] / (ALLOWED * report["seconds"])
    return Paced(
        name=name,
        rate=rate,
        lost=report["lost"],
        p50_ms=report["p50"] * 1000,
        p99_ms=report["p99"] * 1000,
        share=share,
        most=report["most"],
        most_chat=report["most_chat"],
    )


async def fill(folder: Path, notices: int) -> None:
    """A new database in which so many people are to be told something."""
    database = await open_database(f"sqlite:///{DATABASE}", folder)
    try:
        await database.schema(upgrade)
        await database.run(lambda unit: tell_everybody(unit, notices))
    finally:
        await database.close()


def tell_everybody(unit: Unit, notices: int) -> None:
    """A notice to each of so many chats."""
    now, words = SystemClock().now(), PrivacyNotice()
    for number in range(notices):
        unit.outbox.add(
            Saying(
                chat=ChatId(FIRST_CHAT + number),
                lane=Lane.BROADCAST,
                mode=Mode.SEND,
                kind=type(words).__name__,
                fields=dump(words),
                created_at=now,
                not_before=now,
            )
        )


def markdown(found: list[Paced]) -> str:
    """The table."""
    head = [
        "| while | concerns a second | p50, ms | p99, ms | lost | of the allowance | most a second | … to one chat |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join(head + [row(one) for one in found])


def row(one: Paced) -> str:
    """One line of it; alone, no pace is kept and no allowance counted."""
    counted = (f"{one.share:.1%}", str(one.most), str(one.most_chat)) if one.rate == MEANWHILE else ("–", "–", "–")
    return f"| {one.name} | {one.rate} | {one.p50_ms:.1f} | {one.p99_ms:.1f} | {one.lost} | {' | '.join(counted)} |"
