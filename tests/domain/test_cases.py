"""What each happening changes of a case, and what it leaves as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.cases import (
    Case,
    CaseAssigned,
    CaseClaimed,
    CaseClosed,
    CaseId,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    CaseSettled,
    CaseWithdrawn,
    CategoryChanged,
    CommunityChosen,
    Event,
    InfoAsked,
    InfoGiven,
    LookBackAsked,
    LookedBack,
    Outcome,
    Place,
    PlaceAdded,
    SaidToResident,
    Satisfaction,
    State,
    Supervision,
    SupervisionRaised,
    WordsAdded,
    WordsEdited,
    evolve,
    rebuild,
)
from domain.casework import may_read
from domain.charter import Handling
from domain.people import PersonId
from tests.domain.lives import CHEN, LEE, MONDAY, WANG, ZHANG, settled, submitted

ONE = CaseId(1)
HOUR = timedelta(hours=1)


def after(case: Case, *events: Event) -> Case:
    """The case once all of this has happened."""
    for event in events:
        case = evolve(case, event)
    return case


def assigned(member: PersonId = LEE.id, hours: int = 0) -> CaseAssigned:
    """A coordinator gives it to a member."""
    return CaseAssigned(case=ONE, at=MONDAY + hours * HOUR, by=CHEN.id, holder=member)


def claimed(hours: int = 0) -> CaseClaimed:
    """The member signs for it."""
    return CaseClaimed(case=ONE, at=MONDAY + hours * HOUR, by=LEE.id)


def resolved(outcome: Outcome = Outcome.SOLVED) -> CaseResolved:
    """The member says what came of it."""
    return CaseResolved(case=ONE, at=MONDAY, by=LEE.id, outcome=outcome, text="好了", planned=date(2027, 1, 1))


def closed(satisfaction: Satisfaction = Satisfaction.SATISFIED) -> CaseClosed:
    """The resident's verdict."""
    return CaseClosed(case=ONE, at=MONDAY, by=WANG.id, satisfaction=satisfaction)


def raised(level: Supervision) -> SupervisionRaised:
    """A deadline has long passed."""
    return SupervisionRaised(case=ONE, at=MONDAY, by=None, clock="handle", level=level)


WORKED = after(settled(), assigned(), claimed())


def test_the_first_event_alone_makes_the_case() -> None:
    first = submitted()
    assert rebuild(first, []) == first.born()
    with pytest.raises(ValueError, match="somebody"):
        replace(first, by=None).born()


def test_a_case_stays_with_whoever_has_it_and_counts_who_had_it() -> None:
    assert after(settled(), assigned()).transfers == 0
    assert after(settled(), assigned(), assigned(ZHANG.id)).transfers == 1
    back = CaseReturned(case=ONE, at=MONDAY, by=LEE.id, reason="不归我")
    assert after(settled(), assigned(), back, assigned()).transfers == 0
    assert after(settled(), assigned(), back, assigned(ZHANG.id)).transfers == 1


def test_signing_starts_the_clocks_anew() -> None:
    again = after(replace(WORKED, paused=HOUR), assigned(ZHANG.id, hours=2), claimed(hours=3))
    assert (again.claimed_at, again.paused) == (MONDAY + 3 * HOUR, timedelta())


def test_the_first_words_to_the_resident_are_the_first_contact() -> None:
    said = [SaidToResident(case=ONE, at=MONDAY + n * HOUR, by=LEE.id, text="您好") for n in (1, 2)]
    case = after(WORKED, *said)
    assert (case.contacted_at, case.acted_at) == (MONDAY + HOUR, MONDAY + 2 * HOUR)
    assert case.state is State.IN_PROGRESS


def test_a_pause_lasts_from_the_question_to_the_answer() -> None:
    asked = InfoAsked(case=ONE, at=MONDAY + HOUR, by=LEE.id, text="几楼?")
    given = InfoGiven(case=ONE, at=MONDAY + 5 * HOUR, by=WANG.id, text="三楼")
    paused = after(WORKED, asked)
    assert (paused.state, paused.contacted_at) == (State.NEED_INFO, MONDAY + HOUR)
    assert (after(paused, given).state, after(paused, given).paused) == (State.IN_PROGRESS, 4 * HOUR)


def test_supervision_rises_and_never_sinks_while_the_case_is_open() -> None:
    levels = [Supervision.SUPERVISED, Supervision.CHASED, Supervision.NONE]
    assert after(WORKED, *map(raised, levels)).supervision is Supervision.SUPERVISED


def test_an_answer_ends_supervision_but_not_what_the_observers_know() -> None:
    assert after(WORKED, raised(Supervision.SUPERVISED), resolved()).supervision is Supervision.NONE
    assert after(WORKED, raised(Supervision.ELEVATED), resolved()).supervision is Supervision.ELEVATED


def test_a_further_attempt_forgets_the_outcome_and_keeps_the_words_and_the_holder() -> None:
    again = after(WORKED, resolved(), closed(), CaseReopened(case=ONE, at=MONDAY + HOUR, by=WANG.id))
    assert (again.state, again.attempt, again.holder) == (State.IN_PROGRESS, 2, LEE.id)
    assert (again.outcome, again.planned, again.satisfaction, again.closed_at) == (None, None, None, None)
    assert (again.text, again.answer) == (WORKED.text, "好了")
    assert again.contacted_at is None


@pytest.mark.parametrize(
    ("outcome", "looks"), [(Outcome.SOLVED, 2), (Outcome.PLANNED, 1), (Outcome.NOTED, 0), (Outcome.NOT_FEASIBLE, 0)]
)
def test_so_often_is_it_looked_at_again(outcome: Outcome, looks: int) -> None:
    case = after(WORKED, resolved(outcome), closed())
    for _ in range(looks):
        assert not case.at_rest
        asked = LookBackAsked(case=ONE, at=MONDAY, by=None)
        case = after(case, asked, LookedBack(case=ONE, at=MONDAY, by=WANG.id, effective=True))
    assert case.at_rest


def test_words_that_were_edited_change_once_and_only_there() -> None:
    case = after(settled(), WordsAdded(case=ONE, at=MONDAY, by=WANG.id, text="在3号楼"))
    assert case.text == "路灯坏了\n在3号楼"
    edited = WordsEdited(case=ONE, at=MONDAY, by=WANG.id, old="在3号楼", new="在5号楼")
    assert after(case, edited).text == "路灯坏了\n在5号楼"
    assert after(case, replace(edited, new="")).text == "路灯坏了"
    assert after(case, replace(edited, old="没有这句")).text == case.text


def test_danger_that_is_mentioned_later_makes_it_urgent_for_good() -> None:
    more = WordsAdded(case=ONE, at=MONDAY, by=WANG.id, text="冒烟了", urgent=True)
    assert after(settled(), more, replace(more, text="还在冒", urgent=False)).urgent


def test_what_is_guessed_later_never_overrides_what_is_known() -> None:
    known = replace(settled(), community="north")
    more = WordsAdded(case=ONE, at=MONDAY, by=WANG.id, text="桂花社区也是", community="osmanthus")
    assert after(known, more).community == "north"
    chosen = CommunityChosen(case=ONE, at=MONDAY, by=WANG.id, community="osmanthus")
    assert after(known, chosen).community == "osmanthus"
    place = PlaceAdded(case=ONE, at=MONDAY, by=WANG.id, place=Place("东门"), community=None)
    assert after(known, place).community == "north"


def test_a_kind_that_somebody_chose_is_no_guess() -> None:
    changed = CategoryChanged(case=ONE, at=MONDAY, by=WANG.id, category="complex", handling=Handling.COMPLEX)
    case = after(settled(), changed)
    assert (case.category, case.handling, case.guessed) == ("complex", Handling.COMPLEX, False)


WITHDRAWN = CaseWithdrawn(case=ONE, at=MONDAY, by=WANG.id)


@pytest.mark.parametrize(
    ("case", "reads"),
    [
        (lambda: after(submitted().born(), WITHDRAWN), False),
        (lambda: after(submitted().born(), CaseSettled(case=ONE, at=MONDAY, by=None), WITHDRAWN), True),
    ],
    ids=["undone in time", "withdrawn later"],
)
def test_what_was_undone_in_time_stays_between_the_resident_and_the_bot(case: Callable[[], Case], reads: bool) -> None:
    assert may_read(case(), CHEN) is reads
    assert may_read(case(), WANG)
