"""What somebody is to a case follows from the case and the roles they have at this moment."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import casework
from domain.cases import Behalf, BehalfKind, Case, CaseClosed, Outcome, Place, Satisfaction, State
from domain.casework import EITHER_SIDE, STAFF, Refusal, Relation, may_call, may_read, reads_as, relations
from domain.people import Role
from tests.domain.lives import CHARTER, CHEN, LEE, MONDAY, STRANGER, WANG, ZHANG, person, settled, submitted

GRANNY = Behalf(BehalfKind.PERSON, "王奶奶", "13812345678")
FOR_GRANNY = replace(settled(), reporter=LEE.id, behalf=GRANNY, holder=ZHANG.id, state=State.RESOLVED, answer="好了")
FOR_GRANNY = replace(FOR_GRANNY, outcome=Outcome.SOLVED)
LEFT = replace(LEE, roles=frozenset())
HE = person(6, "何平", Role.OBSERVER)


def test_whoever_reported_for_somebody_reads_it_for_as_long_as_they_are_a_member() -> None:
    assert relations(FOR_GRANNY, LEE) == {Relation.REPORTER}
    assert relations(FOR_GRANNY, LEFT) == frozenset()
    assert relations(FOR_GRANNY, replace(LEE, roles=frozenset({Role.DEPARTMENT, Role.OBSERVER}))) == {Relation.OBSERVER}
    assert relations(FOR_GRANNY, replace(LEE, roles=frozenset({Role.COORDINATOR}))) == {Relation.COORDINATOR}


def test_ones_own_concern_stays_ones_own() -> None:
    own = replace(settled(), reporter=LEE.id)
    assert relations(own, LEE) == relations(own, LEFT) == {Relation.REPORTER}


def test_what_was_held_is_not_read_after_leaving_either() -> None:
    held = replace(settled(), holder=LEE.id, state=State.CLOSED)
    assert (may_read(held, LEE), may_read(held, LEFT)) == (True, False)


def test_nobody_of_the_group_knows_of_a_case_before_it_has_settled() -> None:
    assert not relations(submitted().born(), CHEN) | relations(submitted().born(), HE)
    assert relations(settled(), CHEN) == {Relation.COORDINATOR}


def test_an_observer_is_on_neither_side() -> None:
    assert relations(settled(), HE) == {Relation.OBSERVER}
    assert not reads_as(settled(), HE, EITHER_SIDE)


def test_the_resident_is_not_on_the_side_of_staff() -> None:
    both = replace(WANG, roles=frozenset({Role.COORDINATOR}))
    assert [reads_as(settled(), someone, STAFF) for someone in (WANG, both, CHEN, STRANGER)] == [
        False,
        True,
        True,
        False,
    ]


TRIED: list[Callable[[Case], object]] = [
    lambda case: casework.settle(case, LEFT, MONDAY),
    lambda case: casework.undo(case, LEFT, MONDAY),
    lambda case: casework.edit_words(case, "路灯", "", LEFT, MONDAY, CHARTER.limits),
    lambda case: casework.take_out_words(case, "路灯", LEFT, MONDAY),
    lambda case: casework.attach(case, "photo", 0, LEFT, MONDAY, CHARTER.limits),
    lambda case: casework.place(case, Place("东门"), None, LEFT, MONDAY),
    lambda case: casework.choose_community(case, "north", LEFT, MONDAY),
    lambda case: casework.categorise(case, CHARTER.categories[0], LEFT, MONDAY),
    lambda case: casework.say_to_member(case, "在家", LEFT, MONDAY),
    lambda case: casework.note(case, "备注", LEFT, MONDAY),
    lambda case: casework.log_call(case, "", LEFT, MONDAY),
    lambda case: casework.judge(case, True, Satisfaction.SATISFIED, LEFT, MONDAY, asked=True),
    lambda case: casework.explain_verdict(case, "谢谢", LEFT, MONDAY),
    lambda case: casework.look_back(case, True, LEFT, MONDAY, asked=True),
]


@pytest.mark.parametrize("state", State)
def test_whoever_has_left_can_do_nothing_for_them_any_more(state: State) -> None:
    assert {attempt(replace(FOR_GRANNY, state=state)) for attempt in TRIED} == {Refusal.NO_SUCH_CASE}


# -- in whose stead


def test_whoever_was_asked_to_call_enters_the_answer() -> None:
    for someone in (ZHANG, CHEN):
        judged = casework.judge(FOR_GRANNY, True, Satisfaction.SATISFIED, someone, MONDAY, asked=True)
        assert isinstance(judged, CaseClosed)
        assert casework.judge(FOR_GRANNY, True, Satisfaction.SATISFIED, someone, MONDAY) is Refusal.NO_SUCH_CASE


def test_of_somebody_on_telegram_nobody_else_enters_it() -> None:
    own = replace(FOR_GRANNY, reporter=WANG.id, behalf=None)
    assert casework.judge(own, True, Satisfaction.SATISFIED, ZHANG, MONDAY, asked=True) is Refusal.NO_SUCH_CASE
    closed = replace(own, state=State.CLOSED, asked_back=True, closed_at=MONDAY)
    later = MONDAY + timedelta(days=30)
    assert casework.look_back(closed, True, ZHANG, later, asked=True) is Refusal.NO_SUCH_CASE


def test_who_may_be_asked_to_call() -> None:
    assert [may_call(FOR_GRANNY, who) for who in (LEE, LEFT, ZHANG, CHEN, WANG)] == [True, False, True, True, False]
    own = replace(FOR_GRANNY, reporter=WANG.id, behalf=None)
    assert [may_call(own, who) for who in (WANG, ZHANG, CHEN)] == [False, True, True]
