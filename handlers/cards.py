"""A case's live cards: the resident's and the staff's. Buttons follow from the state and from who reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.cases import CaseId, State
from domain.casework import OPEN, REPORTER, STAFF, WORKED, Relation
from domain.people import Role, suggest
from handlers.kit.messages import Button, CaseMessage, Rows
from handlers.kit.views import CaseView, View
from handlers.presses import (
    AddPlace,
    AskInfo,
    AssignTo,
    ChangeCommunity,
    ChangeType,
    Claim,
    Decline,
    Dispute,
    GiveBack,
    More,
    Others,
    Redraw,
    Resolve,
    SendNow,
    ShowPhotos,
    Side,
    Undo,
    WriteNote,
)


@dataclass(frozen=True, slots=True)
class ConcernCard(CaseMessage):
    """What the resident sees of their case."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    live: ClassVar[bool] = True

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Everything optional: place, kind, send now, undo."""
        case: CaseView = context["case"]
        if case.state not in OPEN:
            return ()
        place = Button("change_place" if case.place or case.mapped else "add_place", AddPlace(case.id))
        kind = Button("change_type", ChangeType(case.id, Side.RESIDENT, 0))
        undo = Button("undo" if not case.settled else "withdraw", Undo(case.id, False))
        if case.settled or case.state is not State.SUBMITTED:
            return ((place, kind), (undo,))
        return ((place, kind), (Button("send_now", SendNow(case.id)), undo))


@dataclass(frozen=True, slots=True)
class CaseCard(CaseMessage):
    """What staff see of a case."""

    whose: ClassVar[frozenset[Relation]] = STAFF
    live: ClassVar[bool] = True

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """What this reader can do with it now: the first action first."""
        case: CaseView = context["case"]
        mine = holder_rows(case) if case.held else ()
        return mine or (coordinator_rows(case, view) if case.coordinating else ())


def holder_rows(case: CaseView) -> Rows:
    """Claim it or return it; then ask, resolve."""
    if case.state is State.ASSIGNED:
        return (
            (Button("claim", Claim(case.id)), Button("give_back", GiveBack(case.id))),
            (Button("more", More(case.id)),),
        )
    if case.state in WORKED:
        ask = (Button("ask_info", AskInfo(case.id)),) if case.state is State.IN_PROGRESS else ()
        return (
            (Button("resolve", Resolve(case.id)), *ask),
            (Button("give_back", GiveBack(case.id)), Button("more", More(case.id))),
        )
    return ()


def coordinator_rows(case: CaseView, view: View) -> Rows:
    """Give it to one of three, to another, decline it; reopen or confirm a disputed one."""
    if case.disputed:
        return ((Button("reopen", Dispute(case.id, True)), Button("confirm", Dispute(case.id, False))),)
    if case.state in (State.SUBMITTED, State.ACCEPTED):
        last = (Button("decline", Decline(case.id)), Button("more", More(case.id)))
        return (*pairs([*suggested(case, view), Button("others", Others(case.id, 0))]), last)
    if case.state in (State.ASSIGNED, *WORKED):
        return ((Button("reassign", Others(case.id, 0)), Button("more", More(case.id))),)
    return ()


def suggested(case: CaseView, view: View) -> list[Button]:
    """A button for each of the three members best placed for it."""
    loads = view.unit.people.loads()
    members = [(person, loads.get(person.id, 0)) for person in view.unit.people.staff(Role.MEMBER)]
    sectors = frozenset(s.code for s in view.charter.sectors if case.raw.category in s.categories)
    proposed = [found.person for found in suggest(members, case.raw.community, sectors)]
    return [Button("assign_to", AssignTo(case.id, person.id), {"name": person.name}) for person in proposed]


def pairs(buttons: list[Button]) -> Rows:
    """Two to a row."""
    return tuple(tuple(buttons[start : start + 2]) for start in range(0, len(buttons), 2))


@dataclass(frozen=True, slots=True)
class MoreActions(CaseMessage):
    """What else staff can do with a case, drawn in the card's place."""

    whose: ClassVar[frozenset[Relation]] = STAFF

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Kind, community, photos, note, back."""
        case: CaseView = context["case"]
        photos = [Button("show_photos", ShowPhotos(case.id), {"count": case.photos})] if case.photos else []
        return (
            (
                Button("change_type", ChangeType(case.id, Side.STAFF, 0)),
                Button("change_community", ChangeCommunity(case.id, Side.STAFF, 0)),
            ),
            (*photos, Button("write_note", WriteNote(case.id))),
            (Button("back", Redraw(case.id, Side.STAFF)),),
        )


def card_for(case: CaseId, side: Side) -> CaseMessage:
    """The card of that side."""
    return ConcernCard(case) if side is Side.RESIDENT else CaseCard(case)
