"""Thirty days of restarts, clocks set wrongly and changes of summer time: each follow-up and digest happens once.

The same life is lived twice: once under a true clock that is looked at every four hours, once with everything that can
happen to a clock. Of a deadline whose marks passed while nobody looked only the last is told, so what must be the same
is the last one told, and nothing twice. Fails on a planted fault: ``open_marks``
(``domain/followups.py``) that looks back an hour behind ``followed_to``, and rungs are told twice.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.clock import MovableClock
from bot.turns import Turns
from domain import casework
from domain.calendar import WorkingCalendar
from domain.cases import CaseId, Outcome, Reminded, SupervisionRaised
from domain.casework import Concern
from domain.charter import Charter
from domain.followups import due
from domain.people import ChatId, Person, Role
from handlers.announce import decide, open_case
from handlers.joining import ensure_coordinator
from storage.database import Database, open_database
from storage.schema import upgrade
from storage.subscriptions import Subscription
from storage.tables import outbox
from storage.unit import Unit
from tests.domain.lives import CHARTER
from tests.faults.checker import reading
from tests.faults.test_power import turns_over

DAYS = 30
RESTARTS, MANY_RESTARTS = 20, 100
ODD = time(2, 30)
"""An hour that some days do not have, and others have twice."""
SWITCHES = [
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
]
WRONG = (timedelta(hours=-1), timedelta(days=1), timedelta(hours=-1), timedelta(minutes=-7))
CHEN, LEE, WANG = ChatId(3), ChatId(2), ChatId(1)
EVERY = timedelta(days=2)
"""How often somebody reports something."""
STEP = timedelta(hours=4)
"""How often the true life looks around."""
PER_DAY = timedelta(days=1) // STEP


def charter_in(zone: str) -> Charter:
    """The group, elsewhere."""
    return replace(CHARTER, calendar=WorkingCalendar(ZoneInfo(zone)))


@dataclass(slots=True)
class Life:
    """One of the two: its database, its clock, and how far it has come with what people do."""

    folder: Path
    charter: Charter
    clock: MovableClock
    database: Database
    reported: int = 0

    @property
    def turns(self) -> Turns:
        """Turns by this life's clock, of a program that has just started."""
        found = turns_over(self.database)
        return replace(found, charter=self.charter, clock=self.clock)

    @classmethod
    async def begin(cls, folder: Path, zone: str, start: datetime) -> "Life":
        """A coordinator with digests, a member, a resident."""
        folder.mkdir()
        database = await open_database("sqlite:///x.db", folder, make=True)
        await database.schema(upgrade)
        found = cls(folder, charter_in(zone), MovableClock(start), database)
        await database.run(found._people)
        return found

    def _people(self, unit: Unit) -> None:
        now = self.clock.now()
        ensure_coordinator(unit, self.charter, CHEN, "陈静", now)
        chen, lee = known(unit, CHEN), unit.people.add(LEE, "李建国", "zh", now)
        unit.people.set_roles(replace(lee, roles=frozenset({Role.MEMBER})))
        unit.people.add(WANG, "王芳", "zh", now)
        unit.subscriptions.put(Subscription(chen.id, "daily", self.charter.digest_hour))
        unit.subscriptions.put(Subscription(chen.id, "weekly", self.charter.digest_hour))
        unit.subscriptions.put(Subscription(lee.id, "daily", ODD))

    async def restart(self) -> None:
        """The program ends and starts again."""
        await self.database.close()
        self.database = await open_database("sqlite:///x.db", self.folder, make=True)

    async def report(self) -> None:
        """Somebody reports; of three one is left lying, one is claimed, one resolved."""
        await self.database.run(self._report)
        self.reported += 1

    def _report(self, unit: Unit) -> None:
        turn = self.turns.clock_turn(unit)
        wang, lee, chen = (known(unit, chat) for chat in (WANG, LEE, CHEN))
        concern = Concern(reporter=wang.id, text=f"第{self.reported}号", category=None, community=None, urgent=False)
        case = open_case(turn, concern)
        if self.reported % 3 and (case := decide(turn, case, casework.assign(case, lee, chen, turn.now))):  # type: ignore[assignment]
            case = decide(turn, case, casework.claim(case, lee, turn.now))  # type: ignore[assignment]
        if self.reported % 3 == 2 and case:
            answer = casework.resolve(case, Outcome.NOTED, "已答复", None, lee, turn.now, self.charter)
            decide(turn, case, answer)


def known(unit: Unit, chat: ChatId) -> Person:
    """Somebody who is there."""
    found = unit.people.by_chat(chat)
    assert found
    return found


async def true_life(folder: Path, zone: str, start: datetime) -> Life:
    """Nothing happens to the clock."""
    life = await Life.begin(folder, zone, start)
    for number in range(DAYS * PER_DAY):
        if number % (EVERY.days * PER_DAY) == 1 and number < (DAYS - 3) * PER_DAY:
            await life.report()
        await life.turns.tick()
        life.clock.advance(STEP)
    await life.turns.tick()
    await life.database.close()
    return life


async def hard_life(folder: Path, zone: str, start: datetime, restarts: int, chance: random.Random) -> Life:
    """The program is restarted, is away for hours, and its clock is set wrongly and set right again.

    People do the same as in the true life, at the same true time; while the clock is wrong nobody does anything.
    On the last two days it is right, so that true time catches up with what a clock put forward made happen.
    """
    life = await Life.begin(folder, zone, start)
    per_day = max(1, round(restarts / DAYS))
    for day in range(DAYS):
        moments = sorted(chance.randrange(24 * 60) for _ in range(per_day + 2))
        for minute in moments:
            await until(life, start + timedelta(days=day, minutes=minute), start)
            await life.restart()
            if day < DAYS - 2 and chance.random() < 0.5:
                await wrongly_set(life, chance)
    await until(life, start + timedelta(days=DAYS), start)
    await life.turns.tick()
    await life.database.close()
    return life


async def until(life: Life, then: datetime, start: datetime) -> None:
    """True time passes; people report at the moments of the true life, and at the end the program looks around."""
    while (at := start + EVERY * life.reported + STEP) <= then and life.reported * EVERY.days < DAYS - 3:
        life.clock.advance(at - life.clock.now())
        await life.report()
        await life.turns.tick()
    life.clock.advance(then - life.clock.now())
    await life.turns.tick()


async def wrongly_set(life: Life, chance: random.Random) -> None:
    """The clock is wrong for two looks around, then right again."""
    wrong = chance.choice(WRONG)
    life.clock.advance(wrong)
    await life.turns.tick()
    await life.restart()
    await life.turns.tick()
    life.clock.advance(-wrong)
    await life.turns.tick()


Told = dict[tuple[CaseId, str], list[str]]


def told(life: Life) -> Told:
    """What was followed up, by case and deadline, in the order of happening."""
    found: Told = defaultdict(list)
    with reading(life.folder / "x.db") as unit:
        for number in range(1, life.reported + 1):
            for event in unit.journal.of_case(CaseId(number)):
                match event:
                    case Reminded(clock=clock, mark=mark):
                        found[CaseId(number), clock].append(mark)
                    case SupervisionRaised(clock=clock, level=level):
                        found[CaseId(number), clock].append(level.value)
    return found


def missed(life: Life) -> list[str]:
    """What is due and was not done."""
    with reading(life.folder / "x.db") as unit:
        stored = [unit.cases.get(CaseId(number)) for number in range(1, life.reported + 1)]
    return [str(mark) for case in stored if case for mark in due(case, life.clock.now(), life.charter)]


def digests(life: Life) -> Counter[str]:
    """The digests by their keys."""
    with reading(life.folder / "x.db") as unit:
        rows = unit._connection.execute(select(outbox.c.once).where(outbox.c.kind == "Digest"))
        return Counter(row.once for row in rows)


def wanted(life: Life, start: datetime) -> set[str]:
    """A digest for each local date that is over; the member's from their second case on."""
    calendar = life.charter.calendar
    first, last = calendar.local_date(start) + timedelta(days=1), calendar.local_date(start + timedelta(days=DAYS))
    days = [first + timedelta(days=number) for number in range((last - first).days)]
    hours = {1: life.charter.digest_hour, 2: ODD}
    since = {1: start, 2: start + 2 * EVERY}
    daily = {f"digest:{who}:daily:{day}" for day in days for who in hours if calendar.at(day, hours[who]) > since[who]}
    return daily | {f"digest:1:weekly:{day}" for day in days if day.weekday() == life.charter.digest_weekday}


@pytest.mark.parametrize(("zone", "switch"), [SWITCHES[0], SWITCHES[5]])
async def test_a_month_of_restarts_and_wrong_clocks(tmp_path: Path, zone: str, switch: date) -> None:
    await a_month(tmp_path, zone, switch, RESTARTS)


@pytest.mark.soak
@pytest.mark.parametrize(("zone", "switch"), SWITCHES)
async def test_a_month_of_a_hundred_restarts_and_wrong_clocks(tmp_path: Path, zone: str, switch: date) -> None:
    """The long form."""
    await a_month(tmp_path, zone, switch, MANY_RESTARTS)


async def a_month(folder: Path, zone: str, switch: date, restarts: int) -> None:
    """Both lives, with the change of summer time on their fifteenth day."""
    noon = datetime.combine(switch - timedelta(days=15), time(7, 0), ZoneInfo(zone)).astimezone(UTC)
    true = await true_life(folder / "true", zone, noon)
    hard = await hard_life(folder / "hard", zone, noon, restarts, random.Random(restarts))
    assert hard.reported == true.reported > 10
    assert missed(true) == missed(hard) == []
    should, did = told(true), told(hard)
    assert {key: marks[-1] for key, marks in should.items()} == {key: marks[-1] for key, marks in did.items()}
    for key, marks in did.items():
        twice = [mark for mark, count in Counter(marks).items() if count > 1 and mark != "again"]
        assert not twice, (key, marks)
        assert marks.count("again") <= should[key].count("again"), (key, marks)
    assert set(digests(hard)) == set(digests(true)) >= wanted(true, noon)
    assert max(digests(hard).values()) == 1
