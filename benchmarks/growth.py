"""What the years cost: the same turns, lists, ticks and digests at 1,000 cases and at 1,000,000."""

import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from telegram import Update

from benchmarks import years
from benchmarks.figures import quantile
from benchmarks.programs import TOKEN
from bot.app import App, build
from bot.clock import MovableClock
from bot.config import load
from bot.config_example import EXAMPLE
from domain.cases import CaseId
from domain.digest import Period, so_far
from domain.people import PersonId
from handlers.cards import CaseCard
from handlers.casework import MyCasesList
from handlers.digest import Digest
from handlers.kit.messages import Message
from handlers.kit.views import View
from handlers.mycases import MyConcernsList
from handlers.presses import AssignTo
from handlers.triage import InboxList
from storage.unit import Unit

SMALL, FEWER, LARGE = 1_000, 20_000, 1_000_000
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday morning in the middle of a digest's day."""
TIMES, FEW = 200, 20
"""How often things are asked for: most of them, and the ones that take long."""
DUE = 100
"""Concerns that a tick finds at once: more than a busy group has in the 5 seconds between two ticks."""
COORDINATOR = PersonId(years.STAFF)
MEMBER = PersonId(7)
SETTLED = timedelta(seconds=100)
"""Longer than a concern's window (``intake.settle``, 90 seconds)."""


@dataclass(frozen=True, slots=True)
class Grown:
    """One thing at both sizes: milliseconds below which 95 of 100 lie."""

    name: str
    small_ms: float
    large_ms: float

    @property
    def ratio(self) -> float:
        """How much dearer it became."""
        return self.large_ms / self.small_ms if self.small_ms else 0.0


async def measure_growth(large: int = LARGE) -> list[Grown]:
    """Both sizes, one after the other; the files are deleted afterwards."""
    small = await measure_at(SMALL)
    grown = await measure_at(large)
    return [Grown(name, small[name], grown[name]) for name in small]


async def measure_at(size: int) -> dict[str, float]:
    """p95 of everything in a file of that many cases."""
    with tempfile.TemporaryDirectory(prefix="yixian-growth-") as name:
        begun = perf_counter()
        clock = MovableClock(NOW)
        async with grown(Path(name), size, clock) as app:
            made = (Path(name) / "yixian.db").stat().st_size / 2**20
            print(f"{size} cases: {made:.0f} MB in {perf_counter() - begun:.0f} s", file=sys.stderr)
            return await Asked(app, clock, size).everything()


@asynccontextmanager
async def grown(folder: Path, size: int, clock: MovableClock) -> AsyncIterator[App]:
    """The program without its network, on a file as it is after years."""
    variables = {
        "YIXIAN_TELEGRAM__TOKEN": TOKEN,
        "YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'yixian.db'}",
        "YIXIAN_STORAGE__FOLDER": str(folder),
    }
    settings = load(EXAMPLE, variables)
    app = await build(settings, clock, make=True)
    try:
        years.write(folder / "yixian.db", size, app.charter, clock.now())
        yield app
    finally:
        await app.database.close()


class Asked:
    """What is asked of the program, one at a time: nobody else waits."""

    def __init__(self, app: App, clock: MovableClock, size: int) -> None:
        self._app = app
        self._clock = clock
        self._size = size
        self._numbers = count(900_000_000)

    async def everything(self) -> dict[str, float]:
        """Milliseconds by name."""
        resident, period = PersonId(years.STAFF + 1 + self._size // 2 // years.PER_PERSON), self._digest
        return {
            "report a concern": await self._p95(self._report),
            "the resident's list": await self._p95(partial(self._render, MyConcernsList(0), resident)),
            "a member's list": await self._p95(partial(self._render, MyCasesList(0), MEMBER)),
            "the triage list": await self._p95(partial(self._render, InboxList(0), COORDINATOR)),
            "a new case's card for a coordinator": await self._p95(self._card),
            "search by number": await self._p95(self._search),
            "assign": await self._p95(self._assign),
            "a tick with nothing due": await self._p95(self._app.tick),
            f"a tick with {DUE} due": await self._p95(self._app.tick, FEW, self._make_due),
            "a coordinator's day": await self._p95(partial(self._render, period(Period.DAILY), COORDINATOR), FEW),
            "a coordinator's week": await self._p95(partial(self._render, period(Period.WEEKLY), COORDINATOR), FEW),
            "a member's week": await self._p95(partial(self._render, period(Period.WEEKLY), MEMBER), FEW),
        }

    async def _p95(
        self,
        ask: Callable[[], Awaitable[None]],
        times: int = TIMES,
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> float:
        """After three that are not counted; ``prepare`` is not counted either."""
        took = []
        for _ in range(times + 3):
            if prepare is not None:
                await prepare()
            begun = perf_counter()
            await ask()
            took.append(perf_counter() - begun)
        return quantile(sorted(took[3:]), 0.95) * 1000

    async def _report(self) -> None:
        number = next(self._numbers)
        person = {"id": number, "first_name": f"新居民{number}"}
        await self._take(
            {
                "message": {
                    "message_id": 1,
                    "date": int(self._clock.now().timestamp()),
                    "chat": {**person, "type": "private"},
                    "from": {**person, "is_bot": False, "language_code": "zh"},
                    "text": f"第{number}号:城北社区楼道里的路灯坏了好几天",
                }
            }
        )

    async def _assign(self) -> None:
        case, member = CaseId(years.OPEN_EVERY * (1 + next(self._numbers) % 90)), next(self._numbers) % years.MEMBERS
        person = {"id": years.FIRST_CHAT + COORDINATOR, "first_name": "陈静"}
        message = {"message_id": 5, "date": int(self._clock.now().timestamp()), "chat": {**person, "type": "private"}}
        press = AssignTo(case, PersonId(1 + member)).encode()
        query = {"id": str(next(self._numbers)), "chat_instance": "1", "data": press, "message": message}
        await self._take({"callback_query": {**query, "from": {**person, "is_bot": False, "language_code": "zh"}}})

    async def _take(self, fields: dict[str, Any]) -> None:
        raw = {"update_id": next(self._numbers), **fields}
        await self._app.turns.take(Update.de_json(raw, self._app.bot), raw)

    async def _render(self, message: Message, reader: PersonId) -> None:
        rendered = await self._app.database.read(lambda unit: self._app.words.render(message, self._view(unit, reader)))
        assert rendered is not None, f"{message} has no words"

    def _view(self, unit: Unit, reader: PersonId) -> View:
        person = unit.people.get(reader)
        return View(unit, self._app.charter, self._app.words, person, "zh", self._clock.now()).knowing(person)

    async def _card(self) -> None:
        """One that nobody has taken: the three best placed members are proposed."""
        await self._render(CaseCard(CaseId(years.OPEN_EVERY)), COORDINATOR)

    async def _search(self) -> None:
        found = await self._app.database.read(lambda unit: unit.cases.by_number("25-0017"))
        assert found is not None

    async def _make_due(self) -> None:
        """New concerns whose window has passed."""
        for _ in range(DUE):
            await self._report()
        self._clock.advance(SETTLED)

    def _digest(self, period: Period) -> Digest:
        issue = so_far(period, self._app.charter.calendar, self._clock.now())
        return Digest(period, issue.since, issue.until)


def markdown(found: list[Grown], large: int = LARGE) -> str:
    """The table of both sizes."""
    head = [f"| p95, ms | {SMALL:,} cases | {large:,} cases | ratio |", "| --- | ---: | ---: | ---: |"]
    return "\n".join(head + [f"| {g.name} | {g.small_ms:.1f} | {g.large_ms:.1f} | {g.ratio:.2f} × |" for g in found])
