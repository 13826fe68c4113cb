"""A resident's own cases: the list and one of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from handlers.cards import ConcernCard
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.pages import number_row, page_of, turn_row
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.notices import AskStillGood, AskVerdict
from handlers.presses import MyConcerns, NewConcern, OpenConcern

feature = Feature("mycases")


@dataclass(frozen=True, slots=True)
class MyConcernsList(Message):
    """Number, title and state of each, newest first."""

    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """The cases of whoever reads."""
        if view.reader is None:
            return None
        cases, reader = view.unit.cases, view.reader.id
        shown = page_of(cases.count_concerns(reader), partial(cases.concerns, reader), self.page)
        return {"shown": shown, "cases": view.cases(shown.entries, view.reader)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5] and the row that turns the page."""
        shown = context["shown"]
        if not shown.entries:
            return ((Button("new_concern", NewConcern()),),)
        return (number_row(shown, OpenConcern), turn_row(shown, MyConcerns))


@feature.command("mine")
def mine(turn: Turn) -> None:
    """``/mine``."""
    turn.say(MyConcernsList(0))


@feature.press(MyConcerns)
def turn_page(turn: Turn, press: MyConcerns) -> None:
    """Another page, in place."""
    if press.page < 0:
        turn.say(MyConcernsList(0))
    else:
        turn.edit(MyConcernsList(press.page))


@feature.press(OpenConcern)
def open_concern(turn: Turn, press: OpenConcern) -> None:
    """One case: its card, and the question that is open in it."""
    case = turn.case(press.case)
    if case is None:
        return
    turn.card(turn.person, ConcernCard(case.id))
    if case.state == "resolved" and not case.disputed:
        turn.say(AskVerdict(case.id))
    elif case.asked_back:
        turn.say(AskStillGood(case.id))
