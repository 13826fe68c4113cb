"""Telephone tasks: open until they are done, due when their time has come."""

from datetime import UTC, datetime, timedelta

from domain.cases import CaseId
from domain.people import PersonId
from storage.unit import Unit

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
CASE, LI, ZHANG = CaseId(1), PersonId(1), PersonId(2)


def task(unit: Unit, member: PersonId = LI, case: CaseId = CASE) -> int:
    return unit.calls.add(case, member, "say", "明天来修", NOW, LATER)


def test_a_call_is_done_once(unit: Unit) -> None:
    call = task(unit)
    assert unit.calls.done(call, NOW)
    assert not unit.calls.done(call, NOW)
    assert unit.calls.open_of_member(LI) == []
    found = unit.calls.get(call)
    assert found
    assert found.done


def test_a_call_is_due_when_its_time_has_come(unit: Unit) -> None:
    call = task(unit)
    assert unit.calls.due(NOW) == []
    assert [found.id for found in unit.calls.due(LATER)] == [call]


def test_a_reminder_counts_and_a_call_put_off_does_not(unit: Unit) -> None:
    call = task(unit)
    unit.calls.remind(call, LATER + timedelta(days=1))
    unit.calls.postpone(call, LATER + timedelta(days=2))
    assert unit.calls.due(LATER + timedelta(days=1)) == []
    [found] = unit.calls.due(LATER + timedelta(days=2))
    assert found.reminded == 1


def test_a_call_that_is_done_is_not_put_off(unit: Unit) -> None:
    call = task(unit)
    unit.calls.done(call, NOW)
    unit.calls.postpone(call, LATER)
    assert unit.calls.due(LATER) == []


def test_a_case_that_moves_on_ends_its_own_calls_only(unit: Unit) -> None:
    task(unit), task(unit)
    other = task(unit, case=CaseId(2))
    assert unit.calls.all_done(CASE, NOW) == 2
    assert [call.id for call in unit.calls.open_of_member(LI)] == [other]


def test_calls_go_to_whoever_holds_the_case_now(unit: Unit) -> None:
    """They have not been reminded yet. Planted fault: keep the other one's reminders."""
    call, reporter_s = task(unit), task(unit, member=PersonId(3))
    unit.calls.remind(call, LATER)
    assert unit.calls.hand_over(CASE, LI, ZHANG) == 1
    assert [(found.id, found.reminded) for found in unit.calls.open_of_member(ZHANG)] == [(call, 0)]
    assert [found.id for found in unit.calls.open_of_member(PersonId(3))] == [reporter_s]
