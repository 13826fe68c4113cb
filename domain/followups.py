"""What must happen to a case by when, if nobody does anything: deadlines, reminders, rungs, look-backs.

The rule: a case that is not at rest has at least one open clock, so it always has a next date. A clock has marks; one
that *changes* the case (settle, close, lapse, look back) is due until the change is made, a mark that only *tells*
someone is due once, when ``followed_to`` passes it. After a week of downtime only the last mark of a clock is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from domain.calendar import Span
from domain.cases import (
    Case,
    CaseClosed,
    CaseSettled,
    CaseWithdrawn,
    Event,
    LookBackAsked,
    LookedBack,
    Outcome,
    Reminded,
    Satisfaction,
    State,
    Supervision,
    SupervisionRaised,
)
from domain.charter import Charter

LAPSED = "lapsed"
"""The reason of a case that was withdrawn because nobody answered a question."""

AGAIN = timedelta(days=7)
"""An elevated case is told again every week until something happens."""

NINE = time(9, 0)
"""The hour at which a resident is asked whether a plan was kept."""

HALF = 0.5
MOST = 0.8
"""Reminders come at half time (long steps) and at four fifths of it (all steps)."""


class ClockName(StrEnum):
    """What a case can be waiting for."""

    SETTLE = "settle"
    ASSIGN = "assign"
    CLAIM = "claim"
    CONTACT = "contact"
    HANDLE = "handle"
    INFO = "info"
    VERDICT = "verdict"
    DISPUTE = "dispute"
    LOOK_BACK = "look_back"


class MarkName(StrEnum):
    """What happens at a mark."""

    SETTLE = "settle"
    HALF = "half"
    MOST = "most"
    OVERDUE = "overdue"
    CHASE = "chase"
    SUPERVISE = "supervise"
    ELEVATE = "elevate"
    AGAIN = "again"
    NUDGE = "nudge"
    WARN = "warn"
    LAPSE = "lapse"
    CLOSE = "close"
    ASK = "ask"
    PASS = "pass"  # noqa: S105 - the look-back passes without an answer


CHANGES = frozenset({MarkName.SETTLE, MarkName.LAPSE, MarkName.CLOSE, MarkName.ASK, MarkName.PASS})
RAISES = {
    MarkName.CHASE: Supervision.CHASED,
    MarkName.SUPERVISE: Supervision.SUPERVISED,
    MarkName.ELEVATE: Supervision.ELEVATED,
}
REMINDERS = frozenset({MarkName.HALF, MarkName.MOST})


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment at which a clock asks for something."""

    at: datetime
    clock: ClockName
    name: MarkName


@dataclass(frozen=True, slots=True)
class Step:
    """A deadline somebody must keep: when its time began, how much was given, when it is over.

    ``paused`` is how long the clock stood still in the meantime; ``due`` is later by as much.
    """

    clock: ClockName
    start: datetime
    span: Span
    due: datetime
    paused: timedelta = timedelta()


def steps(case: Case, charter: Charter) -> Iterator[Step]:
    """The deadlines that run for this case now."""
    allowed = charter.deadlines
    if case.state is State.SUBMITTED and case.settled_at:
        yield step(ClockName.ASSIGN, case.settled_at, allowed.assign_urgent if case.urgent else allowed.assign, charter)
    elif case.state is State.ACCEPTED:
        yield step(ClockName.ASSIGN, case.since, allowed.assign_urgent if case.urgent else allowed.assign, charter)
    elif case.state is State.ASSIGNED:
        yield step(ClockName.CLAIM, case.since, allowed.claim, charter)
    elif case.state is State.IN_PROGRESS and case.claimed_at:
        if case.contacted_at is None:
            yield step(ClockName.CONTACT, case.claimed_at, allowed.contact, charter)
        yield handling(case, case.claimed_at, charter)
    elif case.state is State.RESOLVED and case.disputed:
        yield step(ClockName.DISPUTE, case.since, allowed.assign, charter)


def step(clock: ClockName, start: datetime, span: Span, charter: Charter) -> Step:
    """A step that has its whole time."""
    return Step(clock, start, span, charter.calendar.after(start, span))


def handling(case: Case, start: datetime, charter: Charter) -> Step:
    """Handling: half the time from the second attempt on, and paused time does not count."""
    span = charter.deadlines.handle[case.handling]
    over = charter.calendar.share(start, span, 1 if case.attempt == 1 else HALF)
    return Step(ClockName.HANDLE, start, span, over + case.paused, case.paused)


def first_step(case: Case, charter: Charter) -> Step | None:
    """What somebody in the group must do next, or None when the group is not what it waits for."""
    return min(steps(case, charter), key=lambda found: found.due, default=None)


def due_at(case: Case, charter: Charter) -> datetime | None:
    """The earliest deadline somebody in the group must keep, or None when there is none."""
    found = first_step(case, charter)
    return found.due if found else None


def marks(case: Case, charter: Charter) -> list[Mark]:
    """Everything the clocks of this case will ask for, in order."""
    found = [mark for running in steps(case, charter) for mark in ladder(case, running, charter)]
    return sorted([*found, *waits(case, charter)], key=lambda mark: mark.at)


def ladder(case: Case, running: Step, charter: Charter) -> Iterator[Mark]:
    """Reminders before a deadline, rungs after it, then once a week.

    All of them move by exactly as long as the clock stood still: a mark that was made before a pause lies before its
    end afterwards too, so none is made twice and none is left out.
    """
    for at, name in rungs(case, running, charter):
        yield Mark(at + running.paused, running.clock, name)


def rungs(case: Case, running: Step, charter: Charter) -> Iterator[tuple[datetime, MarkName]]:
    """The marks of a deadline as they would be without a pause."""
    allowed, calendar = charter.deadlines, charter.calendar
    start, due = running.start, running.due - running.paused
    if is_long(running.span, allowed.long_step):
        yield start + (due - start) * HALF, MarkName.HALF
    yield start + (due - start) * MOST, MarkName.MOST
    yield due, MarkName.OVERDUE
    yield calendar.after(due, allowed.chase_after), MarkName.CHASE
    yield calendar.after(due, allowed.supervise_after), MarkName.SUPERVISE
    elevated = calendar.after(due, allowed.elevate_after)
    yield elevated, MarkName.ELEVATE
    weeks = max(0, (case.followed_to - running.paused - elevated) // AGAIN) + 1
    yield elevated + AGAIN * weeks, MarkName.AGAIN


def is_long(span: Span, long_step: Span) -> bool:
    """Whether a step is reminded at half time too: days, and at least as many as ``long_step``."""
    return span.unit in ("d", "wd") and span.amount >= long_step.amount


def waits(case: Case, charter: Charter) -> Iterator[Mark]:
    """What the case does by itself when the resident, not the group, is waited for."""
    match case.state:
        case State.SUBMITTED if case.settled_at is None:
            yield Mark(case.submitted_at + charter.settle, ClockName.SETTLE, MarkName.SETTLE)
        case State.NEED_INFO:
            yield from info_marks(case, charter)
        case State.RESOLVED if not case.disputed:
            yield Mark(
                charter.calendar.after(case.since, charter.deadlines.verdict_reminder),
                ClockName.VERDICT,
                MarkName.NUDGE,
            )
            yield Mark(charter.calendar.after(case.since, charter.deadlines.verdict), ClockName.VERDICT, MarkName.CLOSE)
        case State.CLOSED if case.look_back_pending and case.asked_back:
            yield Mark(
                charter.calendar.after(case.since, charter.deadlines.verdict), ClockName.LOOK_BACK, MarkName.PASS
            )
        case State.CLOSED if case.look_back_pending:
            yield Mark(ask_at(case, charter), ClockName.LOOK_BACK, MarkName.ASK)
        case _:
            pass


def info_marks(case: Case, charter: Charter) -> Iterator[Mark]:
    """Nudges while an answer is awaited; the last one warns; then it lapses."""
    nudges, calendar = charter.deadlines.info_nudges, charter.calendar
    for count, span in enumerate(nudges, start=1):
        name = MarkName.WARN if count == len(nudges) else MarkName.NUDGE
        yield Mark(calendar.after(case.since, span), ClockName.INFO, name)
    yield Mark(calendar.after(case.since, charter.deadlines.info_lapses), ClockName.INFO, MarkName.LAPSE)


def look_back_at(case: Case, charter: Charter) -> datetime:
    """When a closed case is looked at again: on the planned date, else so long after it was closed."""
    if case.outcome is Outcome.PLANNED and case.planned:
        return charter.calendar.at(case.planned, NINE)
    spans = charter.deadlines.look_back
    return charter.calendar.after(case.closed_at or case.since, spans[min(case.looked_back, len(spans) - 1)])


def ask_at(case: Case, charter: Charter) -> datetime:
    """When the resident is asked whether it still holds: whoever has just judged the case, not before the next day."""
    day = charter.calendar.local_date(case.since) + timedelta(days=1)
    return max(look_back_at(case, charter), charter.calendar.at(day, NINE))


def open_marks(case: Case, charter: Charter) -> list[Mark]:
    """The marks that are still to come or to be made."""
    return [mark for mark in marks(case, charter) if mark.name in CHANGES or mark.at > case.followed_to]


def next_at(case: Case, charter: Charter) -> datetime | None:
    """When the case must be looked at next; None exactly when it is at rest."""
    return min((mark.at for mark in open_marks(case, charter)), default=None)


def due(case: Case, now: datetime, charter: Charter) -> list[Mark]:
    """What is to be done now, the last mark of each clock only."""
    last = {mark.clock: mark for mark in open_marks(case, charter) if mark.at <= now}
    return list(last.values())


def follow_up(case: Case, mark: Mark, now: datetime, charter: Charter) -> Event:
    """What happens to the case at this mark."""
    match mark.name:
        case MarkName.SETTLE:
            return CaseSettled(case=case.id, at=now, by=None)
        case MarkName.CLOSE:
            return CaseClosed(case=case.id, at=now, by=None, satisfaction=Satisfaction.NO_ANSWER)
        case MarkName.LAPSE:
            return CaseWithdrawn(case=case.id, at=now, by=None, reason=LAPSED)
        case MarkName.ASK:
            return LookBackAsked(case=case.id, at=now, by=None)
        case MarkName.PASS:
            return LookedBack(case=case.id, at=now, by=None, effective=None)
        case MarkName.CHASE | MarkName.SUPERVISE | MarkName.ELEVATE:
            return SupervisionRaised(case=case.id, at=now, by=None, clock=mark.clock, level=RAISES[mark.name])
        case MarkName.AGAIN if case.supervision is not Supervision.ELEVATED:  # the rungs passed while nobody looked
            return SupervisionRaised(case=case.id, at=now, by=None, clock=mark.clock, level=Supervision.ELEVATED)
        case _:
            silent = mark.name in REMINDERS and just_acted(case, now, charter)
            return Reminded(case=case.id, at=now, by=None, clock=mark.clock, mark=mark.name, silent=silent)


def just_acted(case: Case, now: datetime, charter: Charter) -> bool:
    """Whether staff did something on the case so recently that a reminder would only annoy."""
    return case.acted_at is not None and now - case.acted_at < charter.deadlines.just_acted
