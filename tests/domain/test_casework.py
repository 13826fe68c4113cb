"""Who may do what, and when: every refusal, and the table of verdicts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain import casework, visits
from domain.cases import (
    Behalf,
    BehalfKind,
    Case,
    CaseClosed,
    CaseReopened,
    Event,
    Outcome,
    Place,
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


def asking() -> Case:
    """李建国 waits for an answer."""
    return after(worked(), casework.ask_info(worked(), "哪里?", LEE, MONDAY))


def closed(outcome: Outcome) -> Case:
    """王芳 is content."""
    verdict = casework.judge(answered(outcome), True, Satisfaction.SATISFIED, WANG, MONDAY)
    return after(answered(outcome), verdict)


def concern(text: str = "路灯坏了") -> Concern:
    """What somebody says."""
    return Concern(reporter=WANG.id, text=text, category=None, community=None, urgent=False)


REFUSED: dict[Refusal, list[Callable[[], object]]] = {
    Refusal.NO_SUCH_CASE: [
        lambda: casework.undo(settled(), STRANGER, MONDAY),
        lambda: casework.add_words(settled(), concern(), LEE, MONDAY),
        lambda: casework.judge(answered(Outcome.SOLVED), True, Satisfaction.SATISFIED, LEE, MONDAY),
        lambda: casework.place(settled(), Place("东门"), None, STRANGER, MONDAY),
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
    Refusal.NOT_STAFF: [lambda: visits.log("看望王奶奶", None, WANG, MONDAY, LIMITS)],
    Refusal.NOT_MEMBER: [lambda: casework.assign(settled(), WANG, CHEN, MONDAY)],
    Refusal.ALREADY_DONE: [
        lambda: casework.settle(settled(), WANG, MONDAY),
        lambda: casework.claim(worked(), LEE, MONDAY),
        lambda: casework.assign(held(), LEE, CHEN, MONDAY),
        lambda: casework.judge(worked(), True, Satisfaction.SATISFIED, WANG, MONDAY),
        lambda: casework.look_back(settled(), True, WANG, MONDAY),
        lambda: casework.undo(replace(settled(), state=State.WITHDRAWN), WANG, MONDAY),
        lambda: casework.ask_info(asking(), "?", LEE, MONDAY),
        lambda: casework.settle_dispute(answered(Outcome.NOTED), True, "", CHEN, MONDAY),
    ],
    Refusal.TOO_LATE_TO_UNDO: [lambda: casework.undo(answered(Outcome.SOLVED), WANG, MONDAY)],
    Refusal.CASE_FINISHED: [
        lambda: casework.add_words(answered(Outcome.SOLVED), concern(), WANG, MONDAY),
        lambda: casework.assign(answered(Outcome.SOLVED), ZHANG, CHEN, MONDAY),
        lambda: casework.decline(worked(), "x", CHEN, MONDAY),
        lambda: casework.give_back(answered(Outcome.SOLVED), "x", LEE, MONDAY),
        lambda: casework.ask_info(answered(Outcome.SOLVED), "?", LEE, MONDAY),
        lambda: casework.attach(closed(Outcome.NOTED), "photo", 0, WANG, MONDAY, LIMITS),
        lambda: casework.say_to_resident(closed(Outcome.SOLVED), "x", LEE, MONDAY),
        lambda: casework.edit_words(closed(Outcome.SOLVED), "路灯", "灯", WANG, MONDAY),
        lambda: casework.take_out_words(closed(Outcome.SOLVED), "路灯", WANG, MONDAY),
        lambda: casework.place(closed(Outcome.SOLVED), Place("东门"), None, WANG, MONDAY),
        lambda: casework.choose_community(closed(Outcome.SOLVED), "north", WANG, MONDAY),
        lambda: casework.categorise(closed(Outcome.SOLVED), CHARTER.categories[0], WANG, MONDAY),
        lambda: casework.say_to_member(replace(settled(), state=State.DECLINED), "x", WANG, MONDAY),
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
    Refusal.TOO_MANY: [lambda: casework.submit(concern(), [MONDAY, MONDAY], MONDAY + timedelta(minutes=4), LIMITS)],
    Refusal.TOO_MANY_ATTACHMENTS: [lambda: casework.attach(settled(), "photo", 20, WANG, MONDAY, LIMITS)],
    Refusal.PLANNED_IN_PAST: [
        lambda: casework.resolve(worked(), Outcome.PLANNED, "x", date(2026, 11, 22), LEE, MONDAY, CHARTER)
    ],
    Refusal.NO_DATE: [lambda: casework.resolve(worked(), Outcome.PLANNED, "x", None, LEE, MONDAY, CHARTER)],
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_every_refusal_is_given(refusal: Refusal) -> None:
    assert {attempt() for attempt in REFUSED[refusal]} == {refusal}


def test_no_refusal_is_left_out() -> None:
    assert set(Refusal) == REFUSED.keys()


def everywhere() -> list[Case]:
    """One case in every state, and the same one once its verdict is disputed and once it is looked at again."""
    resolved, over = answered(Outcome.SOLVED), closed(Outcome.SOLVED)
    back = after(held(), casework.give_back(held(), "不归我", LEE, MONDAY))
    late = [resolved, replace(resolved, disputed=True), over, replace(over, asked_back=True)]
    never = [replace(settled(), state=state) for state in (State.WITHDRAWN, State.DECLINED)]
    return [submitted().born(), settled(), back, held(), worked(), asking(), *late, *never]


def test_every_state_is_tried() -> None:
    assert {case.state for case in everywhere()} == set(State)


FOR_STRANGERS: list[Callable[[Case], object]] = [
    lambda case: casework.settle(case, STRANGER, MONDAY),
    lambda case: casework.undo(case, STRANGER, MONDAY),
    lambda case: casework.add_words(case, concern(""), STRANGER, MONDAY),
    lambda case: casework.edit_words(case, "路灯", "", STRANGER, MONDAY),
    lambda case: casework.take_out_words(case, "路灯", STRANGER, MONDAY),
    lambda case: casework.attach(case, "photo", 99, STRANGER, MONDAY, LIMITS),
    lambda case: casework.place(case, Place("东门"), None, STRANGER, MONDAY),
    lambda case: casework.choose_community(case, "north", STRANGER, MONDAY),
    lambda case: casework.categorise(case, CHARTER.categories[0], STRANGER, MONDAY),
    lambda case: casework.say_to_member(case, "", STRANGER, MONDAY),
    lambda case: casework.note(case, "", STRANGER, MONDAY),
    lambda case: casework.log_call(case, "", STRANGER, MONDAY),
    lambda case: casework.judge(case, False, Satisfaction.NOT, STRANGER, MONDAY),
    lambda case: casework.explain_verdict(case, "", STRANGER, MONDAY),
    lambda case: casework.look_back(case, False, STRANGER, MONDAY),
]
FOR_OTHER_MEMBERS: list[Callable[[Case], object]] = [
    lambda case: casework.claim(case, ZHANG, MONDAY),
    lambda case: casework.give_back(case, "", ZHANG, MONDAY),
    lambda case: casework.say_to_resident(case, "", ZHANG, MONDAY),
    lambda case: casework.ask_info(case, "", ZHANG, MONDAY),
    lambda case: casework.resolve(case, Outcome.PLANNED, "", None, ZHANG, MONDAY, CHARTER),
]
FOR_NO_COORDINATOR: list[Callable[[Case], object]] = [
    lambda case: casework.assign(case, WANG, ZHANG, MONDAY),
    lambda case: casework.decline(case, "", ZHANG, MONDAY),
    lambda case: casework.settle_dispute(case, False, "", ZHANG, MONDAY),
]


@pytest.mark.parametrize(
    ("attempts", "refusal"),
    [
        (FOR_STRANGERS, Refusal.NO_SUCH_CASE),
        (FOR_OTHER_MEMBERS, Refusal.NOT_HOLDER),
        (FOR_NO_COORDINATOR, Refusal.NOT_COORDINATOR),
    ],
)
def test_not_yours_is_one_answer_whatever_the_state(attempts: list[Callable[[Case], object]], refusal: Refusal) -> None:
    """It is the answer to a case that does not exist, and tells nothing of one that does."""
    assert {attempt(case) for attempt in attempts for case in everywhere()} == {refusal}


def test_a_stranger_reads_no_case_in_any_state() -> None:
    assert not any(casework.may_read(case, person) for case in everywhere() for person in (STRANGER, ZHANG))


VERDICTS = {
    # kind, solved: satisfied, basically, not
    (Outcome.SOLVED, True): (CaseClosed, CaseClosed, VerdictDisputed),
    (Outcome.SOLVED, False): (CaseReopened, CaseReopened, CaseReopened),
    (Outcome.PLANNED, True): (CaseClosed, CaseClosed, VerdictDisputed),
    (Outcome.PLANNED, False): (CaseClosed, CaseClosed, VerdictDisputed),
    (Outcome.NOTED, True): (CaseClosed, CaseClosed, VerdictDisputed),
    (Outcome.NOTED, False): (CaseClosed, CaseClosed, VerdictDisputed),
    (Outcome.NOT_FEASIBLE, True): (CaseClosed, CaseClosed, VerdictDisputed),
    (Outcome.NOT_FEASIBLE, False): (CaseClosed, CaseClosed, VerdictDisputed),
}
ANSWERS = (Satisfaction.SATISFIED, Satisfaction.BASICALLY, Satisfaction.NOT)


def test_the_table_of_verdicts_is_whole() -> None:
    assert VERDICTS.keys() == {(outcome, solved) for outcome in Outcome for solved in (True, False)}


@pytest.mark.parametrize(
    ("outcome", "solved", "how", "what"),
    [(*row, how, what) for row, wanted in VERDICTS.items() for how, what in zip(ANSWERS, wanted, strict=True)],
)
def test_a_verdict_has_one_consequence(outcome: Outcome, solved: bool, how: Satisfaction, what: type[Event]) -> None:
    given = casework.judge(answered(outcome), solved, how, WANG, MONDAY)
    assert type(given) is what
    if isinstance(given, CaseClosed):
        assert evolve(answered(outcome), given).satisfaction is how


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
