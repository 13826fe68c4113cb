"""The messages ``announce`` says. Each tells one reader one thing that changed, and answers the case's card.

What somebody wrote to somebody else arrives whole: where one message has no room for it, in several.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from domain import followups
from domain.cases import CaseId, Outcome, Satisfaction
from domain.casework import ANYBODY, COORDINATOR, EITHER_SIDE, HOLDER, OBSERVER, REPORTER, STAFF, Relation
from domain.limits import CAPTION_ROOM, ROOM
from domain.text import parts_of, utf16_length
from handlers.kit.messages import Button, CaseMessage, Media, Rows
from handlers.kit.views import CaseView, View
from handlers.presses import CallMade, Dispute, Judge, OpenCase, StillGood
from storage.calls import Call

# -- words that arrive whole


@dataclass(frozen=True, slots=True)
class Relayed(CaseMessage):
    """Brings words of somebody else; ``part`` of so many ``parts`` where one message has no room for them."""

    apart: ClassVar[bool] = True
    words: ClassVar[str] = "text"
    part: int = field(default=1, kw_only=True)
    parts: int = field(default=1, kw_only=True)

    def context(self, view: View) -> dict[str, Any] | None:
        """With which part it is, where there are several."""
        found = CaseMessage.context(self, view)
        return found and {**found, "nth": self.nth}

    @property
    def nth(self) -> str:
        """`` 1/2``, or nothing."""
        return f" {self.part}/{self.parts}" if self.parts > 1 else ""


def in_parts(message: CaseMessage, room: int = ROOM) -> list[CaseMessage]:
    """The message, or as many as its words need. A file comes with the last, by itself where a caption has no room."""
    if not isinstance(message, Relayed):
        return [message]
    texts = parts_of(getattr(message, message.words), room)
    with_file = bool(getattr(message, "file_id", None))
    if with_file and utf16_length(texts[-1]) > CAPTION_ROOM:
        texts = (*texts, "")
    if len(texts) == 1:
        return [message]
    return [part_of(message, number, texts, with_file) for number in range(1, len(texts) + 1)]


def part_of(message: Relayed, number: int, texts: tuple[str, ...], with_file: bool) -> Relayed:
    """One of them, counted from 1."""
    fields: dict[str, Any] = {message.words: texts[number - 1], "part": number, "parts": len(texts)}
    if with_file and number < len(texts):
        fields |= {"file_kind": None, "file_id": None}
    return replace(message, **fields)


# -- to the resident


@dataclass(frozen=True, slots=True)
class Claimed(CaseMessage):
    """A member has taken it on and will be in touch."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    member: str


@dataclass(frozen=True, slots=True)
class Declined(Relayed):
    """Not for this group, why, and where to go."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    words: ClassVar[str] = "why"
    why: str


@dataclass(frozen=True, slots=True)
class MemberSays(Relayed):
    """What the member wrote; a reply to this goes back."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    member: str
    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def media(self, view: View) -> Media | None:
        """The photo that came with it."""
        return Media(self.file_kind, self.file_id) if self.file_kind and self.file_id else None


@dataclass(frozen=True, slots=True)
class InfoWanted(Relayed):
    """The member needs an answer before going on."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    member: str
    text: str


@dataclass(frozen=True, slots=True)
class InfoNudge(CaseMessage):
    """An answer is still awaited; the last time with the date on which the case lapses."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    last: bool

    def still_true(self, view: View) -> bool:
        """Only while the question is open."""
        found = view.unit.cases.get(self.case)
        return found is not None and found.state == "need_info"


@dataclass(frozen=True, slots=True)
class Lapsed(CaseMessage):
    """Nobody answered, so the case was laid aside; it can be told again."""

    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class AskVerdict(CaseMessage):
    """What came of it, and whether it helped."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    apart: ClassVar[bool] = True
    reminder: bool = False

    def still_true(self, view: View) -> bool:
        """Only while the verdict is open."""
        found = view.unit.cases.get(self.case)
        return found is not None and found.state == "resolved" and not found.disputed

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Solved: solved or not and how satisfied. Otherwise: whether the explanation is acceptable."""
        return verdict_rows(context["case"])


def verdict_rows(case: CaseView) -> Rows:
    """One tap says it all."""
    satisfied, basically, unhappy = (
        Judge(case.id, True, s) for s in (Satisfaction.SATISFIED, Satisfaction.BASICALLY, Satisfaction.NOT)
    )
    if case.outcome is Outcome.SOLVED:
        return (
            (Button("solved_satisfied", satisfied), Button("solved_basically", basically)),
            (Button("solved_not_satisfied", unhappy), Button("not_solved", Judge(case.id, False, Satisfaction.NOT))),
        )
    return (
        (Button("acceptable", satisfied), Button("basically_acceptable", basically)),
        (Button("not_acceptable", unhappy),),
    )


@dataclass(frozen=True, slots=True)
class ThanksForVerdict(CaseMessage):
    """The verdict is noted; words are welcome."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    satisfaction: str
    next_attempt: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class ClosedWithoutAnswer(CaseMessage):
    """Nobody answered whether it helped, so it is closed; it can be taken up again."""

    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class Confirmed(Relayed):
    """The coordinator looked at it again and confirms the outcome, with the reason."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    words: ClassVar[str] = "why"
    why: str


@dataclass(frozen=True, slots=True)
class TakenUpAgain(CaseMessage):
    """The coordinator reopened it."""

    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class AskStillGood(CaseMessage):
    """Looked at again after a while: does it still hold?"""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    apart: ClassVar[bool] = True

    def still_true(self, view: View) -> bool:
        """Only while it is asked."""
        found = view.unit.cases.get(self.case)
        return found is not None and found.asked_back

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Still good, or back again."""
        case: CaseView = context["case"]
        return ((Button("still_good", StillGood(case.id, True)), Button("came_back", StillGood(case.id, False))),)


# -- to the member


@dataclass(frozen=True, slots=True)
class ResidentSays(Relayed):
    """What the resident wrote; a reply to this goes back."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def media(self, view: View) -> Media | None:
        """The photo that came with it."""
        return Media(self.file_kind, self.file_id) if self.file_kind and self.file_id else None


@dataclass(frozen=True, slots=True)
class TakenAway(CaseMessage):
    """The case was given to somebody else; the former holder may no longer read it, so only its number is named."""

    whose: ClassVar[frozenset[Relation]] = ANYBODY
    number: str


@dataclass(frozen=True, slots=True)
class Withdrawn(CaseMessage):
    """The resident took it back, or never answered (``lapsed``); nothing is left to do."""

    whose: ClassVar[frozenset[Relation]] = ANYBODY
    number: str
    lapsed: bool


@dataclass(frozen=True, slots=True)
class VerdictIn(CaseMessage):
    """What the resident says of the outcome."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    satisfaction: str


@dataclass(frozen=True, slots=True)
class VerdictWords(Relayed):
    """The resident's own words about the outcome."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    text: str


@dataclass(frozen=True, slots=True)
class StartAgain(CaseMessage):
    """The next attempt, with half the time: not solved, came back, or a coordinator reopened it."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    cause: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Open the case."""
        return ((Button("open_case", OpenCase(self.case)),),)


@dataclass(frozen=True, slots=True)
class PhoneTask(Relayed):
    """Somebody must be told or asked by telephone or in person; ``subject`` says what for, ``text`` what to tell."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    call: int
    subject: str
    text: str = ""

    def still_true(self, view: View) -> bool:
        """Only while the call has not been made, and is still the reader's to make."""
        return any(call.id == self.call for call in calls_of(self.case, view))

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A verdict is entered as it was answered on the telephone; anything else is logged as done."""
        case: CaseView = context["case"]
        if self.subject == "verdict" and case.behalf:
            return verdict_rows(case)
        if self.subject == "look_back" and case.behalf:
            return ((Button("still_good", StillGood(case.id, True)), Button("came_back", StillGood(case.id, False))),)
        return ((Button("call_made", CallMade(self.call)),),)


def calls_of(case: CaseId, view: View) -> list[Call]:
    """What the reader still has to call about in a case."""
    return [call for call in view.unit.calls.open_of_case(case) if view.reader and call.member == view.reader.id]


@dataclass(frozen=True, slots=True)
class RelaySent(CaseMessage):
    """The member's words went to the resident, all of them; drawn in the place of what announced them."""

    whose: ClassVar[frozenset[Relation]] = HOLDER
    text: str
    parts: int = 1


@dataclass(frozen=True, slots=True)
class RelayStopped(CaseMessage):
    """It did not go; drawn in the place of what announced it."""

    whose: ClassVar[frozenset[Relation]] = ANYBODY
    number: str


@dataclass(frozen=True, slots=True)
class NotRelayed(Relayed):
    """These words did not go: the case is in other hands or finished."""

    whose: ClassVar[frozenset[Relation]] = ANYBODY
    number: str
    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def media(self, view: View) -> Media | None:
        """The photo that did not go either."""
        return Media(self.file_kind, self.file_id) if self.file_kind and self.file_id else None


# -- to coordinators


@dataclass(frozen=True, slots=True)
class Returned(Relayed):
    """A member gave it back, and why."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR
    words: ClassVar[str] = "why"
    member: str
    why: str


@dataclass(frozen=True, slots=True)
class Disputed(CaseMessage):
    """The resident is not satisfied: reopen, or confirm with a reason."""

    whose: ClassVar[frozenset[Relation]] = COORDINATOR

    def still_true(self, view: View) -> bool:
        """Only while nobody has decided; a new attempt has no outcome to look at."""
        found = view.unit.cases.get(self.case)
        return found is not None and found.disputed

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """The two decisions."""
        return ((Button("reopen", Dispute(self.case, True)), Button("confirm", Dispute(self.case, False))),)


# -- follow-ups


@dataclass(frozen=True, slots=True)
class Reminder(CaseMessage):
    """A deadline comes near or has passed; ``clock`` is what is waited for."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    clock: str
    mark: str

    def still_true(self, view: View) -> bool:
        """Only while that deadline still runs."""
        found = view.unit.cases.get(self.case)
        return found is not None and any(step.clock == self.clock for step in followups.steps(found, view.charter))

    def context(self, view: View) -> dict[str, Any] | None:
        """With the deadline that it is about."""
        found = CaseMessage.context(self, view)
        if found is None:
            return None
        steps = followups.steps(found["case"].raw, view.charter)
        return {**found, "due": next(step.due for step in steps if step.clock == self.clock)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Open the case."""
        return ((Button("open_case", OpenCase(self.case)),),)


@dataclass(frozen=True, slots=True)
class Rising(CaseMessage):
    """An overdue case rises: chased, supervised, elevated. Observers hear of it too, but open no case."""

    whose: ClassVar[frozenset[Relation]] = STAFF | OBSERVER
    clock: str
    level: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Open the case."""
        case: CaseView = context["case"]
        return ((Button("open_case", OpenCase(self.case)),),) if case.held or case.coordinating else ()
