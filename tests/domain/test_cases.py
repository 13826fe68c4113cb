"""What each happening changes: the facts of a case that its deadlines and its readers rely on."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from domain.cases import (
    CallLogged,
    Case,
    CaseAssigned,
    CaseClaimed,
    CaseClosed,
    CaseDeclined,
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
    NoteAdded,
    Outcome,
    Place,
    PlaceAdded,
    Reminded,
    SaidToMember,
    SaidToResident,
    Satisfaction,
    State,
    Supervision,
    SupervisionRaised,
    VerdictDisputed,
    VerdictExplained,
    WordsAdded,
    WordsEdited,
    evolve,
    raised,
    rebuild,
)
from domain.charter import Handling
from domain.people import Person
from tests.domain.lives import CHEN, LEE, MONDAY, WANG, ZHANG, settled, submitted

CASE = settled().id
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def after(*events: Event) -> Case:
    """The settled case after all of this."""
    return rebuild(submitted(), [CaseSettled(case=CASE, at=MONDAY, by=None), *events])


def given(hour: int = 1, to: Person = LEE) -> CaseAssigned:
    """陈静 gives it to somebody."""
    return CaseAssigned(case=CASE, at=MONDAY + hour * HOUR, by=CHEN.id, holder=to.id)


CLAIMED = CaseClaimed(case=CASE, at=MONDAY + 2 * HOUR, by=LEE.id)
SOLVED = CaseResolved(case=CASE, at=MONDAY + DAY, by=LEE.id, outcome=Outcome.SOLVED, text="好了")
NOT_SOLVED = CaseReopened(case=CASE, at=MONDAY + 2 * DAY, by=WANG.id)


def changed(case: Case, event: Event) -> set[str]:
    """The names of the fields that an event changes."""
    then = evolve(case, event)
    return {field.name for field in fields(Case) if getattr(case, field.name) != getattr(then, field.name)}


def test_a_new_case_is_as_it_was_sent() -> None:
    case = submitted(urgent=True).born()
    assert (case.state, case.reporter, case.urgent, case.settled_at) == (State.SUBMITTED, WANG.id, True, None)
    assert case.submitted_at == case.since == case.followed_to == MONDAY


def test_nobody_submits_nothing() -> None:
    with pytest.raises(ValueError, match="somebody"):
        replace(submitted(), by=None).born()


LATER = MONDAY + 3 * DAY


@pytest.mark.parametrize(
    ("event", "fields_changed"),
    [
        (SaidToMember(case=CASE, at=LATER, by=WANG.id, text="还没好"), set()),
        (VerdictExplained(case=CASE, at=LATER, by=WANG.id, text="灯还是暗"), set()),
        (NoteAdded(case=CASE, at=LATER, by=CHEN.id, text="已问过供电所"), {"acted_at"}),
        (SaidToResident(case=CASE, at=LATER, by=LEE.id, text="明天去"), {"acted_at", "contacted_at"}),
        (CallLogged(case=CASE, at=LATER, by=LEE.id), {"acted_at", "contacted_at"}),
        (Reminded(case=CASE, at=LATER, by=None, clock="handle", mark="most"), {"followed_to"}),
        (CommunityChosen(case=CASE, at=LATER, by=CHEN.id, community="south"), {"community"}),
        (PlaceAdded(case=CASE, at=LATER, by=WANG.id, place=Place("东门")), {"place"}),
        (PlaceAdded(case=CASE, at=LATER, by=WANG.id, place=Place("东门"), community="south"), {"place", "community"}),
        (
            CategoryChanged(case=CASE, at=LATER, by=CHEN.id, category="complex", handling=Handling.COMPLEX),
            {"category", "handling", "guessed"},
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)
def test_a_happening_changes_what_it_is_about_and_nothing_else(event: Event, fields_changed: set[str]) -> None:
    assert changed(after(given(), CLAIMED), event) == fields_changed


def test_the_first_contact_stays_the_first() -> None:
    first = SaidToResident(case=CASE, at=LATER, by=LEE.id, text="明天去")
    case = after(given(), CLAIMED, first, replace(first, at=LATER + DAY))
    assert (case.contacted_at, case.acted_at) == (LATER, LATER + DAY)


# -- words


def test_more_words_are_added_below_and_danger_makes_it_urgent_for_good() -> None:
    more = WordsAdded(case=CASE, at=LATER, by=WANG.id, text="还漏电", urgent=True)
    case = after(more, replace(more, text="快来", urgent=False))
    assert case.text == "路灯坏了\n还漏电\n快来"
    assert case.urgent


def test_more_words_fill_in_only_what_was_not_known() -> None:
    unknown = replace(settled(category=None), community=None)
    more = WordsAdded(
        case=CASE, at=LATER, by=WANG.id, text="x", category="complex", handling=Handling.COMPLEX, community="south"
    )
    case = evolve(unknown, more)
    assert (case.category, case.handling, case.community, case.guessed) == ("complex", Handling.COMPLEX, "south", True)
    assert evolve(settled(), replace(more, category=None)).community == "north"
    assert evolve(settled(), replace(more, category=None)).handling is Handling.ORDINARY


def test_an_edit_replaces_its_own_words_and_taking_out_leaves_no_hole() -> None:
    more = WordsAdded(case=CASE, at=LATER, by=WANG.id, text="东门那盏")
    edited = WordsEdited(case=CASE, at=LATER, by=WANG.id, old="东门那盏", new="西门那盏")
    assert after(more, edited).text == "路灯坏了\n西门那盏"
    assert after(more, replace(edited, new="")).text == "路灯坏了"
    assert after(more, replace(edited, old="没说过")).text == "路灯坏了\n东门那盏"


# -- changing hands


def test_giving_it_to_another_member_is_a_transfer_and_to_the_same_one_is_none() -> None:
    back = CaseReturned(case=CASE, at=LATER, by=LEE.id, reason="不在片区")
    assert after(given()).transfers == 0
    assert after(given(), back, given(3)).transfers == 0
    assert after(given(), back, given(3, ZHANG)).transfers == 1
    assert after(given(), given(2, ZHANG), given(3)).transfers == 2


def test_giving_it_away_settles_it() -> None:
    case = evolve(submitted().born(), given())
    assert case.settled_at == case.since == MONDAY + HOUR


def test_returning_says_why_and_the_time_for_assigning_starts_anew() -> None:
    case = after(given(), CaseReturned(case=CASE, at=LATER, by=LEE.id, reason="不在片区"))
    assert (case.state, case.reason, case.since) == (State.ACCEPTED, "不在片区", LATER)


def test_signing_starts_the_time_for_handling_without_earlier_pauses() -> None:
    asked = InfoAsked(case=CASE, at=MONDAY + DAY, by=LEE.id, text="?")
    answer = InfoGiven(case=CASE, at=MONDAY + 2 * DAY, by=WANG.id, text="!")
    case = after(given(), CLAIMED, asked, answer)
    assert case.paused == DAY
    again = CaseClaimed(case=CASE, at=LATER, by=ZHANG.id)
    moved = evolve(evolve(case, replace(given(), at=LATER, holder=ZHANG.id)), again)
    assert (moved.claimed_at, moved.paused) == (LATER, timedelta())


# -- supervision


def test_supervision_only_rises() -> None:
    case = raised(settled(), Supervision.SUPERVISED)
    assert raised(case, Supervision.CHASED).supervision is Supervision.SUPERVISED
    assert raised(case, Supervision.ELEVATED).supervision is Supervision.ELEVATED


def test_an_answer_ends_supervision_unless_it_was_elevated() -> None:
    rise = SupervisionRaised(case=CASE, at=LATER, by=None, clock="handle", level=Supervision.SUPERVISED)
    assert after(given(), CLAIMED, rise, SOLVED).supervision is Supervision.NONE
    elevated = replace(rise, level=Supervision.ELEVATED)
    assert after(given(), CLAIMED, elevated, SOLVED).supervision is Supervision.ELEVATED


# -- ends and new beginnings


def test_the_next_attempt_starts_afresh_with_the_same_member() -> None:
    case = after(given(), CLAIMED, SOLVED, NOT_SOLVED)
    assert (case.state, case.holder, case.attempt) == (State.IN_PROGRESS, LEE.id, 2)
    assert (case.outcome, case.satisfaction, case.contacted_at, case.closed_at) == (None, None, None, None)
    assert case.claimed_at == case.since == NOT_SOLVED.at


def test_a_dispute_is_over_when_the_case_is_closed_or_taken_up_again() -> None:
    disputed = VerdictDisputed(case=CASE, at=LATER, by=WANG.id)
    end = CaseClosed(case=CASE, at=LATER, by=CHEN.id, satisfaction=Satisfaction.NOT, reason="只能这样")
    assert after(given(), CLAIMED, SOLVED, disputed).disputed
    assert not after(given(), CLAIMED, SOLVED, disputed, end).disputed
    assert not after(given(), CLAIMED, SOLVED, disputed, NOT_SOLVED).disputed


@pytest.mark.parametrize(
    "end",
    [
        CaseDeclined(case=CASE, at=LATER, by=CHEN.id, reason="请找物业"),
        CaseWithdrawn(case=CASE, at=LATER, by=WANG.id, reason="lapsed"),
    ],
    ids=["declined", "withdrawn"],
)
def test_what_is_declined_or_withdrawn_is_at_rest_with_a_reason_and_a_date(
    end: CaseDeclined | CaseWithdrawn,
) -> None:
    case = after(end)
    assert case.at_rest
    assert (case.closed_at, case.reason) == (LATER, end.reason)


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [(Outcome.SOLVED, 2), (Outcome.PLANNED, 1), (Outcome.NOTED, 0), (Outcome.NOT_FEASIBLE, 0)],
)
def test_a_closed_case_rests_after_its_look_backs(outcome: Outcome, wanted: int) -> None:
    end = CaseClosed(case=CASE, at=LATER, by=WANG.id, satisfaction=Satisfaction.SATISFIED)
    case = after(given(), CLAIMED, replace(SOLVED, outcome=outcome), end)
    for done in range(wanted):
        assert not case.at_rest, done
        case = evolve(case, LookBackAsked(case=CASE, at=LATER, by=None))
        assert case.asked_back
        case = evolve(case, LookedBack(case=CASE, at=LATER, by=WANG.id, effective=True))
        assert not case.asked_back
    assert case.at_rest


def test_a_case_that_came_back_is_looked_at_twice_again() -> None:
    end = CaseClosed(case=CASE, at=LATER, by=WANG.id, satisfaction=Satisfaction.SATISFIED)
    look = LookedBack(case=CASE, at=LATER, by=WANG.id, effective=True)
    case = after(given(), CLAIMED, SOLVED, end, look, NOT_SOLVED, SOLVED, end)
    assert (case.looked_back, case.look_back_pending) == (0, True)
