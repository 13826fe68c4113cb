"""The messages ``announce`` says. Each tells one reader one thing that changed, and answers the case's card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from domain import followups
from domain.cases import Outcome, Satisfaction
from handlers.kit.messages import Button, CaseMessage, Media, Rows
from handlers.kit.views import CaseView, View
from handlers.presses import CallMade, Dispute, Judge, OpenCase, StillGood

# -- to the resident


@dataclass(frozen=True, slots=True)
class Claimed(CaseMessage):
    """A member has taken it on and will be in touch."""

    member: str


@dataclass(frozen=True, slots=True)
class Declined(CaseMessage):
    """Not for this group, why, and where to go."""

    why: str


@dataclass(frozen=True, slots=True)
class MemberSays(CaseMessage):
    """What the member wrote; a reply to this goes back."""

    apart: ClassVar[bool] = True
    member: str
    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def media(self, view: View) -> Media | None:
        """The photo that came with it."""
        return Media(self.file_kind, self.file_id) if self.file_kind and self.file_id else None


@dataclass(frozen=True, slots=True)
class InfoWanted(CaseMessage):
    """The member needs an answer before going on."""

    apart: ClassVar[bool] = True
    member: str
    text: str


@dataclass(frozen=True, slots=True)
class InfoNudge(CaseMessage):
    """An answer is still awaited; the last time with the date on which the case lapses."""

    last: bool

    def still_true(self, view: View) -> bool:
        """Only while the question is open."""
        found = view.unit.cases.get(self.case)
        return found is not None and found.state == "need_info"


@dataclass(frozen=True, slots=True)
class Lapsed(CaseMessage):
    """Nobody answered, so the case was laid aside; it can be told again."""


@dataclass(frozen=True, slots=True)
class AskVerdict(CaseMessage):
    """What came of it, and whether it helped."""

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

    satisfaction: str
    next_attempt: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class ClosedWithoutAnswer(CaseMessage):
    """Nobody answered whether it helped, so it is closed; it can be taken up again."""


@dataclass(frozen=True, slots=True)
class Confirmed(CaseMessage):
    """The coordinator looked at it again and confirms the outcome, with the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class TakenUpAgain(CaseMessage):
    """The coordinator reopened it."""


@dataclass(frozen=True, slots=True)
class AskStillGood(CaseMessage):
    """Looked at again after a while: does it still hold?"""

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
class ResidentSays(CaseMessage):
    """What the resident wrote; a reply to this goes back."""

    text: str
    file_kind: str | None = None
    file_id: str | None = None

    def media(self, view: View) -> Media | None:
        """The photo that came with it."""
        return Media(self.file_kind, self.file_id) if self.file_kind and self.file_id else None


@dataclass(frozen=True, slots=True)
class TakenAway(CaseMessage):
    """The case was given to somebody else."""

    number: str

    def context(self, view: View) -> dict[str, Any] | None:
        """The former holder may no longer read the case: only its number is named."""
        return {"number": self.number}


@dataclass(frozen=True, slots=True)
class Withdrawn(CaseMessage):
    """The resident took it back, or never answered (``lapsed``); nothing is left to do."""

    number: str
    lapsed: bool

    def context(self, view: View) -> dict[str, Any] | None:
        """Nothing but the number."""
        return {"number": self.number, "lapsed": self.lapsed}


@dataclass(frozen=True, slots=True)
class VerdictIn(CaseMessage):
    """What the resident says of the outcome."""

    satisfaction: str


@dataclass(frozen=True, slots=True)
class VerdictWords(CaseMessage):
    """The resident's own words about the outcome."""

    text: str


@dataclass(frozen=True, slots=True)
class StartAgain(CaseMessage):
    """The next attempt, with half the time: not solved, came back, or a coordinator reopened it."""

    cause: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Open the case."""
        return ((Button("open_case", OpenCase(self.case)),),)


@dataclass(frozen=True, slots=True)
class PhoneTask(CaseMessage):
    """Somebody must be told or asked by telephone or in person; ``subject`` says what for, ``text`` what to tell."""

    apart: ClassVar[bool] = True
    call: int
    subject: str
    text: str = ""

    def still_true(self, view: View) -> bool:
        """Only while the call has not been made."""
        return any(call.id == self.call for call in view.unit.calls.open_of_case(self.case))

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A verdict is entered as it was answered on the telephone; anything else is logged as done."""
        case: CaseView = context["case"]
        if self.subject == "verdict" and case.mine:
            return verdict_rows(case)
        if self.subject == "look_back" and case.mine:
            return ((Button("still_good", StillGood(case.id, True)), Button("came_back", StillGood(case.id, False))),)
        return ((Button("call_made", CallMade(self.call)),),)


# -- to coordinators


@dataclass(frozen=True, slots=True)
class Returned(CaseMessage):
    """A member gave it back, and why."""

    member: str
    why: str


@dataclass(frozen=True, slots=True)
class Disputed(CaseMessage):
    """The resident is not satisfied: reopen, or confirm with a reason."""

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
    """An overdue case rises: chased, supervised, elevated."""

    clock: str
    level: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Open the case."""
        return ((Button("open_case", OpenCase(self.case)),),)
