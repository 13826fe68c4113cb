"""What is due when: no case is ever awake without a next date, and nothing is told twice."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
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
from domain.people import Person
from tests.domain.lives import CHARTER, CHEN, LEE, MONDAY, PEOPLE, SHANGHAI, WANG, ZHANG, settled, submitted

PERSON = st.sampled_from(PEOPLE)
MEMBER = st.sampled_from([LEE, ZHANG, WANG])
TEXT = st.sampled_from(["好的", "", "  ", "路灯还是不亮"])
SPAN = st.sampled_from(
    [timedelta(minutes=1), timedelta(hours=3), timedelta(days=1), timedelta(days=9), timedelta(days=33)]
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


def catch_up(case: Case, now: datetime) -> tuple[Case, list[Event]]:
    """What the clock does to a case at one moment, turn after turn, until nothing is due any more."""
    events: list[Event] = []
    while more := tick(case, now)[1]:
        events += more
        case = reduce(evolve, more, case)
        assert len(events) < 9, "the clock never comes to rest"
    return case, events


def cause(case: Case, event: Reminded | SupervisionRaised) -> tuple[object, ...]:
    """What a follow-up is about: its mark, and the step (or the waiting) that it belongs to."""
    name = event.mark if isinstance(event, Reminded) else event.level
    step = next((step for step in followups.steps(case, CHARTER) if step.clock == event.clock), None)
    if step:
        return event.clock, name, step.start, step.span
    return event.clock, name, max(mark.at for mark in followups.marks(case, CHARTER) if mark.at <= event.at)


def weeks_of_silence(case: Case, now: datetime, days: int = 365) -> list[timedelta]:
    """How long at a stretch the group is waited for without being told, where nobody does anything for a year."""
    found: list[timedelta] = []
    told, until = now, now + timedelta(days=days)
    while (coming := followups.next_at(case, CHARTER)) is not None and coming <= until:
        now = max(now, coming)
        overdue = followups.due_at(case, CHARTER)
        if overdue is not None and overdue < told:
            found.append(now - told)
        case, events = catch_up(case, now)
        told = now if events else told
    if coming is not None and followups.due_at(case, CHARTER) is not None:
        found.append(coming - told)
    return found


def moves(case: Case, now: datetime) -> list[Event | Refusal]:
    """What may well happen next: the right person does something that fits."""
    holder, other = (LEE, ZHANG) if case.holder == LEE.id else (ZHANG, LEE)
    tomorrow = CHARTER.calendar.local_date(now) + timedelta(days=1)
    given = [casework.assign(case, LEE, CHEN, now), casework.assign(case, ZHANG, CHEN, now)]

    def resolve(outcome: Outcome) -> Event | Refusal:
        return casework.resolve(case, outcome, "办了", tomorrow, holder, now, CHARTER)

    match case.state:
        case State.SUBMITTED | State.ACCEPTED:
            return [casework.settle(case, WANG, now), *given]
        case State.ASSIGNED:
            claim = casework.claim(case, holder, now)
            return [claim, claim, casework.give_back(case, "不归我", holder, now), *given]
        case State.IN_PROGRESS:
            words = casework.say_to_resident(case, "在看", holder, now)
            question = casework.ask_info(case, "哪里?", holder, now)
            return [words, question, casework.assign(case, other, CHEN, now), *map(resolve, Outcome)]
        case State.NEED_INFO:
            return [casework.say_to_member(case, "东门", WANG, now), resolve(Outcome.SOLVED)]
        case _:
            return late_moves(case, now)


def late_moves(case: Case, now: datetime) -> list[Event | Refusal]:
    """The same once the case is resolved."""
    match case.state:
        case State.RESOLVED if case.disputed:
            return [casework.settle_dispute(case, reopen, "看过了", CHEN, now) for reopen in (True, False)]
        case State.RESOLVED:
            verdicts = ((True, Satisfaction.SATISFIED), (True, Satisfaction.NOT), (False, Satisfaction.NOT))
            return [casework.judge(case, solved, how, WANG, now) for solved, how in verdicts]
        case State.CLOSED if case.asked_back:
            return [casework.look_back(case, effective, WANG, now) for effective in (True, False)]
        case _:
            return []


class Life(RuleBasedStateMachine):
    """Anybody tries anything at any time, and time passes. It begins somewhere in the middle of a life."""

    @initialize(urgent=st.booleans(), past=st.lists(st.tuples(SPAN, st.integers(0, 99)), max_size=16))
    def begin(self, urgent: bool, past: list[tuple[timedelta, int]]) -> None:
        self.now = MONDAY
        self.first: CaseSubmitted = submitted(urgent=urgent)
        self.events: list[Event] = []
        self.case = self.first.born()
        self.before = self.case
        self.told: Counter[tuple[object, ...]] = Counter()
        for span, pick in past:
            self.life_goes_on(span, pick)

    @rule(span=SPAN, pick=st.integers(0, 99))
    def life_goes_on(self, span: timedelta, pick: int) -> None:
        self.time_passes(span)
        if found := moves(self.case, self.now):
            self.happen(found[pick % len(found)])

    def happen(self, outcome: Event | Refusal) -> None:
        self.before = self.case
        if isinstance(outcome, Event):
            self.events.append(outcome)
            self.case = evolve(self.case, outcome)

    @rule(by=PERSON)
    def settle(self, by: Person) -> None:
        self.happen(casework.settle(self.case, by, self.now))

    @rule(by=PERSON)
    def undo(self, by: Person) -> None:
        self.happen(casework.undo(self.case, by, self.now))

    @rule(by=PERSON, to=MEMBER)
    def assign(self, by: Person, to: Person) -> None:
        self.happen(casework.assign(self.case, to, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def decline(self, by: Person, text: str) -> None:
        self.happen(casework.decline(self.case, text, by, self.now))

    @rule(by=PERSON)
    def claim(self, by: Person) -> None:
        self.happen(casework.claim(self.case, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def give_back(self, by: Person, text: str) -> None:
        self.happen(casework.give_back(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def write(self, by: Person, text: str) -> None:
        self.happen(casework.say_to_resident(self.case, text, by, self.now))
        self.happen(casework.say_to_member(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def ask(self, by: Person, text: str) -> None:
        self.happen(casework.ask_info(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def add_words(self, by: Person, text: str) -> None:
        more = Concern(reporter=by.id, text=text, category=None, community=None, urgent=False)
        self.happen(casework.add_words(self.case, more, by, self.now))

    @rule(by=PERSON, code=st.sampled_from([c.code for c in CHARTER.categories]))
    def categorise(self, by: Person, code: str) -> None:
        category = CHARTER.category(code)
        assert category is not None
        self.happen(casework.categorise(self.case, category, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def note_and_call(self, by: Person, text: str) -> None:
        self.happen(casework.note(self.case, text, by, self.now))
        self.happen(casework.log_call(self.case, text, by, self.now))

    @rule(by=PERSON, text=TEXT)
    def edit(self, by: Person, text: str) -> None:
        self.happen(casework.edit_words(self.case, "路灯", text, by, self.now))
        self.happen(casework.take_out_words(self.case, "好的", by, self.now))
        self.happen(casework.attach(self.case, "photo", 0, by, self.now, CHARTER.limits))
        self.happen(casework.choose_community(self.case, "south", by, self.now))
        self.happen(casework.explain_verdict(self.case, text, by, self.now))

    @rule(by=PERSON)
    def place(self, by: Person) -> None:
        self.happen(casework.place(self.case, Place("东门"), None, by, self.now))

    @rule(by=PERSON, outcome=st.sampled_from(Outcome), text=TEXT, days=st.integers(-3, 200))
    def resolve(self, by: Person, outcome: Outcome, text: str, days: int) -> None:
        planned = CHARTER.calendar.local_date(self.now) + timedelta(days=days)
        self.happen(casework.resolve(self.case, outcome, text, planned, by, self.now, CHARTER))

    @rule(by=PERSON, solved=st.booleans(), how=st.sampled_from(list(Satisfaction)[:3]))
    def judge(self, by: Person, solved: bool, how: Satisfaction) -> None:
        self.happen(casework.judge(self.case, solved, how, by, self.now))

    @rule(by=PERSON, reopen=st.booleans(), text=TEXT)
    def settle_dispute(self, by: Person, reopen: bool, text: str) -> None:
        self.happen(casework.settle_dispute(self.case, reopen, text, by, self.now))

    @rule(by=PERSON, effective=st.booleans())
    def look_back(self, by: Person, effective: bool) -> None:
        self.happen(casework.look_back(self.case, effective, by, self.now))

    @rule(span=SPAN)
    def time_passes(self, span: timedelta) -> None:
        self.now += span
        self.before = self.case
        self.case, events = tick(self.case, self.now)
        self.events += events
        for event in events:
            self.told_at_most_once(event)
        assert followups.due(self.case, self.now, CHARTER) == []

    def told_at_most_once(self, event: Event) -> None:
        """Never twice for the same cause; and before a deadline not to whoever has just acted."""
        if isinstance(event, Reminded | SupervisionRaised):
            self.told[cause(self.before, event)] += 1
        if isinstance(event, Reminded) and event.mark in followups.REMINDERS:
            assert event.silent == followups.just_acted(self.before, self.now, CHARTER)
        assert [what for what, times in self.told.items() if times > 1 and MarkName.AGAIN not in what] == []

    def teardown(self) -> None:
        """Whatever happened so far: from now on nobody does anything."""
        assert all(gap <= timedelta(days=7) for gap in weeks_of_silence(self.case, self.now))

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
    max_examples=40, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
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


def test_the_rungs_that_passed_during_a_long_downtime_are_made_up_for() -> None:
    """Planted fault: tell only the last mark, and a case is told again for ever without ever being elevated."""
    case, events = tick(settled(), MONDAY + timedelta(days=40))
    assert [type(event) for event in events] == [SupervisionRaised]
    assert case.supervision is Supervision.ELEVATED
    _, later = tick(case, MONDAY + timedelta(days=47))
    assert [type(event) for event in later] == [Reminded]


def test_after_a_week_of_downtime_every_clock_has_one_event() -> None:
    _, events = tick(claimed(), MONDAY + timedelta(days=7))
    clocks = [event.clock for event in events if isinstance(event, Reminded | SupervisionRaised)]
    assert sorted(clocks) == [ClockName.CONTACT, ClockName.HANDLE]


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


def paused_from(start: int, days: int) -> list[tuple[float, str]]:
    """After how many days which reminders of handling come, where an answer was awaited for so many of them."""
    case, told = replace(claimed(), contacted_at=MONDAY), []
    for hour in range(0, 24 * 40):
        now = MONDAY + timedelta(hours=hour)
        if hour == start * 24:
            case = evolve(case, InfoAsked(case=case.id, at=now, by=LEE.id, text="?"))
        if hour == (start + days) * 24:
            case = evolve(case, InfoGiven(case=case.id, at=now, by=WANG.id, text="!"))
        case, events = tick(case, now)
        told += [(hour / 24, e.mark) for e in events if isinstance(e, Reminded) and e.clock == ClockName.HANDLE]
    return told[:3]


def test_a_pause_does_not_repeat_a_reminder() -> None:
    assert [mark for _, mark in paused_from(4, 2)] == [MarkName.HALF, MarkName.MOST, MarkName.OVERDUE]


def test_a_pause_does_not_swallow_a_reminder() -> None:
    days, marks = zip(*paused_from(1, 25), strict=True)
    assert marks == (MarkName.HALF, MarkName.MOST, MarkName.OVERDUE)
    assert days[0] == 25 + 3.5
    assert days[2] == 25 + 7


def test_the_second_pause_adds_to_the_first() -> None:
    case = claimed()
    for day in (1, 3):
        asked = InfoAsked(case=case.id, at=MONDAY + timedelta(days=day), by=LEE.id, text="?")
        given = InfoGiven(case=case.id, at=MONDAY + timedelta(days=day + 1), by=WANG.id, text="!")
        case = evolve(evolve(case, asked), given)
    assert due_of(case, ClockName.HANDLE) == MONDAY + timedelta(days=9)


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


def test_half_of_a_time_in_working_days_is_working_time_too() -> None:
    """Planted fault: halve the days on the wall, and a case that is reopened on a Friday is due on Sunday night."""
    friday = local("2026-11-27 09:00")
    again = replace(claimed(friday, category="question"), attempt=2)
    assert due_of(again, ClockName.HANDLE) == local("2026-11-30 13:30")


def test_a_rung_that_counts_working_days_is_not_repeated_after_a_pause() -> None:
    """Planted fault: count its working days anew from the later deadline, and a weekend in between repeats it."""
    case = replace(claimed(local("2026-11-16 09:00")), contacted_at=MONDAY)  # due on Monday 23, supervised on Thursday
    case, events = tick(case, local("2026-11-26 10:00"))
    case = evolve(case, InfoAsked(case=case.id, at=local("2026-11-26 11:00"), by=LEE.id, text="?"))
    case = evolve(case, InfoGiven(case=case.id, at=local("2026-11-28 11:00"), by=WANG.id, text="!"))
    _, later = tick(case, local("2026-11-30 10:00"))
    assert [event.level for event in events if isinstance(event, SupervisionRaised)] == [Supervision.SUPERVISED]
    assert later == []


def test_whoever_has_just_judged_a_plan_is_not_asked_again_the_same_day() -> None:
    """Planted fault: the planned day had passed, and the question came with the next tick."""
    case = resolved(Outcome.PLANNED, date(2026, 11, 20))
    assert asked_again(case)[0] - MONDAY >= timedelta(hours=18)
    assert CHARTER.calendar.local_date(followups.look_back_at(case, CHARTER)) == date(2026, 11, 20)


def test_a_second_look_back_that_is_late_waits_for_the_day_after_the_first_answer() -> None:
    late = MONDAY + timedelta(days=120)
    case, _ = tick(resolved(Outcome.SOLVED), late)
    holds = casework.look_back(case, True, WANG, late)
    assert isinstance(holds, Event)
    assert followups.due(evolve(case, holds), late, CHARTER) == []
    assert [event.at > late for event in tick(evolve(case, holds), late + timedelta(days=1))[1]] == [True]


def test_a_question_lapses_once_and_the_case_rests() -> None:
    asked = evolve(claimed(), InfoAsked(case=claimed().id, at=MONDAY, by=LEE.id, text="?"))
    case, events = catch_up(asked, MONDAY + timedelta(days=400))
    assert [type(event).__name__ for event in events] == ["CaseWithdrawn"]
    assert case.reason == followups.LAPSED
    assert followups.next_at(case, CHARTER) is None
