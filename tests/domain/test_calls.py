"""When a call is reminded of, and what becomes of the words that were said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from domain import calls
from domain.calendar import WorkingCalendar
from domain.calls import CallStep
from domain.cases import Case, CaseId, InfoGiven, NoteAdded, SaidToMember, State, WordsAdded
from domain.casework import Refusal
from domain.charter import Charter
from domain.people import ChatId, Person, PersonId, Role

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, ten in the morning in Shanghai
CHARTER = Charter({"zh": "一线"}, WorkingCalendar(ZoneInfo("Asia/Shanghai")))


def member(number: int) -> Person:
    return Person(id=PersonId(number), chat=ChatId(number), name="", roles=frozenset({Role.MEMBER}))


LI, ZHANG, OTHER = member(1), member(2), member(3)
CASE = Case(
    id=CaseId(1),
    number="26-0001",
    state=State.IN_PROGRESS,
    reporter=LI.id,
    text="楼道灯坏了",
    submitted_at=NOW,
    since=NOW,
    followed_to=NOW,
    holder=ZHANG.id,
)


def test_two_reminders_then_the_coordinators_then_the_member_again() -> None:
    steps = [calls.due_step(reminded) for reminded in range(5)]
    assert steps == [CallStep.REMIND, CallStep.REMIND, CallStep.TELL, CallStep.REMIND, CallStep.REMIND]


def test_reminders_come_on_working_days() -> None:
    friday = NOW + timedelta(days=4)
    assert calls.next_reminder(0, friday, CHARTER) == friday + timedelta(days=3)
    assert calls.next_reminder(2, NOW, CHARTER) == NOW + timedelta(days=7)


def test_whoever_reported_passes_words_on_to_the_holder() -> None:
    assert isinstance(calls.heard(CASE, "三楼也不亮", LI, NOW), SaidToMember)


def test_words_join_a_case_that_nobody_holds() -> None:
    open_case = replace(CASE, state=State.SUBMITTED, holder=None)
    assert isinstance(calls.heard(open_case, "三楼也不亮", LI, NOW), WordsAdded)


def test_what_was_said_answers_an_open_question() -> None:
    asked = replace(CASE, state=State.NEED_INFO)
    assert isinstance(calls.heard(asked, "白天有人", LI, NOW), InfoGiven)
    assert isinstance(calls.heard(asked, "白天有人", ZHANG, NOW), InfoGiven)
    assert isinstance(calls.heard(replace(asked, holder=LI.id), "白天有人", LI, NOW), InfoGiven)


def test_the_holder_s_own_call_is_a_note() -> None:
    assert isinstance(calls.heard(CASE, "三楼也不亮", ZHANG, NOW), NoteAdded)
    assert isinstance(calls.heard(replace(CASE, holder=LI.id), "三楼也不亮", LI, NOW), NoteAdded)


def test_nobody_else_says_anything() -> None:
    assert calls.heard(CASE, "三楼也不亮", OTHER, NOW) is Refusal.NO_SUCH_CASE
