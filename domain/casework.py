"""Who may do what to a case, and when: every rule answers with what happened (an event) or why not (a ``Refusal``).

A rule never says whether a case exists to someone who may not see it: "absent" and "not yours" are one refusal.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.cases import (
    AttachmentAdded,
    Behalf,
    CallLogged,
    Case,
    CaseAssigned,
    CaseClaimed,
    CaseClosed,
    CaseDeclined,
    CaseId,
    CaseReopened,
    CaseResolved,
    CaseReturned,
    CaseSettled,
    CaseSubmitted,
    CaseWithdrawn,
    CategoryChanged,
    CommunityChosen,
    InfoAsked,
    InfoGiven,
    LookedBack,
    NoteAdded,
    Outcome,
    Place,
    PlaceAdded,
    SaidToMember,
    SaidToResident,
    Satisfaction,
    State,
    VerdictDisputed,
    VerdictExplained,
    VisitId,
    WordsAdded,
    WordsEdited,
)
from domain.charter import Category, Charter, Handling, Limits
from domain.people import Person, PersonId, Role


class Refusal(StrEnum):
    """Why something cannot be done. Each has words in the templates."""

    NO_SUCH_CASE = "no_such_case"
    NOT_HOLDER = "not_holder"
    NOT_COORDINATOR = "not_coordinator"
    NOT_STAFF = "not_staff"
    NOT_MEMBER = "not_member"
    ALREADY_DONE = "already_done"
    TOO_LATE_TO_UNDO = "too_late_to_undo"
    CASE_FINISHED = "case_finished"
    NOT_CLAIMED = "not_claimed"
    NO_WORDS = "no_words"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    TOO_MANY_ATTACHMENTS = "too_many_attachments"
    PLANNED_IN_PAST = "planned_in_past"
    NO_DATE = "no_date"


OPEN = frozenset({State.SUBMITTED, State.ACCEPTED, State.ASSIGNED, State.IN_PROGRESS, State.NEED_INFO})
HELD = frozenset({State.ASSIGNED, State.IN_PROGRESS, State.NEED_INFO, State.RESOLVED, State.CLOSED})
WORKED = frozenset({State.IN_PROGRESS, State.NEED_INFO})


class Relation(StrEnum):
    """What someone is to a case."""

    REPORTER = "reporter"
    HOLDER = "holder"
    COORDINATOR = "coordinator"
    OBSERVER = "observer"
    STRANGER = "stranger"


REPORTER = frozenset({Relation.REPORTER})
"""Their side: whose concern it is, or the member who reported it for them."""
HOLDER = frozenset({Relation.HOLDER})
COORDINATOR = frozenset({Relation.COORDINATOR})
STAFF = HOLDER | COORDINATOR
"""The group's side of a case."""
EITHER_SIDE = REPORTER | STAFF
OBSERVER = frozenset({Relation.OBSERVER})
"""Hears that an urgent case has risen; reads no case."""
ANYBODY = frozenset(Relation)
"""Strangers too, who are told nothing of the case itself."""


def relations(case: Case, person: Person) -> frozenset[Relation]:
    """Everything someone is to a case, by their roles of this moment: what came with a role ends with it.

    Whoever reported for somebody else does so as a member; one's own concern stays one's own. Nobody who runs or guides
    the group knows of a case before it has settled.
    """
    found = {
        Relation.REPORTER: case.reporter == person.id and (case.behalf is None or person.has(Role.MEMBER)),
        Relation.HOLDER: case.holder == person.id and case.state in HELD and person.has(Role.MEMBER),
        Relation.COORDINATOR: person.has(Role.COORDINATOR) and case.settled_at is not None,
        Relation.OBSERVER: person.has(Role.OBSERVER) and case.settled_at is not None,
    }
    return frozenset(relation for relation, holds in found.items() if holds)


def reads_as(case: Case, person: Person, whose: frozenset[Relation]) -> bool:
    """Whether what is shown to these of a case is for that person."""
    return bool(relations(case, person) & whose)


def may_read(case: Case, person: Person) -> bool:
    """Reporter, holder and coordinators read a case, each their own side of it."""
    return reads_as(case, person, EITHER_SIDE)


def may_call(case: Case, person: Person) -> bool:
    """Whether someone may be asked to telephone about a case: staff, or the member who reported for somebody."""
    return reads_as(case, person, STAFF if case.behalf is None else EITHER_SIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """What is known when someone says what troubles them, before it has a number."""

    reporter: PersonId
    text: str
    category: Category | None
    community: str | None
    urgent: bool
    place: Place | None = None
    behalf: Behalf | None = None
    visit: VisitId | None = None
    attached: bool = False
    """A photo or a place came with it, so it may be without words."""

    def submitted(self, case: CaseId, number: str, at: datetime) -> CaseSubmitted:
        """The event, now that the insert has given the case its number."""
        return CaseSubmitted(
            case=case,
            at=at,
            by=self.reporter,
            number=number,
            text=self.text,
            category=self.category.code if self.category else None,
            community=self.community,
            urgent=self.urgent,
            place=self.place,
            behalf=self.behalf,
            visit=self.visit,
            handling=self.category.handling if self.category else Handling.ORDINARY,
        )


def submit(concern: Concern, recent: list[datetime], now: datetime, limits: Limits) -> Concern | Refusal:
    """A new concern, unless it is empty, too long, or one too many (``recent``: times of that person's last ones)."""
    if not concern.text.strip() and not concern.attached:
        return Refusal.NO_WORDS
    if len(concern.text) > limits.concern:
        return Refusal.TOO_LONG
    if concern.behalf is None and any(
        sum(now - at < within for at in recent) >= count for count, within in limits.pace
    ):
        return Refusal.TOO_MANY
    return concern


def settle(case: Case, by: Person, now: datetime) -> CaseSettled | Refusal:
    """The resident sends it now instead of waiting for the window to pass."""
    if not reads_as(case, by, REPORTER):
        return Refusal.NO_SUCH_CASE
    if case.settled_at or case.state is not State.SUBMITTED:
        return Refusal.ALREADY_DONE
    return CaseSettled(case=case.id, at=now, by=by.id)


def undo(case: Case, by: Person, now: datetime) -> CaseWithdrawn | Refusal:
    """The resident takes it back, any time before it is resolved."""
    if not reads_as(case, by, REPORTER):
        return Refusal.NO_SUCH_CASE
    if case.state is State.WITHDRAWN:
        return Refusal.ALREADY_DONE
    if case.state not in OPEN:
        return Refusal.TOO_LATE_TO_UNDO
    return CaseWithdrawn(case=case.id, at=now, by=by.id)


def add_words(case: Case, more: Concern, by: Person, now: datetime, limits: Limits) -> WordsAdded | Refusal:
    """The resident says more while the case is open; ``more`` is what the new words by themselves say."""
    text = more.text
    if not reads_as(case, by, REPORTER):
        return Refusal.NO_SUCH_CASE
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    if not text.strip():
        return Refusal.NO_WORDS
    if len(case.text) + len(text) > limits.concern:
        return Refusal.TOO_LONG
    guess = more.category if case.guessed and case.category is None else None
    return WordsAdded(
        case=case.id,
        at=now,
        by=by.id,
        text=text,
        category=guess.code if guess else None,
        handling=guess.handling if guess else case.handling,
        community=more.community,
        urgent=more.urgent,
    )


def edit_words(case: Case, old: str, new: str, by: Person, now: datetime, limits: Limits) -> WordsEdited | Refusal:
    """The resident edited a message that had been taken in."""
    if not reads_as(case, by, REPORTER):
        return Refusal.NO_SUCH_CASE
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    if not new.strip():
        return Refusal.NO_WORDS
    if len(case.text.replace(old, new, 1)) > limits.concern:
        return Refusal.TOO_LONG
    return WordsEdited(case=case.id, at=now, by=by.id, old=old, new=new)


def take_out_words(case: Case, text: str, by: Person, now: datetime) -> WordsEdited | Refusal:
    """Words that were added by mistake leave the case; they stay in the journal."""
    if not reads_as(case, by, REPORTER):
        return Refusal.NO_SUCH_CASE
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    return WordsEdited(case=case.id, at=now, by=by.id, old=text, new="")


def attach(case: Case, kind: str, held: int, by: Person, now: datetime, limits: Limits) -> AttachmentAdded | Refusal:
    """A photo or file is added by the reporter or the holder; ``held`` is how many the case has."""
    if not reads_as(case, by, REPORTER | HOLDER):
        return Refusal.NO_SUCH_CASE
    if case.at_rest:
        return Refusal.CASE_FINISHED
    if held >= limits.attachments:
        return Refusal.TOO_MANY_ATTACHMENTS
    return AttachmentAdded(case=case.id, at=now, by=by.id, kind=kind)


def place(case: Case, where: Place, community: str | None, by: Person, now: datetime) -> PlaceAdded | Refusal:
    """The reporter or staff say where it is."""
    if not may_read(case, by):
        return Refusal.NO_SUCH_CASE
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    return PlaceAdded(case=case.id, at=now, by=by.id, place=where, community=community)


def choose_community(case: Case, community: str, by: Person, now: datetime) -> CommunityChosen | Refusal:
    """The reporter or staff say which community it belongs to."""
    if not may_read(case, by):
        return Refusal.NO_SUCH_CASE
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    return CommunityChosen(case=case.id, at=now, by=by.id, community=community)


def categorise(case: Case, category: Category, by: Person, now: datetime) -> CategoryChanged | Refusal:
    """The reporter or staff correct the guess."""
    if not may_read(case, by):
        return Refusal.NO_SUCH_CASE
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    return CategoryChanged(case=case.id, at=now, by=by.id, category=category.code, handling=category.handling)


def assign(case: Case, to: Person, by: Person, now: datetime) -> CaseAssigned | Refusal:
    """A coordinator gives a case to a member; to another one any time before it is resolved."""
    if not by.has(Role.COORDINATOR):
        return Refusal.NOT_COORDINATOR
    if case.state not in OPEN:
        return Refusal.CASE_FINISHED
    if not to.has(Role.MEMBER):
        return Refusal.NOT_MEMBER
    if case.holder == to.id and case.state in (State.ASSIGNED, *WORKED):
        return Refusal.ALREADY_DONE
    return CaseAssigned(case=case.id, at=now, by=by.id, holder=to.id)


def decline(case: Case, reason: str, by: Person, now: datetime) -> CaseDeclined | Refusal:
    """A coordinator says it is not for this group; the reason also says where to go."""
    if not by.has(Role.COORDINATOR):
        return Refusal.NOT_COORDINATOR
    if case.state not in (State.SUBMITTED, State.ACCEPTED, State.ASSIGNED):
        return Refusal.CASE_FINISHED
    if not reason.strip():
        return Refusal.NO_WORDS
    return CaseDeclined(case=case.id, at=now, by=by.id, reason=reason)


def claim(case: Case, by: Person, now: datetime) -> CaseClaimed | Refusal:
    """The member it was given to signs for it."""
    if not reads_as(case, by, HOLDER):
        return Refusal.NOT_HOLDER
    if case.state is not State.ASSIGNED:
        return Refusal.ALREADY_DONE
    return CaseClaimed(case=case.id, at=now, by=by.id)


def give_back(case: Case, reason: str, by: Person, now: datetime) -> CaseReturned | Refusal:
    """The holder returns it with a reason, before or after claiming."""
    if not reads_as(case, by, HOLDER):
        return Refusal.NOT_HOLDER
    if case.state not in (State.ASSIGNED, State.IN_PROGRESS):
        return Refusal.CASE_FINISHED
    if not reason.strip():
        return Refusal.NO_WORDS
    return CaseReturned(case=case.id, at=now, by=by.id, reason=reason)


def holder_at_work(case: Case, by: Person) -> Refusal | None:
    """Why someone cannot work on a case: not theirs, not claimed yet, or finished."""
    if not reads_as(case, by, HOLDER):
        return Refusal.NOT_HOLDER
    if case.state is State.ASSIGNED:
        return Refusal.NOT_CLAIMED
    return None if case.state in WORKED else Refusal.CASE_FINISHED


def say_to_resident(
    case: Case, text: str, by: Person, now: datetime, file_kind: str | None = None, file_id: str | None = None
) -> SaidToResident | Refusal:
    """The holder writes to the resident; after it is resolved too, until it is closed."""
    if not reads_as(case, by, HOLDER):
        return Refusal.NOT_HOLDER
    if case.state is State.ASSIGNED:
        return Refusal.NOT_CLAIMED
    if case.state not in (*WORKED, State.RESOLVED):
        return Refusal.CASE_FINISHED
    if not text.strip() and file_id is None:
        return Refusal.NO_WORDS
    return SaidToResident(case=case.id, at=now, by=by.id, text=text, file_kind=file_kind, file_id=file_id)


def say_to_member(
    case: Case, text: str, by: Person, now: datetime, file_kind: str | None = None, file_id: str | None = None
) -> SaidToMember | InfoGiven | WordsAdded | Refusal:
    """The resident writes back: an answer restarts the clock; where nobody holds the case, it joins its words."""
    if not reads_as(case, by, REPORTER):
        return Refusal.NO_SUCH_CASE
    if not text.strip() and file_id is None:
        return Refusal.NO_WORDS
    if case.state is State.NEED_INFO:
        return InfoGiven(case=case.id, at=now, by=by.id, text=text, file_kind=file_kind, file_id=file_id)
    if case.state in HELD and case.holder is not None:
        return SaidToMember(case=case.id, at=now, by=by.id, text=text, file_kind=file_kind, file_id=file_id)
    return Refusal.CASE_FINISHED if case.state not in OPEN else WordsAdded(case=case.id, at=now, by=by.id, text=text)


def note(case: Case, text: str, by: Person, now: datetime) -> NoteAdded | Refusal:
    """The holder or a coordinator writes something for staff only."""
    if not reads_as(case, by, STAFF):
        return Refusal.NO_SUCH_CASE
    if not text.strip():
        return Refusal.NO_WORDS
    return NoteAdded(case=case.id, at=now, by=by.id, text=text)


def log_call(case: Case, text: str, by: Person, now: datetime) -> CallLogged | Refusal:
    """Whoever was asked to telephoned them, or went to see them; a finished case too."""
    if not may_call(case, by):
        return Refusal.NO_SUCH_CASE
    return CallLogged(case=case.id, at=now, by=by.id, text=text)


def ask_info(case: Case, text: str, by: Person, now: datetime) -> InfoAsked | Refusal:
    """The holder cannot go on without an answer of the resident."""
    if refusal := holder_at_work(case, by):
        return refusal
    if case.state is State.NEED_INFO:
        return Refusal.ALREADY_DONE
    if not text.strip():
        return Refusal.NO_WORDS
    return InfoAsked(case=case.id, at=now, by=by.id, text=text)


def resolve(
    case: Case, outcome: Outcome, text: str, planned: date | None, by: Person, now: datetime, charter: Charter
) -> CaseResolved | Refusal:
    """The holder says what came of it; a plan needs a date that lies ahead."""
    if refusal := holder_at_work(case, by):
        return refusal
    if not text.strip():
        return Refusal.NO_WORDS
    if outcome is Outcome.PLANNED and planned is None:
        return Refusal.NO_DATE
    if planned is not None and planned < charter.calendar.local_date(now):
        return Refusal.PLANNED_IN_PAST
    when = planned if outcome is Outcome.PLANNED else None
    return CaseResolved(case=case.id, at=now, by=by.id, outcome=outcome, text=text, planned=when)


def answers_for_them(case: Case, by: Person, asked: bool) -> bool:
    """Whether what someone enters is the resident's answer.

    The resident's own; of somebody without Telegram it is told on the telephone to the member who reported for them, or
    to whoever is ``asked`` to call in that member's stead.
    """
    return reads_as(case, by, REPORTER) or (asked and case.behalf is not None and may_call(case, by))


def judge(
    case: Case, solved: bool, satisfaction: Satisfaction, by: Person, now: datetime, asked: bool = False
) -> CaseClosed | CaseReopened | VerdictDisputed | Refusal:
    """The resident's verdict. Only *not solved* on A opens the next attempt; *not satisfied* goes to a coordinator."""
    if not answers_for_them(case, by, asked):
        return Refusal.NO_SUCH_CASE
    if case.state is not State.RESOLVED or case.disputed:
        return Refusal.ALREADY_DONE
    if case.outcome is Outcome.SOLVED and not solved:
        return CaseReopened(case=case.id, at=now, by=by.id)
    if satisfaction is Satisfaction.NOT:
        return VerdictDisputed(case=case.id, at=now, by=by.id)
    return CaseClosed(case=case.id, at=now, by=by.id, satisfaction=satisfaction)


def explain_verdict(case: Case, text: str, by: Person, now: datetime) -> VerdictExplained | Refusal:
    """The resident adds words to the verdict; or whoever entered it as it was told on the telephone."""
    if not answers_for_them(case, by, asked=True):
        return Refusal.NO_SUCH_CASE
    if not text.strip():
        return Refusal.NO_WORDS
    return VerdictExplained(case=case.id, at=now, by=by.id, text=text)


def settle_dispute(
    case: Case, reopen: bool, reason: str, by: Person, now: datetime
) -> CaseReopened | CaseClosed | Refusal:
    """A coordinator reopens a case the resident was not satisfied with, or confirms it with a reason."""
    if not by.has(Role.COORDINATOR):
        return Refusal.NOT_COORDINATOR
    if case.state is not State.RESOLVED or not case.disputed:
        return Refusal.ALREADY_DONE
    if reopen:
        return CaseReopened(case=case.id, at=now, by=by.id, reason=reason)
    if not reason.strip():
        return Refusal.NO_WORDS
    return CaseClosed(case=case.id, at=now, by=by.id, satisfaction=Satisfaction.NOT, reason=reason)


def look_back(
    case: Case, effective: bool, by: Person, now: datetime, asked: bool = False
) -> LookedBack | CaseReopened | Refusal:
    """The resident says whether what was done still holds."""
    if not answers_for_them(case, by, asked):
        return Refusal.NO_SUCH_CASE
    if not case.asked_back:
        return Refusal.ALREADY_DONE
    if effective:
        return LookedBack(case=case.id, at=now, by=by.id, effective=True)
    return CaseReopened(case=case.id, at=now, by=by.id)
