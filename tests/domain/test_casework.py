"""Who may do what, and when: every refusal, and the table of verdicts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import casework
from domain.cases import (
    Behalf,
    BehalfKind,
    Case,
    CaseClosed,
    CaseReopened,
    Event,
    Outcome,
    Satisfaction,
    State,
    Supervision,
    VerdictDisputed,
    evolve,
)
from domain.casework import Concern, Refusal
from tests.domain.lives import CHARTER, CHEN, LEE, MONDAY, STRANGER, WANG, ZHANG, settled, submitted

LIMITS = CHARTER.limits


def after(case: Case, *outcomes: Event | Refusal) -> Case:
    """The case after all of this was allowed and happened."""
    for outcome in outcomes:
        assert isinstance(outcome, Event), outcome
        case = evolve(case, outcome)
    return case


def held() -> Case:
    """Given to 李建国, not signed for."""
    return after(settled(), casework.assign(settled(), LEE, CHEN, MONDAY))


def worked() -> Case:
    """Signed for by 李建国."""
    return after(held(), casework.claim(held(), LEE, MONDAY))


def answered(outcome: Outcome) -> Case:
    """Resolved by 李建国."""
    planned = date(2027, 1, 1) if outcome is Outcome.PLANNED else None
    return after(worked(), casework.resolve(worked(), outcome, "好了", planned, LEE, MONDAY, CHARTER))


def concern(text: str = "路灯坏了") -> Concern:
    """What somebody says."""
    return Concern(reporter=WANG.id, text=text, category=None, community=None, urgent=False)


REFUSED: dict[Refusal, list[Callable[[], object]]] = {
    Refusal.NO_SUCH_CASE: [
        lambda: casework.undo(settled(), STRANGER, MONDAY),
        lambda: casework.add_words(settled(), concern(), LEE, MONDAY, LIMITS),
        lambda: casework.judge(answered(Outcome.SOLVED), True, Satisfaction.SATISFIED, LEE, MONDAY),
        lambda: casework.place(settled(), submitted().born().place, None, STRANGER, MONDAY),  # type: ignore[arg-type]
    ],
    Refusal.NOT_HOLDER: [
        lambda: casework.claim(held(), ZHANG, MONDAY),
        lambda: casework.resolve(worked(), Outcome.NOTED, "x", None, CHEN, MONDAY, CHARTER),
        lambda: casework.say_to_resident(worked(), "x", WANG, MONDAY),
    ],
    Refusal.NOT_COORDINATOR: [
        lambda: casework.assign(settled(), LEE, LEE, MONDAY),
        lambda: casework.decline(settled(), "x", WANG, MONDAY),
        lambda: casework.settle_dispute(answered(Outcome.NOTED), True, "", LEE, MONDAY),
    ],
    Refusal.NOT_MEMBER: [lambda: casework.assign(settled(), WANG, CHEN, MONDAY)],
    Refusal.ALREADY_DONE: [
        lambda: casework.settle(settled(), WANG, MONDAY),
        lambda: casework.claim(worked(), LEE, MONDAY),
        lambda: casework.assign(held(), LEE, CHEN, MONDAY),
        lambda: casework.judge(worked(), True, Satisfaction.SATISFIED, WANG, MONDAY),
        lambda: casework.look_back(settled(), True, WANG, MONDAY),
    ],
    Refusal.TOO_LATE_TO_UNDO: [lambda: casework.undo(answered(Outcome.SOLVED), WANG, MONDAY)],
    Refusal.CASE_FINISHED: [
        lambda: casework.add_words(answered(Outcome.SOLVED), concern(), WANG, MONDAY, LIMITS),
        lambda: casework.assign(answered(Outcome.SOLVED), ZHANG, CHEN, MONDAY),
        lambda: casework.decline(worked(), "x", CHEN, MONDAY),
    ],
    Refusal.NOT_CLAIMED: [
        lambda: casework.say_to_resident(held(), "x", LEE, MONDAY),
        lambda: casework.resolve(held(), Outcome.NOTED, "x", None, LEE, MONDAY, CHARTER),
    ],
    Refusal.NO_WORDS: [
        lambda: casework.submit(concern("  "), [], MONDAY, LIMITS),
        lambda: casework.decline(settled(), " ", CHEN, MONDAY),
        lambda: casework.give_back(held(), "", LEE, MONDAY),
        lambda: casework.resolve(worked(), Outcome.NOTED, "", None, LEE, MONDAY, CHARTER),
    ],
    Refusal.TOO_LONG: [
        lambda: casework.submit(concern("长" * 3001), [], MONDAY, LIMITS),
        lambda: casework.add_words(settled(), concern("长" * 3000), WANG, MONDAY, LIMITS),
    ],
    Refusal.TOO_MANY: [lambda: casework.submit(concern(), [MONDAY, MONDAY], MONDAY + timedelta(minutes=4), LIMITS)],
    Refusal.TOO_MANY_ATTACHMENTS: [lambda: casework.attach(settled(), "photo", 20, WANG, MONDAY, LIMITS)],
    Refusal.PLANNED_IN_PAST: [
        lambda: casework.resolve(worked(), Outcome.PLANNED, "x", date(2026, 11, 22), LEE, MONDAY, CHARTER)
    ],
    Refusal.NO_DATE: [lambda: casework.resolve(worked(), Outcome.PLANNED, "x", None, LEE, MONDAY, CHARTER)],
}
BY_HANDLERS = {Refusal.NOT_STAFF}


@pytest.mark.parametrize("refusal", REFUSED)
def test_every_refusal_is_given(refusal: Refusal) -> None:
    assert {attempt() for attempt in REFUSED[refusal]} == {refusal}


def test_no_refusal_is_left_out() -> None:
    assert set(Refusal) - BY_HANDLERS == REFUSED.keys()


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("how", [Satisfaction.SATISFIED, Satisfaction.BASICALLY])
def test_whoever_is_content_closes_the_case(outcome: Outcome, how: Satisfaction) -> None:
    closed = casework.judge(answered(outcome), True, how, WANG, MONDAY)
    assert isinstance(closed, CaseClosed)
    assert evolve(answered(outcome), closed).satisfaction is how


def test_only_not_solved_of_a_solved_case_opens_the_next_attempt() -> None:
    again = casework.judge(answered(Outcome.SOLVED), False, Satisfaction.NOT, WANG, MONDAY)
    assert isinstance(again, CaseReopened)
    case = evolve(answered(Outcome.SOLVED), again)
    assert (case.state, case.attempt, case.holder) == (State.IN_PROGRESS, 2, LEE.id)


@pytest.mark.parametrize("outcome", [Outcome.PLANNED, Outcome.NOTED, Outcome.NOT_FEASIBLE])
def test_an_explanation_that_is_not_acceptable_goes_to_the_coordinator(outcome: Outcome) -> None:
    assert isinstance(casework.judge(answered(outcome), False, Satisfaction.NOT, WANG, MONDAY), VerdictDisputed)


def test_solved_but_not_satisfied_goes_to_the_coordinator_once() -> None:
    disputed = casework.judge(answered(Outcome.SOLVED), True, Satisfaction.NOT, WANG, MONDAY)
    case = after(answered(Outcome.SOLVED), disputed)
    assert casework.judge(case, True, Satisfaction.SATISFIED, WANG, MONDAY) is Refusal.ALREADY_DONE
    assert casework.settle_dispute(case, False, " ", CHEN, MONDAY) is Refusal.NO_WORDS
    confirmed = after(case, casework.settle_dispute(case, False, "没有别的办法", CHEN, MONDAY))
    assert (confirmed.state, confirmed.satisfaction, confirmed.reason) == (
        State.CLOSED,
        Satisfaction.NOT,
        "没有别的办法",
    )
    assert after(case, casework.settle_dispute(case, True, "", CHEN, MONDAY)).attempt == 2


def test_the_third_transfer_is_elevated() -> None:
    case = settled()
    for member in (LEE, ZHANG, LEE, ZHANG):
        case = after(case, casework.assign(case, member, CHEN, MONDAY))
    assert (case.transfers, case.supervision) == (3, Supervision.ELEVATED)


def test_the_third_attempt_is_elevated() -> None:
    case = answered(Outcome.SOLVED)
    for _ in range(2):
        case = after(case, casework.judge(case, False, Satisfaction.NOT, WANG, MONDAY))
        resolved = casework.resolve(case, Outcome.SOLVED, "又办了", None, LEE, MONDAY, CHARTER)
        case = after(case, resolved)
    assert (case.attempt, case.supervision) == (3, Supervision.ELEVATED)


def test_a_case_that_changed_hands_is_closed_to_its_former_holder() -> None:
    case = after(worked(), casework.assign(worked(), ZHANG, CHEN, MONDAY))
    assert not casework.may_read(case, LEE)
    assert casework.may_read(case, ZHANG)
    assert casework.claim(case, LEE, MONDAY) is Refusal.NOT_HOLDER


def test_coordinators_do_not_see_a_case_before_it_has_settled() -> None:
    fresh = submitted().born()
    assert not casework.may_read(fresh, CHEN)
    assert casework.may_read(fresh, WANG)
    assert casework.may_read(settled(), CHEN)
    assert not casework.may_read(settled(), LEE)


def test_a_picture_may_come_without_words() -> None:
    assert casework.submit(replace(concern(""), attached=True), [], MONDAY, LIMITS) == replace(
        concern(""), attached=True
    )


def test_a_member_reports_for_others_as_often_as_needed() -> None:
    for_another = replace(concern(), behalf=Behalf(BehalfKind.PERSON, "张奶奶"))
    assert casework.submit(for_another, [MONDAY] * 10, MONDAY, LIMITS) is for_another
