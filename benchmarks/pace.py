"""How soon people are answered at a steady rate, alone and while thousands of notices go out at Telegram's pace."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import last_words, ready
from benchmarks.process import Failure, loopback, started
from benchmarks.programs import DATABASE, Program, bot, bot_at_telegrams_pace
from benchmarks.table import line
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
FEW, MANY = 3_000, 100_000
"""Notices that wait to be sent. The many would take an hour: what they could slow down is every look at what waits."""
FIRST_CHAT = 50_000_000
ALONE_SECONDS, SECONDS, QUICK = 30, 60, 20
ALONE, MEANWHILE = 30, 10
"""Concerns a second. Every answer is a message of the same allowance: with 30 a second nothing is left for notices."""
SENT = 3_000
"""Notices that are to go out while so many wait."""
MANY_SECONDS = round(SENT / (ALLOWED - MEANWHILE))
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
    notices: int
    share: float
    most: int
    most_chat: int


async def measure_pace(alone: int = ALONE_SECONDS, few: int = SECONDS, many: int = MANY_SECONDS) -> list[Paced]:
    """Alone, with a broadcast behind it, and with one that takes an hour."""
    broadcast = partial(answered, make=bot_at_telegrams_pace, rate=MEANWHILE)
    return [
        await answered("no notices", bot, ALONE, alone),
        await broadcast(f"of {FEW:,} notices", seconds=few, notices=FEW),
        await broadcast(f"of {MANY:,} notices", seconds=many, notices=MANY),
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
        notices=report["sent"] - report["answered"],
        share=share,
        most=report["most"],
        most_chat=report["most_chat"],
    )


async def fill(folder: Path, notices: int) -> None:
    """A new database in which so many people are to be told something."""
    database = await open_database(f"sqlite:///{DATABASE}", folder, make=True)
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


def markdown(found: Sequence[Paced]) -> str:
    """The table."""
    head = ["concerns a second", "p50, ms", "p99, ms", "lost", "notices sent", "of the allowance"]
    head += ["most a second", "… to one chat"]
    lines = [line("while there go out", head), line("---", ["---:" for _ in head])]
    return "\n".join(lines + [line(one.name, cells(one)) for one in found])


def cells(one: Paced) -> list[str]:
    """One line of it; alone, no pace is kept and no allowance counted."""
    counted = [str(one.notices), f"{one.share:.1%}", str(one.most), str(one.most_chat)]
    told = counted if one.rate == MEANWHILE else ["–"] * len(counted)
    return [str(one.rate), f"{one.p50_ms:.1f}", f"{one.p99_ms:.1f}", str(one.lost), *told]
