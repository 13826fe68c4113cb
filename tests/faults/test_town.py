"""A year in a town: people report, staff do what people do (and often do not), the clock does the rest.

At its end no case is at rest without an outcome, and none is awake without a next date. Turns and ticks are the real
ones, stopped at every moment at which something is due; nobody is told anything, for the sender has tests of its own.
Fails on a planted fault: ``announce`` that saves a case without its next date.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.timelapse import next_stop
from bot.turns import Turns
from domain import casework
from domain.cases import Case, CaseId, Event, Outcome, Satisfaction, State
from domain.casework import Concern, Refusal
from domain.people import ChatId, Person, Role
from handlers.announce import announce, open_case
from handlers.joining import ensure_coordinator
from simulator.world import World
from storage.database import open_database
from storage.schema import upgrade
from storage.unit import Unit
from tests.domain.lives import CHARTER, MONDAY
from tests.faults import checker
from tests.faults.checker import facts
from tests.faults.test_power import turns_over

MONTH, YEAR = 30, 365
MEMBERS = 5
CHEN = ChatId(100)
DEEDS_A_DAY = 6
CHECKS = (checker.whole_file, checker.journal_is_true, checker.numbers_without_gaps, checker.one_next_date)


def settle_the_roster(unit: Unit) -> None:
    """A coordinator, members, residents."""
    ensure_coordinator(unit, CHARTER, CHEN, "陈静", MONDAY)
    for number in range(1, MEMBERS + 1):
        member = unit.people.add(ChatId(100 + number), f"委员{number}", "zh", MONDAY)
        unit.people.set_roles(replace(member, roles=frozenset({Role.MEMBER})))
    for number in range(1, 51):
        unit.people.add(ChatId(number), f"居民{number}", "zh", MONDAY)


def deed(turns: Turns, chance: random.Random, cases: int, unit: Unit) -> int:
    """Somebody reports something, or somebody does something to some case; how many cases there are."""
    turn = turns.clock_turn(unit)
    if not cases or chance.random() < 0.25:
        reporter = unit.people.by_chat(ChatId(chance.randint(1, 50)))
        assert reporter
        urgent = chance.random() < 0.1
        open_case(turn, Concern(reporter=reporter.id, text="路灯", category=None, community=None, urgent=urgent))
        return cases + 1
    case = unit.cases.get(CaseId(chance.randint(max(1, cases - 30), cases)))
    assert case
    outcome = done(case, unit, chance, turns)
    if not isinstance(outcome, Refusal | None):
        announce(turn, case, outcome)
    return cases


def done(case: Case, unit: Unit, chance: random.Random, turns: Turns) -> Event | Refusal | None:
    """What whoever it is up to does with a case, as often as not the usual."""
    now = turns.clock.now()
    chen, reporter = unit.people.by_chat(CHEN), unit.people.get(case.reporter)
    holder = unit.people.get(case.holder) if case.holder else None
    assert chen
    assert reporter
    match case.state:
        case State.SUBMITTED | State.ACCEPTED:
            to = unit.people.by_chat(ChatId(100 + chance.randint(1, MEMBERS)))
            assert to
            chosen = [casework.assign(case, to, chen, now)] * 6
            return chance.choice(
                [*chosen, casework.decline(case, "不归我们", chen, now), casework.undo(case, reporter, now)]
            )
        case State.ASSIGNED if holder:
            back = casework.give_back(case, "不在我片", holder, now)
            return chance.choice([*[casework.claim(case, holder, now)] * 4, back])
        case State.IN_PROGRESS if holder:
            return worked(case, holder, chance, turns)
        case State.NEED_INFO:
            return chance.choice([None, casework.say_to_member(case, "在三楼", reporter, now)])
        case State.RESOLVED if case.disputed:
            return casework.settle_dispute(case, chance.random() < 0.5, "看过了", chen, now)
        case State.RESOLVED:
            verdict = chance.choice([Satisfaction.SATISFIED, Satisfaction.BASICALLY, Satisfaction.NOT])
            return chance.choice([None, casework.judge(case, verdict is not Satisfaction.NOT, verdict, reporter, now)])
        case State.CLOSED if case.asked_back:
            return casework.look_back(case, chance.random() < 0.8, reporter, now)
    return None


def worked(case: Case, holder: Person, chance: random.Random, turns: Turns) -> Event | Refusal:
    """The member asks, writes, or resolves it in some way."""
    now = turns.clock.now()
    outcome = chance.choice(list(Outcome))
    planned = CHARTER.calendar.local_date(now) + timedelta(days=40) if outcome is Outcome.PLANNED else None
    return chance.choice(
        [
            casework.ask_info(case, "哪一栋?", holder, now),
            casework.say_to_resident(case, "在办", holder, now),
            casework.resolve(case, outcome, "已处理", planned, holder, now, CHARTER),
            casework.resolve(case, outcome, "已处理", planned, holder, now, CHARTER),
        ]
    )


async def live(folder: Path, days: int) -> Counter[str]:
    """So many days of deeds; how the cases ended."""
    chance, clock = random.Random(days), MovableClock(MONDAY)
    database = await open_database("sqlite:///x.db", folder, make=True)
    await database.schema(upgrade)
    await database.run(settle_the_roster)
    turns = replace(turns_over(database), clock=clock)
    cases = 0
    for number in range(days * DEEDS_A_DAY):
        cases = await database.run(partial(deed, turns, chance, cases))
        await pass_until(turns, MONDAY + timedelta(days=(number + 1) / DEEDS_A_DAY))
    await database.close()
    found = facts(folder / "x.db", World(), CHARTER, clock.now())
    assert not [sentence for check in CHECKS for sentence in check(found)]
    for stored in found.cases:
        assert stored.case.at_rest is (stored.next_at is None), "none at rest is woken, none awake is forgotten"
        assert stored.next_at is None or stored.next_at > clock.now(), "nothing due is left"
        assert has_ended(stored.case) is stored.case.at_rest, "none is at rest without an outcome"
    return Counter(stored.case.state.value for stored in found.cases)


def has_ended(case: Case) -> bool:
    """Declined or withdrawn for a reason; or closed with a kind, words, a verdict, and looked at again where due."""
    if case.state in (State.DECLINED, State.WITHDRAWN):
        return bool(case.reason) or case.state is State.WITHDRAWN
    return (
        case.state is State.CLOSED
        and bool(case.outcome and case.answer and case.satisfaction)
        and (not case.look_back_pending)
    )


async def pass_until(turns: Turns, end: datetime) -> None:
    """Time passes, from one due moment to the next."""
    clock = turns.clock
    assert isinstance(clock, MovableClock)
    while clock.now() < end:
        stop = await turns.database.read(partial(next_stop, charter=CHARTER, now=clock.now()))
        clock.advance(min(stop, end) - clock.now())
        await turns.tick()


async def test_a_month_in_a_town(tmp_path: Path) -> None:
    ended = await live(tmp_path, MONTH)
    assert ended.total() > MONTH
    assert {"closed", "declined", "withdrawn"} <= set(ended)


@pytest.mark.soak
async def test_a_year_in_a_town(tmp_path: Path) -> None:
    """The long form, of about a minute."""
    ended = await live(tmp_path, YEAR)
    assert ended.total() > YEAR
    assert set(ended) == {state.value for state in State}
