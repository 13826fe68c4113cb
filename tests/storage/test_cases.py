"""Cases as they are kept: every field, every question, and the journal that tells the same story."""

from dataclasses import fields, replace
from datetime import date, timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from domain import casework, followups
from domain.cases import (
    Behalf,
    BehalfKind,
    Case,
    CaseId,
    CaseSettled,
    Event,
    Outcome,
    Place,
    Satisfaction,
    State,
    evolve,
)
from domain.casework import Refusal
from domain.people import ChatId, PersonId, Role
from storage.cases import Attachment, columns, number
from storage.journal import EVENTS
from storage.tables import cases
from storage.unit import Unit
from tests.domain.lives import CHARTER, CHEN, LEE, MONDAY, WANG, ZHANG, settled, submitted

DAY = timedelta(days=1)
LATER = MONDAY + timedelta(days=100)


def keep(unit: Unit, case: Case, year: int = 2026) -> Case:
    """Insert a case as a turn does."""
    return unit.cases.add(case, year, followups.next_at(case, CHARTER), followups.due_at(case, CHARTER))


def happen(unit: Unit, case: Case, outcome: Event | Refusal) -> Case:
    """Let something have happened, as a turn does."""
    assert isinstance(outcome, Event), outcome
    after = evolve(case, outcome)
    unit.cases.save(after, followups.next_at(after, CHARTER), followups.due_at(after, CHARTER))
    unit.journal.add(outcome)
    return after


# -- numbers


def test_a_number_is_the_year_and_a_count_that_begins_anew_each_year(unit: Unit) -> None:
    given = [keep(unit, submitted().born(), year).number for year in (2026, 2026, 2027, 2026, 2027, 2100)]
    assert given == ["26-0001", "26-0002", "27-0001", "26-0003", "27-0002", "00-0001"]


def test_a_number_grows_beyond_four_digits() -> None:
    assert number(2026, 12345) == "26-12345"


def test_a_case_is_found_by_its_number(unit: Unit) -> None:
    case = keep(unit, submitted().born())
    assert unit.cases.by_number(case.number) == case
    assert unit.cases.by_number("27-0001") is None


@pytest.mark.parametrize(
    "nonsense", ["", "26", "26-", "-1", "x-1", "²6-1", "26-99999999999999999999", "2026-0001", "26-0001 "]
)
def test_what_is_no_number_finds_nothing(unit: Unit, nonsense: str) -> None:
    keep(unit, submitted().born())
    assert unit.cases.by_number(nonsense) is None


# -- every field


MOMENTS = st.datetimes(min_value=MONDAY.replace(tzinfo=None), max_value=LATER.replace(tzinfo=None)).map(
    lambda moment: moment.replace(tzinfo=MONDAY.tzinfo)
)
PLACES = st.builds(
    Place,
    words=st.text(st.characters(codec="utf-8"), max_size=5),
    latitude=st.none() | st.floats(-90, 90),
    longitude=st.none() | st.floats(-180, 180),
)
BEHALVES = st.builds(
    Behalf, kind=st.sampled_from(BehalfKind), name=st.just("张奶奶"), phone=st.sampled_from(["", "138"])
)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=9),
    int: st.integers(1, 2**31 - 1),
    bool: st.booleans(),
    date: st.dates(),
    timedelta: st.timedeltas(timedelta(), timedelta(days=999)),
    type(MONDAY): MOMENTS,
    Place: PLACES,
    Behalf: BEHALVES,
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    if get_origin(hint) in (Union, UnionType):
        return st.none() | values(get_args(hint)[0])
    hint = getattr(hint, "__supertype__", hint)
    return SIMPLE[hint] if hint in SIMPLE else st.sampled_from(hint)


HINTS = get_type_hints(Case)
CASES = st.builds(
    Case, **{field.name: values(HINTS[field.name]) for field in fields(Case) if field.name not in ("id", "number")},
    id=st.just(CaseId(1)), number=st.just("26-0001"),
)  # fmt: skip


@settings(max_examples=60, deadline=None, database=None)
@given(CASES)
def test_every_field_of_a_case_comes_back_as_it_was(case: Case) -> None:
    engine = create_engine("sqlite://")
    cases.create(engine)
    with engine.connect() as connection:
        unit = Unit(connection)
        assert keep(unit, case) == case
        assert unit.cases.get(case.id) == case
        unit.cases.save(replace(case, text="!", paused=DAY), None, None)
        assert unit.cases.get(case.id) == replace(case, text="!", paused=DAY)
    engine.dispose()


def test_every_column_is_written() -> None:
    given = {"id", "year", "serial", "next_at", "due_at"}
    assert columns(settled()).keys() | given == set(cases.columns.keys())


# -- questions


def test_a_resident_sees_the_newest_first_and_only_their_own(unit: Unit) -> None:
    first, second = (keep(unit, submitted(MONDAY + n * DAY).born()) for n in range(2))
    keep(unit, replace(submitted().born(), reporter=ZHANG.id))
    assert [case.id for case in unit.cases.of_reporter(WANG.id)] == [second.id, first.id]
    assert unit.cases.count_concerns(WANG.id) == 2
    assert unit.cases.concerns(WANG.id, 0, 1) == [second.id]
    assert unit.cases.newest(WANG.id) == second
    assert unit.cases.newest(LEE.id) is None
    assert [case.id for case in unit.cases.latest(WANG.id, MONDAY + DAY)] == [second.id]


def test_a_member_sees_what_is_due_first_and_nothing_that_is_over(unit: Unit) -> None:
    held = replace(settled(), holder=LEE.id, state=State.ASSIGNED)
    calm, pressing, waiting = (unit.cases.add(held, 2026, None, due) for due in (LATER, MONDAY, None))
    for state in (State.ACCEPTED, State.CLOSED, State.WITHDRAWN):
        unit.cases.add(replace(held, state=state), 2026, None, MONDAY)
    assert unit.cases.count_held(LEE.id) == 3
    assert unit.cases.held(LEE.id, 0, 5) == [pressing.id, calm.id, waiting.id]
    assert unit.cases.held(LEE.id, 1, 1) == [calm.id]


def test_what_a_member_works_on_now_is_what_was_claimed_and_acted_on(unit: Unit) -> None:
    claimed = replace(settled(), holder=LEE.id, state=State.IN_PROGRESS, since=MONDAY)
    quiet, active = (unit.cases.add(replace(claimed, acted_at=at), 2026, None, None) for at in (None, LATER))
    unit.cases.add(replace(claimed, state=State.ASSIGNED), 2026, None, None)
    assert unit.cases.held_lately(LEE.id, MONDAY, 5) == [quiet.id, active.id]
    assert unit.cases.held_lately(LEE.id, MONDAY + DAY, 5) == [active.id]
    assert unit.cases.held_lately(LEE.id, MONDAY, 1) == [quiet.id]


def test_what_has_come_is_due_and_the_longest_waiting_comes_first(unit: Unit) -> None:
    one, two, _, _ = (
        unit.cases.add(settled(), 2026, at, None) for at in (MONDAY, MONDAY - DAY, MONDAY + DAY, None)
    )  # fmt: skip
    assert [case.id for case in unit.cases.due(MONDAY, 10)] == [two.id, one.id]
    assert [case.id for case in unit.cases.due(MONDAY, 1)] == [two.id]


def test_a_case_that_could_not_be_followed_up_is_put_off_and_unchanged(unit: Unit) -> None:
    case = unit.cases.add(settled(), 2026, MONDAY, None)
    unit.cases.put_off(case.id, MONDAY + DAY)
    assert unit.cases.due(MONDAY, 10) == []
    assert unit.cases.due(MONDAY + DAY, 10) == [case]


def test_the_same_picture_is_kept_once(unit: Unit) -> None:
    case, photo = keep(unit, settled()), Attachment("photo", "f1", "u1")
    assert unit.cases.attach(case.id, photo, WANG.id, MONDAY)
    assert not unit.cases.attach(case.id, replace(photo, file_id="f2"), LEE.id, MONDAY)
    assert unit.cases.attach(CaseId(2), photo, WANG.id, MONDAY)
    assert unit.cases.attachments(case.id) == [photo]
    assert unit.cases.count_attachments(case.id) == 1


# -- the journal


def a_long_life(unit: Unit) -> Case:
    """Given away and back, asked, resolved, not solved, resolved again, disputed, confirmed, looked at again."""
    first = submitted()
    case = keep(unit, first.born())
    unit.journal.add(replace(first, case=case.id, number=case.number))
    case = happen(unit, case, CaseSettled(case=case.id, at=MONDAY, by=None))
    now = MONDAY

    def next_day(outcome: Event | Refusal) -> None:
        nonlocal case, now
        now += DAY
        case = happen(unit, case, outcome)

    next_day(casework.place(case, Place("东门", 31.6, 113.8), "north", WANG, now))
    next_day(casework.assign(case, ZHANG, CHEN, now))
    next_day(casework.give_back(case, "不是我的片区", ZHANG, now))
    next_day(casework.assign(case, LEE, CHEN, now))
    next_day(casework.claim(case, LEE, now))
    next_day(casework.say_to_resident(case, "看到了", LEE, now, "photo", "f1"))
    next_day(casework.ask_info(case, "哪一盏?", LEE, now))
    next_day(casework.say_to_member(case, "东门那盏", WANG, now))
    next_day(casework.resolve(case, Outcome.SOLVED, "修好了", None, LEE, now, CHARTER))
    next_day(casework.judge(case, False, Satisfaction.NOT, WANG, now))
    planned = CHARTER.calendar.local_date(now) + 9 * DAY
    next_day(casework.resolve(case, Outcome.PLANNED, "下周换", planned, LEE, now, CHARTER))
    next_day(casework.judge(case, False, Satisfaction.NOT, WANG, now))
    next_day(casework.settle_dispute(case, False, "只能这样", CHEN, now))
    for _ in range(99):
        now += DAY
        for mark in followups.due(case, now, CHARTER):
            case = happen(unit, case, followups.follow_up(case, mark, now, CHARTER))
    return case


def test_the_journal_tells_the_case_as_it_is_stored(unit: Unit) -> None:
    case = a_long_life(unit)
    assert unit.journal.replay(case.id) == case == unit.cases.get(case.id)
    assert case.at_rest
    assert (case.attempt, case.transfers) == (2, 1)


def test_the_journal_knows_who_did_what_in_which_order(unit: Unit) -> None:
    case = a_long_life(unit)
    events = unit.journal.of_case(case.id)
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert (events[0].by, events[3].by, events[-1].by) == (WANG.id, CHEN.id, None)


def test_a_case_without_its_beginning_cannot_be_told(unit: Unit) -> None:
    assert unit.journal.replay(CaseId(7)) is None
    unit.journal.add(CaseSettled(case=CaseId(7), at=MONDAY, by=PersonId(1)))
    assert unit.journal.replay(CaseId(7)) is None


def test_every_event_has_a_name_in_the_journal() -> None:
    assert EVENTS.keys() == {kind.__name__ for kind in Event.__subclasses__()}


def test_what_was_reported_for_others_is_listed_for_as_long_as_somebody_is_a_member(unit: Unit) -> None:
    """Planted fault: a list by the reporter alone."""
    lee = unit.people.add(ChatId(9), "李建国", "zh", MONDAY)
    member = replace(lee, roles=frozenset({Role.COORDINATOR, Role.MEMBER}))
    own = keep(unit, replace(submitted().born(), reporter=lee.id))
    granny = replace(submitted(LATER).born(), reporter=lee.id, behalf=Behalf(BehalfKind.PERSON, "王奶奶"))
    theirs, over = unit.cases.add(granny, 2026, LATER, None), unit.cases.add(granny, 2026, None, None)
    for roles, listed in ((member.roles, [over, theirs, own]), (frozenset({Role.COORDINATOR}), [own])):
        unit.people.set_roles(replace(member, roles=roles))
        assert [case.id for case in unit.cases.of_reporter(lee.id)] == [case.id for case in listed]
        assert unit.cases.concerns(lee.id, 0, 5) == [case.id for case in listed]
        assert unit.cases.count_concerns(lee.id) == len(listed)
        assert unit.cases.newest(lee.id) == listed[0]
        assert [case.id for case in unit.cases.for_others(lee.id)] == [theirs.id]


def test_about_which_cases_somebody_has_to_call(unit: Unit) -> None:
    first, second, _ = (keep(unit, submitted().born()) for _ in range(3))
    unit.calls.add(second.id, LEE.id, "say", "", MONDAY, LATER)
    unit.calls.add(second.id, LEE.id, "info", "", MONDAY, LATER)
    unit.calls.done(unit.calls.add(first.id, LEE.id, "say", "", MONDAY, LATER), MONDAY)
    unit.calls.add(first.id, ZHANG.id, "say", "", MONDAY, LATER)
    assert [case.id for case in unit.cases.to_call_about(LEE.id)] == [second.id]
