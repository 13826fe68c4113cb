"""What a message shows of a case to the one who reads it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from domain import followups
from domain.cases import Behalf, Case, CaseId, Outcome, State, Supervision
from domain.casework import EITHER_SIDE, Relation, may_read, reads_as, relations
from domain.charter import Charter, named
from domain.followups import ClockName
from domain.people import Person, PersonId
from domain.text import headline
from storage.unit import Unit

if TYPE_CHECKING:
    from handlers.kit.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case as one person may see it. Moments are UTC; templates show them in local time.

    ``contact_by`` is the promise to be in touch that stands now; None where somebody has been, or where it has passed.
    ``step`` is what somebody in the group must do next, by ``due``; both are None while the resident is waited for.
    """

    id: CaseId
    number: str
    title: str
    text: str
    state: State
    mine: bool
    held: bool
    coordinating: bool
    category: str
    guessed: bool
    community: str
    place: str
    mapped: bool
    urgent: bool
    reporter: str
    behalf: Behalf | None
    holder: str
    settled: bool
    undo_until: datetime
    submitted_at: datetime
    contact_by: datetime | None
    contacted: bool
    step: ClockName | None
    due: datetime | None
    overdue: bool
    supervision: Supervision
    attempt: int
    photos: int
    outcome: Outcome | None
    answer: str
    planned: datetime | None
    satisfaction: str | None
    disputed: bool
    asked_back: bool
    closed_at: datetime | None
    reason: str
    raw: Case


@dataclass(slots=True)
class View:
    """The reader, their language, and a snapshot of the data."""

    unit: Unit
    charter: Charter
    words: "Words"
    reader: Person | None
    language: str
    now: datetime
    _people: dict[PersonId, Person | None] = field(default_factory=dict)

    def knowing(self, person: Person | None) -> "View":
        """The same view, for which somebody need not be read again."""
        if person is not None:
            self._people[person.id] = person
        return self

    def person(self, person: PersonId | None) -> Person | None:
        """A person, read once."""
        if person is None:
            return None
        if person not in self._people:
            self._people[person] = self.unit.people.get(person)
        return self._people[person]

    def name(self, person: PersonId | None) -> str:
        """A person's name, empty where there is none."""
        found = self.person(person)
        return found.name if found else ""

    def case(self, case: CaseId, whose: frozenset[Relation] = EITHER_SIDE) -> CaseView | None:
        """The case as the reader may see it; None where they are none of these to it."""
        found = self.unit.cases.get(case)
        if found is None or self.reader is None or not reads_as(found, self.reader, whose):
            return None
        return self.case_view(found, self.reader)

    def cases(self, ids: Iterable[CaseId], reader: Person) -> list[CaseView]:
        """The cases of a page of a list, as far as somebody may read them."""
        found = (self.unit.cases.get(number) for number in ids)
        return [self.case_view(case, reader) for case in found if case and may_read(case, reader)]

    def case_view(self, case: Case, reader: Person) -> CaseView:
        """A case for someone who may read it."""
        mine = relations(case, reader)
        step = followups.first_step(case, self.charter)
        due = step.due if step else None
        return CaseView(
            id=case.id,
            number=case.number,
            title=headline(case.text),
            text=case.text,
            state=case.state,
            mine=Relation.REPORTER in mine,
            held=Relation.HOLDER in mine,
            coordinating=Relation.COORDINATOR in mine,
            category=self.category(case.category),
            guessed=case.guessed,
            community=self.community(case.community),
            place=case.place.words if case.place else "",
            mapped=case.place is not None and case.place.latitude is not None,
            urgent=case.urgent,
            reporter=self.name(case.reporter),
            behalf=case.behalf,
            holder=self.name(case.holder),
            settled=case.settled_at is not None,
            undo_until=case.submitted_at + self.charter.settle,
            submitted_at=case.submitted_at,
            contact_by=contact_by(case, self.charter, self.now),
            contacted=case.contacted_at is not None,
            step=step.clock if step else None,
            due=due,
            overdue=due is not None and due <= self.now,
            supervision=case.supervision,
            attempt=case.attempt,
            photos=self.unit.cases.count_attachments(case.id),
            outcome=case.outcome,
            answer=case.answer,
            planned=followups.look_back_at(case, self.charter) if case.planned else None,
            satisfaction=case.satisfaction,
            disputed=case.disputed,
            asked_back=case.asked_back,
            closed_at=case.closed_at,
            reason=case.reason,
            raw=case,
        )

    def category(self, code: str | None) -> str:
        """A category's name in the reader's language."""
        found = self.charter.category(code)
        return named(found.names, self.language) if found else ""

    def community(self, code: str | None) -> str:
        """A community's name in the reader's language."""
        found = self.charter.community(code)
        return named(found.names, self.language) if found else ""


def contact_by(case: Case, charter: Charter, now: datetime) -> datetime | None:
    """By when somebody will have been in touch; None where somebody has been, or where that day is over.

    At the first attempt as the receipt promised it: assigned, claimed and called in time. From the second one on, which
    begins long after, as the step allows that is due now.
    """
    if case.contacted_at is not None:
        return None
    by = promised(case, charter) if case.attempt == 1 else still_allowed(case, charter)
    local_date = charter.calendar.local_date
    return by if by is not None and local_date(now) <= local_date(by) else None


def promised(case: Case, charter: Charter) -> datetime:
    """What the receipt said."""
    allowed, after = charter.deadlines, charter.calendar.after
    assigned = after(case.submitted_at, allowed.assign_urgent if case.urgent else allowed.assign)
    if case.urgent:
        return after(assigned, allowed.assign_urgent)
    return after(after(assigned, allowed.claim), allowed.contact)


def still_allowed(case: Case, charter: Charter) -> datetime | None:
    """When somebody will have been in touch if every step from the present one on is made in time."""
    step, allowed, after = followups.first_step(case, charter), charter.deadlines, charter.calendar.after
    if step is None or step.clock not in (ClockName.ASSIGN, ClockName.CLAIM):
        return None
    claimed = after(step.due, allowed.claim) if step.clock is ClockName.ASSIGN else step.due
    return after(claimed, allowed.contact)
