"""Did it help? The resident's verdict, their words about it, and the look back months later."""

from dataclasses import dataclass
from typing import ClassVar

from domain import casework
from domain.cases import Case, CaseClosed, CaseId, CaseReopened, VerdictDisputed
from domain.casework import EITHER_SIDE, Refusal, Relation
from handlers.announce import announce, decide
from handlers.kit.incoming import Kind
from handlers.kit.messages import CaseMessage
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.notices import ThanksForVerdict
from handlers.presses import Judge, StillGood

feature = Feature("verdict")


@dataclass(frozen=True, slots=True)
class VerdictDraft:
    """The case whose verdict may get words."""

    case: CaseId


@dataclass(frozen=True, slots=True)
class WordsTaken(CaseMessage):
    """The words went to whoever holds the case."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE


@dataclass(frozen=True, slots=True)
class ThanksForLookBack(CaseMessage):
    """It is noted that it still holds, or it is taken up again."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    effective: bool


@feature.press(Judge)
def judge(turn: Turn, press: Judge) -> None:
    """One tap; words are welcome after it."""
    case = turn.case(press.case)
    if case is None:
        return
    asked = asked_to_call(turn, case, "verdict")
    outcome = casework.judge(case, press.solved, press.satisfaction, turn.person, turn.now, asked)
    match outcome:
        case Refusal():
            turn.refuse(outcome)
        case CaseClosed() | CaseReopened() | VerdictDisputed():
            announce(turn, case, outcome)
            thanks = ThanksForVerdict(
                case.id, press.satisfaction, isinstance(outcome, CaseReopened), isinstance(outcome, VerdictDisputed)
            )
            turn.edit(thanks)
            turn.keep_asking(take_verdict_words, VerdictDraft(case.id), "ThanksForVerdict", turn.charter.joining)


@feature.step("take_words")
def take_verdict_words(turn: Turn, draft: VerdictDraft) -> bool:
    """A text right after the verdict belongs to it; anything else, and another kind of concern, is something new."""
    case = turn.unit.cases.get(draft.case)
    turn.done()
    if turn.incoming.kind is not Kind.TEXT or case is None:
        return False
    if not casework.answers_for_them(case, turn.person, asked=True):
        return False
    kind = turn.guess(turn.incoming.text)
    if kind is not None and kind.code != case.category:
        return False
    if decide(turn, case, casework.explain_verdict(case, turn.incoming.text, turn.person, turn.now)):
        turn.say(WordsTaken(case.id))
    return True


@feature.press(StillGood)
def still_good(turn: Turn, press: StillGood) -> None:
    """Asked again after a while."""
    case = turn.case(press.case)
    if case is None:
        return
    asked = asked_to_call(turn, case, "look_back")
    if decide(turn, case, casework.look_back(case, press.effective, turn.person, turn.now, asked)):
        turn.edit(ThanksForLookBack(case.id, press.effective))


def asked_to_call(turn: Turn, case: Case, subject: str) -> bool:
    """Whether this person was asked to telephone for that answer."""
    calls = turn.unit.calls.open_of_case(case.id)
    return any(call.member == turn.person.id and call.subject == subject for call in calls)
