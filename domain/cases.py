"""The case (事项): what it is, everything that can happen to it, and what each happening changes.

Events are facts with a date and an author; ``apply`` is the only code that changes a case, so a case can be rebuilt
from its events. Who may do what, and when, stands in ``casework.py``; what is due when in ``followups.py``.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import NewType

from domain.charter import Handling
from domain.people import PersonId

CaseId = NewType("CaseId", int)
VisitId = NewType("VisitId", int)


class State(StrEnum):
    """Where a case stands (product: the case)."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    NEED_INFO = "need_info"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Supervision(StrEnum):
    """How high an overdue case has risen: 催办, 督办, 提级."""

    NONE = "none"
    CHASED = "chased"
    SUPERVISED = "supervised"
    ELEVATED = "elevated"


SUPERVISION_ORDER = tuple(Supervision)


class Outcome(StrEnum):
    """How a case was resolved: solved, planned with a date, noted with the reason, not feasible and explained."""

    SOLVED = "A"
    PLANNED = "B"
    NOTED = "C"
    NOT_FEASIBLE = "D"


class Satisfaction(StrEnum):
    """What the resident says of a resolved case."""

    SATISFIED = "satisfied"
    BASICALLY = "basically"
    NOT = "not"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"


class BehalfKind(StrEnum):
    """For whom a member reports (代报)."""

    PERSON = "person"
    HOUSEHOLD = "household"
    ENTERPRISE = "enterprise"


@dataclass(frozen=True, slots=True)
class Behalf:
    """Someone without Telegram, for whom a member reports; they are followed up by telephone or a visit."""

    kind: BehalfKind
    name: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is: words, or a point in degrees (WGS 84), or both."""

    words: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One concern on its way. All times are aware UTC.

    ``since`` is when the present state began and its clocks started; ``followed_to`` is the moment up to which
    follow-ups have been made; ``acted_at`` is when staff last did something.
    """

    id: CaseId
    number: str
    state: State
    reporter: PersonId
    text: str
    submitted_at: datetime
    since: datetime
    followed_to: datetime
    category: str | None = None
    guessed: bool = True
    community: str | None = None
    place: Place | None = None
    urgent: bool = False
    handling: Handling = Handling.ORDINARY
    behalf: Behalf | None = None
    visit: VisitId | None = None
    settled_at: datetime | None = None
    holder: PersonId | None = None
    claimed_at: datetime | None = None
    contacted_at: datetime | None = None
    acted_at: datetime | None = None
    paused: timedelta = timedelta()
    attempt: int = 1
    transfers: int = 0
    supervision: Supervision = Supervision.NONE
    outcome: Outcome | None = None
    answer: str = ""
    planned: date | None = None
    satisfaction: Satisfaction | None = None
    disputed: bool = False
    looked_back: int = 0
    asked_back: bool = False
    closed_at: datetime | None = None
    reason: str = ""

    @property
    def at_rest(self) -> bool:
        """Whether nothing more is to come: declined, withdrawn, or closed with no look-back pending."""
        return self.state in (State.DECLINED, State.WITHDRAWN) or (
            self.state is State.CLOSED and not self.look_back_pending
        )

    @property
    def look_back_pending(self) -> bool:
        """Whether a solved or planned case is still to be looked at again (回头看)."""
        return self.state is State.CLOSED and self.looked_back < self.look_backs_wanted

    @property
    def look_backs_wanted(self) -> int:
        """Solved: after 30 and 90 days. Planned: once, on the planned date. Otherwise none."""
        match self.outcome:
            case Outcome.SOLVED:
                return 2
            case Outcome.PLANNED:
                return 1
            case _:
                return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a case: when, and who did it (None is the clock)."""

    case: CaseId
    at: datetime
    by: PersonId | None

    def apply(self, case: Case) -> Case:
        """The case after this happened."""
        return case


def raised(case: Case, level: Supervision) -> Case:
    """Supervision only rises while a case is open."""
    order = SUPERVISION_ORDER.index
    return replace(case, supervision=max(case.supervision, level, key=order))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSubmitted(Event):
    """A resident (or a member for someone) said what troubles them. The first event of every case."""

    number: str
    text: str
    category: str | None
    community: str | None
    urgent: bool
    handling: Handling
    place: Place | None = None
    behalf: Behalf | None = None
    visit: VisitId | None = None

    def born(self) -> Case:
        """The new case."""
        if self.by is None:
            raise ValueError("a case is always submitted by somebody")
        return Case(
            id=self.case,
            number=self.number,
            state=State.SUBMITTED,
            reporter=self.by,
            text=self.text,
            submitted_at=self.at,
            since=self.at,
            followed_to=self.at,
            category=self.category,
            community=self.community,
            place=self.place,
            urgent=self.urgent,
            handling=self.handling,
            behalf=self.behalf,
            visit=self.visit,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSettled(Event):
    """The window for undoing is over; staff hear of the case and the time for assigning starts."""

    def apply(self, case: Case) -> Case:
        return replace(case, settled_at=self.at, since=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsAdded(Event):
    """The resident said more; what was not known before may be guessed from it, and danger makes it urgent."""

    text: str
    category: str | None = None
    handling: Handling = Handling.ORDINARY
    community: str | None = None
    urgent: bool = False

    def apply(self, case: Case) -> Case:
        more = replace(
            case,
            text=f"{case.text}\n{self.text}".strip(),
            community=case.community or self.community,
            urgent=case.urgent or self.urgent,
        )
        return replace(more, category=self.category, handling=self.handling) if self.category else more


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsEdited(Event):
    """The resident changed a message that had been taken in; the earlier words stay in the journal."""

    old: str
    new: str

    def apply(self, case: Case) -> Case:
        return replace(case, text=case.text.replace(self.old, self.new, 1).strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentAdded(Event):
    """A photo or file came with it."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAdded(Event):
    """Someone said where it is; a community that was found from it comes along."""

    place: Place
    community: str | None = None

    def apply(self, case: Case) -> Case:
        return replace(case, place=self.place, community=self.community or case.community)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityChosen(Event):
    """The community is known now."""

    community: str

    def apply(self, case: Case) -> Case:
        return replace(case, community=self.community)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryChanged(Event):
    """Someone corrected the guess; the kind of work follows the kind of concern."""

    category: str
    handling: Handling

    def apply(self, case: Case) -> Case:
        return replace(case, category=self.category, handling=self.handling, guessed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWithdrawn(Event):
    """The resident took it back, or it lapsed (``reason``)."""

    reason: str = ""

    def apply(self, case: Case) -> Case:
        return replace(case, state=State.WITHDRAWN, since=self.at, closed_at=self.at, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDeclined(Event):
    """Not a matter for this group; the reason says where to go instead."""

    reason: str

    def apply(self, case: Case) -> Case:
        return replace(
            case, state=State.DECLINED, since=self.at, closed_at=self.at, reason=self.reason, acted_at=self.at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned(Event):
    """A coordinator gave it to a member; assigning accepts. Giving it to another one is a transfer."""

    holder: PersonId

    def apply(self, case: Case) -> Case:
        transfers = case.transfers + (case.holder not in (None, self.holder))
        given = replace(
            case,
            state=State.ASSIGNED,
            holder=self.holder,
            since=self.at,
            transfers=transfers,
            acted_at=self.at,
            settled_at=case.settled_at or self.at,
        )
        return raised(given, Supervision.ELEVATED) if transfers >= 3 else given


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReturned(Event):
    """The member gave it back with a reason; the coordinator must find someone else."""

    reason: str

    def apply(self, case: Case) -> Case:
        return replace(case, state=State.ACCEPTED, since=self.at, reason=self.reason, acted_at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClaimed(Event):
    """The member signed for it (签收); the time for contact and for handling starts."""

    def apply(self, case: Case) -> Case:
        return replace(
            case, state=State.IN_PROGRESS, since=self.at, claimed_at=self.at, acted_at=self.at, paused=timedelta()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidToResident(Event):
    """The member wrote to the resident; the first time counts as first contact."""

    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def apply(self, case: Case) -> Case:
        return replace(case, contacted_at=case.contacted_at or self.at, acted_at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidToMember(Event):
    """The resident wrote to whoever holds the case."""

    text: str
    file_kind: str | None = None
    file_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """Staff wrote something for staff."""

    text: str

    def apply(self, case: Case) -> Case:
        return replace(case, acted_at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLogged(Event):
    """The member telephoned or visited someone who is not on Telegram; the first time counts as first contact."""

    text: str = ""

    def apply(self, case: Case) -> Case:
        return replace(case, contacted_at=case.contacted_at or self.at, acted_at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoAsked(Event):
    """The case cannot go on without an answer of the resident; the handling clock stands still."""

    text: str

    def apply(self, case: Case) -> Case:
        return replace(
            case,
            state=State.NEED_INFO,
            since=self.at,
            contacted_at=case.contacted_at or self.at,
            acted_at=self.at,
            followed_to=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoGiven(Event):
    """The resident answered; the handling clock goes on."""

    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def apply(self, case: Case) -> Case:
        return replace(
            case,
            state=State.IN_PROGRESS,
            paused=case.paused + (self.at - case.since),
            since=self.at,
            followed_to=self.at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResolved(Event):
    """The holder says what came of it, in words and as a kind."""

    outcome: Outcome
    text: str
    planned: date | None = None

    def apply(self, case: Case) -> Case:
        return replace(
            case,
            state=State.RESOLVED,
            since=self.at,
            outcome=self.outcome,
            answer=self.text,
            planned=self.planned,
            satisfaction=None,
            disputed=False,
            acted_at=self.at,
            contacted_at=case.contacted_at or self.at,
            supervision=Supervision.NONE if case.supervision is not Supervision.ELEVATED else case.supervision,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictDisputed(Event):
    """Not satisfied, though not unsolved: it goes to the coordinator once, who reopens or confirms."""

    def apply(self, case: Case) -> Case:
        return replace(case, satisfaction=Satisfaction.NOT, disputed=True, since=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictExplained(Event):
    """The resident added words to the verdict."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Event):
    """It ends with the resident's verdict, or without one; a coordinator's reason stands where they confirmed it."""

    satisfaction: Satisfaction
    reason: str = ""

    def apply(self, case: Case) -> Case:
        return replace(
            case,
            state=State.CLOSED,
            since=self.at,
            closed_at=self.at,
            satisfaction=self.satisfaction,
            disputed=False,
            reason=self.reason,
            looked_back=0,
            asked_back=False,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReopened(Event):
    """Not solved, or it came back: the next attempt, with half the time. The third one is elevated."""

    reason: str = ""

    def apply(self, case: Case) -> Case:
        again = replace(
            case,
            state=State.IN_PROGRESS if case.holder else State.ACCEPTED,
            since=self.at,
            claimed_at=self.at,
            contacted_at=None,
            paused=timedelta(),
            attempt=case.attempt + 1,
            outcome=None,
            planned=None,
            satisfaction=None,
            disputed=False,
            closed_at=None,
            looked_back=0,
            asked_back=False,
            reason=self.reason,
        )
        return raised(again, Supervision.ELEVATED) if again.attempt >= 3 else again


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedBack(Event):
    """Asked again after a while: it still holds (``effective``), or nobody answered (None)."""

    effective: bool | None

    def apply(self, case: Case) -> Case:
        return replace(case, looked_back=case.looked_back + 1, asked_back=False, since=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Event):
    """The clock came to a mark of one of the case's deadlines; nobody is told when it is ``silent``."""

    clock: str
    mark: str
    silent: bool = False

    def apply(self, case: Case) -> Case:
        return replace(case, followed_to=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionRaised(Event):
    """A deadline has long passed: chased, supervised, elevated."""

    clock: str
    level: Supervision

    def apply(self, case: Case) -> Case:
        return replace(raised(case, self.level), followed_to=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBackAsked(Event):
    """The resident is asked whether it still holds."""

    def apply(self, case: Case) -> Case:
        return replace(case, asked_back=True, since=self.at, followed_to=self.at)


def evolve(case: Case, event: Event) -> Case:
    """The case after the event."""
    return event.apply(case)


def rebuild(first: CaseSubmitted, rest: list[Event]) -> Case:
    """The case as its events tell it."""
    return reduce(evolve, rest, first.born())
