"""The roster, third part: what somebody still had to do goes on with others when a role of theirs ends.

The rule: what is shown follows from roles and needs nothing done (``domain/casework.relations``). Here is what would
wait in vain: telephone tasks, the follow-up of what was reported for others, an open question. Whoever comes back to
the role reads again what they reported for others and is asked about it again; what was handed over stays there.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from domain.cases import Case, CaseId
from domain.casework import may_call
from domain.people import Person, PersonId
from handlers.announce import caller
from handlers.invites import feature
from handlers.kit.messages import Message, Rows
from handlers.kit.pages import number_row, page
from handlers.kit.routes import ROLE_ENDED, may_answer
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import opening
from storage.records import dump


@dataclass(frozen=True, slots=True)
class HandedOver(Message):
    """Somebody has left, and these people have no Telegram or cannot be written to: please keep in touch with them."""

    apart: ClassVar[bool] = True
    name: str
    cases: tuple[CaseId, ...]

    def context(self, view: View) -> dict[str, Any] | None:
        """The first of them, as far as they are the reader's now, and how many calls wait."""
        found = [seen for case in self.cases if (seen := view.case(case))]
        mine = view.unit.calls.open_of_member(view.reader.id) if view.reader else []
        calls = sum(call.case in self.cases for call in mine)
        shown = page(found, 0)
        return (
            {"name": self.name, "shown": shown, "more": len(found) - len(shown.entries), "calls": calls}
            if found
            else None
        )

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5] open the cases, each on the reader's side of it."""
        return (number_row(context["shown"], lambda case: opening(case.id, view)),)


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing is kept of a question that was asked in a role that has ended."""


def hand_over(turn: Turn, left: Person) -> None:
    """Somebody has just left a role, which is saved already."""
    close_question(turn, left)
    taken: dict[PersonId, list[Case]] = defaultdict(list)
    for case in left_alone(turn, left):
        if person := caller(turn, case):
            turn.unit.calls.hand_over(case.id, left.id, person.id)
            taken[person.id].append(case)
    for number, cases in taken.items():
        if person := turn.someone_by_id(number):
            message = HandedOver(left.name, tuple(case.id for case in cases))
            turn.tell(person, message, urgent=any(case.urgent for case in cases))


def left_alone(turn: Turn, left: Person) -> list[Case]:
    """The cases whose people somebody was to keep in touch with, and may not any more."""
    cases = turn.unit.cases
    found = {case.id: case for case in (*cases.for_others(left.id), *cases.to_call_about(left.id))}
    return [case for case in found.values() if not may_call(case, left)]


def close_question(turn: Turn, left: Person) -> None:
    """What was known of a question of that role goes; whoever answers it all the same is told."""
    dialog = turn.unit.dialogs.open(left.chat)
    if dialog is None or may_answer(left, turn.kit.step_roles.get(dialog.step)):
        return
    ended = replace(dialog, step=turn.kit.step_names[role_ended], draft=dump(Ended()))
    turn.unit.dialogs.ask(left.chat, ended)


@feature.step("role_ended")
def role_ended(turn: Turn, draft: Ended) -> bool:
    """The question is closed; what was written is not kept."""
    turn.done()
    turn.refuse(ROLE_ENDED)
    return True
