"""What is due when: no case is ever awake without a next date, and nothing is told twice."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import casework, followups
from domain.cases import (
    Case,
    CaseClaimed,
    CaseResolved,
    CaseSubmitted,
    Event,
    InfoAsked,
    InfoGiven,
    Outcome,
    Place,
    Reminded,
    Satisfaction,
    State,
    Supervision,
    SupervisionRaised,
    evolve,
    rebuild,
)
from domain.casework import Concern, Refusal
from domain.followups import ClockName, MarkName
from tests.domain.lives import CHARTER, CHEN, LEE, MONDAY, PEOPLE, SHANGHAI, WANG, ZHANG, settled, submitted

PERSON = st.sampled_from(PEOPLE)
MEMBER = st.sampled_from([LEE, ZHANG, WANG])
TEXT = st.sampled_from(["好的", "", "  ", "路灯还是不亮"])
SPAN = st.sampled_from(
    [timedelta(minutes=1), timedelta(hours=3), timedelta(days=1), timedelta(days=9), timedelta(days=40)]
)


def tick(case: Case, now: datetime) -> tuple[Case, list[Event]]:
    """What the clock does to a case, as ``handlers/followup.py`` does it."""
    events: list[Event] = []
    state = case.state
    for mark in followups.due(case, now, CHARTER):
        if case.state is state:
            events.append(followups.follow_up(case, mark, now, CHARTER))
            case = evolve(case, events[-1])
    return case, events


class Life(RuleBasedStateMachine):
    """Anybody tries anything at any time, and time passes."""

    @initialize(urgent=st.booleans())
    def begin(self, urgent: bool) -> None:
        self.now = MONDAY
        self.first: CaseSubmitted = submitted(urgent=urgent)
        self.events: list[Event] = []
        self.case = self.first.born()
        self.before = self.case

    def happen(self, outcome: Event | Refusal) -> None:
        self.before = self.case
        if isinstance(outcome, Event):
            self.events.append(outcome)
            self.case = evolve(self.case, outcome)

    @rule(by=PERSON)
    def settle(self, by: casework.Person) -> None:
        self.happen(casework.settle(self.case, by, self.now))

    @rule(by=PERSON)
    def undo(self, by: casework.Person) -> None:
        self.happen(casework.undo(self.case, by, self.now))

    @rule(by=PERSON, to=MEMBER)
    def assign(self, by: casework.Person, to: casework.Person) -> None:
        self.happen(casework.assign(self.case, to, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def decline(self, by: casework.Person, text: str) -> None:
        self.happen(casework.decline(self.case, text, by, self.now))

    @rule(by=PERSON)
    def claim(self, by: casework.Person) -> None:
        self.happen(casework.claim(self.case, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def give_back(self, by: casework.Person, text: str) -> None:
        self.happen(casework.give_back(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def write(self, by: casework.Person, text: str) -> None:
        self.happen(casework.say_to_resident(self.case, text, by, self.now))
        self.happen(casework.say_to_member(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def ask(self, by: casework.Person, text: str) -> None:
        self.happen(casework.ask_info(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def add_words(self, by: casework.Person, text: str) -> None:
        more = Concern(reporter=by.id, text=text, category=None, community=None, urgent=False)
        self.happen(casework.add_words(self.case, more, by, self.now, CHARTER.limits))

    @rule(by=PERSON, code=st.sampled_from([c.code for c in CHARTER.categories]))
    def categorise(self, by: casework.Person, code: str) -> None:
        category = CHARTER.category(code)
        assert category is not None
        self.happen(casework.categorise(self.case, category, by, self.now))

    @rule(by=PERSON)
    def place(self, by: casework.Person) -> None:
        self.happen(casework.place(self.case, Place("东门"), None, by, self.now))

    @rule(by=PERSON, outcome=st.sampled_from(Outcome), text=TEXT, days=st.integers(-3, 200))
    def resolve(self, by: casework.Person, outcome: Outcome, text: str, days: int) -> None:
        planned = CHARTER.calendar.local_date(self.now) + timedelta(days=days)
        self.happen(casework.resolve(self.case, outcome, text, planned, by, self.now, CHARTER))

    @rule(by=PERSON, solved=st.booleans(), how=st.sampled_from(list(Satisfaction)[:3]))
    def judge(self, by: casework.Person, solved: bool, how: Satisfaction) -> None:
        self.happen(casework.judge(self.case, solved, how, by, self.now))

    @rule(by=PERSON, reopen=st.booleans(), text=TEXT)
    def settle_dispute(self, by: casework.Person, reopen: bool, text: str) -> None:
        self.happen(casework.settle_dispute(self.case, reopen, text, by, self.now))

    @rule(by=PERSON, effective=st.booleans())
    def look_back(self, by: casework.Person, effective: bool) -> None:
        self.happen(casework.look_back(self.case, effective, by, self.now))

    @rule(span=SPAN)
    def time_passes(self, span: timedelta) -> None:
        self.now += span
        self.before = self.case
        self.case, events = tick(self.case, self.now)
        self.events += events
        assert followups.due(self.case, self.now, CHARTER) == [] or self.case.state is not self.before.state

    @invariant()
    def awake_means_a_next_date(self) -> None:
        assert self.case.at_rest == (followups.next_at(self.case, CHARTER) is None)

    @invariant()
    def the_events_tell_the_case(self) -> None:
        assert rebuild(self.first, self.events) == self.case

    @invariant()
    def counters_only_rise(self) -> None:
        assert self.case.attempt >= self.before.attempt
        assert self.case.transfers >= self.before.transfers

    @invariant()
    def a_deadline_belongs_to_somebody(self) -> None:
        if followups.due_at(self.case, CHARTER) is not None:
            assert not self.case.at_rest


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def left_alone(case: Case, days: int, step: timedelta = timedelta(hours=6)) -> list[Event]:
    """Everything that happens to a case that nobody touches."""
    now, events = case.since, []
    for _ in range(int(timedelta(days=days) / step)):
        now += step
        case, more = tick(case, now)
        events += more
    return events


def test_a_case_that_nobody_touches_is_told_every_week_for_ever() -> None:
    told = [event.at for event in left_alone(settled(), 365)]
    assert told[-1] > MONDAY + timedelta(days=355)
    assert max(b - a for a, b in pairwise(told)) <= timedelta(days=8)


def test_every_rung_is_told_once() -> None:
    events = left_alone(settled(), 30, timedelta(hours=1))
    levels = [event.level for event in events if isinstance(event, SupervisionRaised)]
    assert levels == [Supervision.CHASED, Supervision.SUPERVISED, Supervision.ELEVATED]
    marks = Counter(event.mark for event in events if isinstance(event, Reminded))
    assert marks[MarkName.MOST] == 1
    assert marks[MarkName.OVERDUE] == 1


def test_after_a_week_of_downtime_only_the_last_mark_is_told() -> None:
    _, events = tick(settled(), MONDAY + timedelta(days=9))
    assert [type(event) for event in events] == [SupervisionRaised]


def claimed(at: datetime = MONDAY, category: str | None = "lighting") -> Case:
    """A case that 李建国 has signed for."""
    given = casework.assign(settled(at, category=category), LEE, CHEN, at)
    assert isinstance(given, Event)
    return evolve(evolve(settled(at, category=category), given), CaseClaimed(case=given.case, at=at, by=LEE.id))


def due_of(case: Case, clock: ClockName) -> datetime:
    """When a deadline is."""
    return next(step.due for step in followups.steps(case, CHARTER) if step.clock is clock)


def local(text: str) -> datetime:
    """A local time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def test_the_deadlines_are_those_of_the_table() -> None:
    assert due_of(settled(urgent=True), ClockName.ASSIGN) == local("2026-11-23 11:00")
    assert due_of(settled(), ClockName.ASSIGN) == local("2026-11-24 09:00")
    assert due_of(claimed(), ClockName.CONTACT) == local("2026-11-24 09:00")
    assert due_of(claimed(category="question"), ClockName.HANDLE) == local("2026-11-26 09:00")
    assert due_of(claimed(), ClockName.HANDLE) == local("2026-11-30 09:00")
    assert due_of(claimed(category="complex"), ClockName.HANDLE) == local("2026-12-08 09:00")


def test_the_second_attempt_has_half_the_time() -> None:
    assert due_of(replace(claimed(), attempt=2), ClockName.HANDLE) == MONDAY + timedelta(days=3.5)


def test_paused_time_does_not_count() -> None:
    case = claimed()
    asked = InfoAsked(case=case.id, at=MONDAY + timedelta(days=1), by=LEE.id, text="?")
    given = InfoGiven(case=case.id, at=MONDAY + timedelta(days=4), by=WANG.id, text="!")
    assert due_of(evolve(evolve(case, asked), given), ClockName.HANDLE) == MONDAY + timedelta(days=7 + 3)


def test_whoever_has_just_acted_is_not_reminded() -> None:
    case = claimed()
    mark = next(m for m in followups.marks(case, CHARTER) if m.name is MarkName.MOST)
    acted = replace(case, acted_at=mark.at - timedelta(minutes=30))
    silent = followups.follow_up(acted, mark, mark.at, CHARTER)
    assert isinstance(silent, Reminded)
    assert silent.silent
    told = followups.follow_up(case, mark, mark.at, CHARTER)
    assert isinstance(told, Reminded)
    assert not told.silent


def resolved(outcome: Outcome, planned: date | None = None) -> Case:
    """A case with an outcome that the resident is content with."""
    case = claimed()
    done = CaseResolved(case=case.id, at=MONDAY, by=LEE.id, outcome=outcome, text="好了", planned=planned)
    verdict = casework.judge(evolve(case, done), True, Satisfaction.SATISFIED, WANG, MONDAY)
    assert isinstance(verdict, Event)
    return evolve(evolve(case, done), verdict)


def asked_again(case: Case) -> list[datetime]:
    """When somebody who never answers is asked whether it still holds."""
    return [event.at for event in left_alone(case, 200) if type(event).__name__ == "LookBackAsked"]


def test_what_was_solved_is_looked_at_again_after_30_and_90_days() -> None:
    assert asked_again(resolved(Outcome.SOLVED)) == [MONDAY + timedelta(days=30), MONDAY + timedelta(days=90)]


def test_a_plan_is_looked_at_again_on_its_day() -> None:
    asked = asked_again(resolved(Outcome.PLANNED, date(2027, 3, 1)))
    assert [CHARTER.calendar.local_date(moment) for moment in asked] == [date(2027, 3, 1)]


def test_what_was_noted_or_explained_is_at_rest_at_once() -> None:
    assert resolved(Outcome.NOTED).at_rest
    assert resolved(Outcome.NOT_FEASIBLE).at_rest


def test_without_a_verdict_it_is_closed_after_one_reminder() -> None:
    case = claimed()
    open_verdict = evolve(case, CaseResolved(case=case.id, at=MONDAY, by=LEE.id, outcome=Outcome.NOTED, text="记下了"))
    events = left_alone(open_verdict, 30)
    assert [(type(e).__name__, e.at - MONDAY) for e in events] == [
        ("Reminded", timedelta(days=7)),
        ("CaseClosed", timedelta(days=14)),
    ]


def test_a_question_without_an_answer_lapses_after_its_nudges() -> None:
    case = claimed()
    events = left_alone(evolve(case, InfoAsked(case=case.id, at=MONDAY, by=LEE.id, text="?")), 60)
    assert [(e.at - MONDAY).days for e in events] == [3, 10, 24, 30]
    assert type(events[-1]).__name__ == "CaseWithdrawn"


def test_the_state_of_a_case_alone_says_who_is_waited_for() -> None:
    assert {step.clock for step in followups.steps(claimed(), CHARTER)} == {ClockName.CONTACT, ClockName.HANDLE}
    assert list(followups.steps(resolved(Outcome.SOLVED), CHARTER)) == []
    assert resolved(Outcome.SOLVED).state is State.CLOSED
