"""The clock's turn: cases that have something due, and what was held for the morning.

A case that fails is undone by itself, put off for an hour and logged; the others go on.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from domain import followups
from domain.cases import Case, CaseId
from domain.people import ChatId
from handlers.announce import announce
from handlers.kit.messages import MESSAGES, Button, Message, Rows
from handlers.kit.pages import LIST
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import opening
from storage.outbox import Saying
from storage.records import load

feature = Feature("followup")

BATCH = 50
PUT_OFF = timedelta(hours=1)
FEW = 2
"""So many held messages are sent each by itself; more become one list."""


@feature.clock
def follow_up(turn: Turn) -> bool:
    """Everything that is due for up to fifty cases."""
    found = turn.unit.cases.due(turn.now, BATCH)
    for case in found:
        follow_up_case(turn, case)
    return len(found) == BATCH


def follow_up_case(turn: Turn, case: Case) -> None:
    """One case, undone by itself where it fails."""
    try:
        with turn.unit.savepoint():
            made = make_due(turn, case)
    except Exception as error:
        turn.unit.cases.put_off(case.id, turn.now + PUT_OFF)
        turn.troubles.append((case.id, error))
    else:
        turn.followed += made


def make_due(turn: Turn, case: Case) -> list[str]:
    """Make the marks that have come, until one of them moves the case on; which ones were made."""
    marks = followups.due(case, turn.now, turn.charter)
    if not marks:
        turn.unit.cases.save(case, followups.next_at(case, turn.charter), followups.due_at(case, turn.charter))
    state, made = case.state, list[str]()
    for mark in marks:
        if case.state is state:
            case = announce(turn, case, followups.follow_up(case, mark, turn.now, turn.charter))
            made.append(mark.name)
    return made


# -- the morning's list


@dataclass(frozen=True, slots=True)
class MorningList(Message):
    """Everything that was held for somebody, a line each."""

    apart: ClassVar[bool] = True
    rows: tuple[int, ...]

    def context(self, view: View) -> dict[str, Any] | None:
        """The first line of each message that is still worth saying."""
        lines = [line for row in view.unit.outbox.by_ids(self.rows) if (line := line_of(row, view))]
        return {"lines": lines} if lines else None

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5] open the cases, each on the reader's side of it."""
        cases = [line.case for line in context["lines"]][:LIST]
        opened = [(n, opening(case, view)) for n, case in enumerate(cases, start=1) if case]
        return (tuple(Button("", press, text=str(n)) for n, press in opened if press),)


@dataclass(frozen=True, slots=True)
class Line:
    """What one held message comes down to."""

    html: str
    case: CaseId | None


def line_of(saying: Saying, view: View) -> Line | None:
    """The first line of a held message, in the reader's language."""
    rendered = view.words.render(load(MESSAGES[saying.kind], saying.fields), view)
    return Line(rendered.html.partition("\n")[0], saying.case) if rendered else None


@feature.clock
def release_held(turn: Turn) -> bool:
    """What was held and is ripe: by itself where it is little, as one list where it is much."""
    by_chat: dict[ChatId, list[Saying]] = defaultdict(list)
    for saying in turn.unit.outbox.held(turn.now):
        by_chat[saying.chat].append(saying)
    for chat, sayings in by_chat.items():
        if len(sayings) <= FEW:
            for saying in sayings:
                turn.unit.outbox.release(saying.id)
        else:
            merge(turn, chat, sayings)
    return False


def merge(turn: Turn, chat: ChatId, sayings: list[Saying]) -> None:
    """One message instead of many."""
    for saying in sayings:
        turn.unit.outbox.merge(saying.id, turn.now)
    turn.tell_chat(chat, MorningList(tuple(saying.id for saying in sayings)))


# -- housekeeping

SWEPT = "swept"


@feature.clock
def sweep(turn: Turn) -> bool:
    """Once a day, what is past its time goes."""
    today = turn.charter.calendar.local_date(turn.now).isoformat()
    if turn.unit.settings.get(SWEPT) != today:
        turn.unit.settings.put(SWEPT, today)
        turn.unit.retention.sweep(turn.now)
    return False
