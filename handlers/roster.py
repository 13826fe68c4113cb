"""The roster, fourth part: the list with everyone's load, and how a role ends.

The rule: a member with cases in hand stays until they are reassigned, and so does the last coordinator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from domain.charter import named
from domain.people import Person, PersonId, Role, may_leave
from handlers.cards import pairs
from handlers.invites import INVITED, InviteAs, coordinates, create_invite, feature, may_run
from handlers.joining import ensure_coordinator
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.pages import counted, number_row, page, turn_row
from handlers.kit.press import Press
from handlers.kit.routes import STALE
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.leaving import hand_over
from handlers.menus import MyRoles, ShowSettings, refresh
from storage.people import MANY

__all__ = ["create_invite", "ensure_coordinator", "feature"]

LISTED = (Role.COORDINATOR, Role.MEMBER, Role.DEPARTMENT, Role.OBSERVER)


class LeaveRefusal(StrEnum):
    """Why somebody keeps a role."""

    HOLDS_CASES = "holds_cases"


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class ShowRoster(Press):
    """Show that page of the list."""

    code: ClassVar[str] = "rpg"
    page: int


@dataclass(frozen=True, slots=True)
class OpenPerson(Press):
    """Show one of the list."""

    code: ClassVar[str] = "rpe"
    person: PersonId


@dataclass(frozen=True, slots=True)
class RemoveRole(Press):
    """Take a role from somebody; ``sure`` on the second tap."""

    code: ClassVar[str] = "rrm"
    person: PersonId
    role: Role
    sure: bool


@dataclass(frozen=True, slots=True)
class LeaveRole(Press):
    """Give up a role of one's own; ``sure`` on the second tap."""

    code: ClassVar[str] = "rlv"
    role: Role
    sure: bool


# -- the list


@dataclass(frozen=True, slots=True)
class RosterList(Message):
    """Everyone with a role, and how many cases they hold; only for a coordinator."""

    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """Coordinators first, then members, departments, observers."""
        if not coordinates(view.reader):
            return None
        staff = sorted(view.unit.people.staff(), key=lambda person: (rank(person), person.id))
        shown, loads = page(staff, self.page), view.unit.people.loads()
        return {"shown": shown, "lines": [line_of(person, loads, view) for person in shown.entries]}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5], turn the page, invite."""
        shown = context["shown"]
        invites = [Button(f"invite.{role}", InviteAs(role)) for role in INVITED]
        return (number_row(shown, lambda person: OpenPerson(person.id)), turn_row(shown, ShowRoster), *pairs(invites))


@dataclass(frozen=True, slots=True)
class PersonCard(Message):
    """One of the list, drawn in its place."""

    person: PersonId

    def context(self, view: View) -> dict[str, Any] | None:
        """Who they are; only for a coordinator."""
        found = view.person(self.person)
        if found is None or not coordinates(view.reader):
            return None
        return {"line": line_of(found, view.unit.people.loads(), view)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A button for each role to take away, and back."""
        roles = [role for role in LISTED if role in context["line"]["roles"]]
        removals = [Button(f"remove.{role}", RemoveRole(self.person, role, False)) for role in roles]
        return (*pairs(removals), (Button("back", ShowRoster(0)),))


@dataclass(frozen=True, slots=True)
class AskRemoveRole(Message):
    """Really? They are told, and their buttons stop working."""

    person: PersonId
    role: Role

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for a coordinator."""
        return {"name": view.name(self.person), "role": self.role} if coordinates(view.reader) else None

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """What destroys asks once more."""
        sure = Button("remove_sure", RemoveRole(self.person, self.role, True))
        return ((sure, Button("back", OpenPerson(self.person))),)


def line_of(person: Person, loads: Mapping[PersonId, int], view: View) -> dict[str, Any]:
    """One of the list, in words of the reader's language."""
    sector = view.charter.sector(person.sector)
    return {
        "name": person.name,
        "roles": [role for role in LISTED if role in person.roles],
        "communities": [view.community(code) for code in person.communities if view.charter.community(code)],
        "sector": named(sector.names, view.language) if sector else "",
        "load": counted(loads[person.id], MANY) if loads.get(person.id) else 0,
        "unreachable": person.unreachable,
    }


def rank(person: Person) -> int:
    """Where somebody stands in the list, by their first role."""
    return next((n for n, role in enumerate(LISTED) if role in person.roles), len(LISTED))


@feature.command("roster", Role.COORDINATOR)
def roster(turn: Turn) -> None:
    """``/roster``."""
    turn.say(RosterList(0))


@feature.press(ShowRoster)
def show_roster(turn: Turn, press: ShowRoster) -> None:
    """Another page, in place."""
    if may_run(turn):
        turn.edit(RosterList(press.page))


@feature.press(OpenPerson)
def open_person(turn: Turn, press: OpenPerson) -> None:
    """One of them, in place."""
    if not may_run(turn):
        return
    found = turn.someone_by_id(press.person)
    if found is None or not found.staff:
        turn.refuse(STALE)
        turn.edit(RosterList(0))
    else:
        turn.edit(PersonCard(found.id))


# -- leaving


@dataclass(frozen=True, slots=True)
class MyRoleList(Message):
    """One's own roles."""

    def context(self, view: View) -> dict[str, Any] | None:
        """As they are now."""
        return {"roles": [role for role in LISTED if role in view.reader.roles]} if view.reader else None

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A button for each to give up."""
        leaving = [Button(f"leave.{role}", LeaveRole(role, False)) for role in context["roles"]]
        return (*pairs(leaving), (Button("back", ShowSettings()),))


@dataclass(frozen=True, slots=True)
class AskLeaveRole(Message):
    """Really?"""

    role: Role

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """What destroys asks once more."""
        return ((Button("leave_sure", LeaveRole(self.role, True)), Button("back", MyRoles())),)


@dataclass(frozen=True, slots=True)
class RoleLeft(Message):
    """You do not have the role any more."""

    role: Role


@dataclass(frozen=True, slots=True)
class RoleRemoved(Message):
    """A coordinator took the role away."""

    apart: ClassVar[bool] = True
    role: Role


@dataclass(frozen=True, slots=True)
class HasLeft(Message):
    """To coordinators: somebody gave up a role."""

    name: str
    role: Role

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for a coordinator."""
        return Message.context(self, view) if coordinates(view.reader) else None


@feature.press(MyRoles)
def my_roles(turn: Turn, press: MyRoles) -> None:
    """In place of the settings."""
    turn.edit(MyRoleList())


@feature.press(LeaveRole)
def leave_role(turn: Turn, press: LeaveRole) -> None:
    """Give up a role of one's own."""
    turn.unit.lock_roster()
    person = turn.someone_by_id(turn.person.id)
    refusal = may_end(turn, person, press.role)
    if person is None or refusal:
        turn.refuse(refusal or STALE)
    elif not press.sure:
        turn.edit(AskLeaveRole(press.role))
    else:
        end(turn, person, press.role)
        turn.edit(RoleLeft(press.role))
        for coordinator in turn.unit.people.staff(Role.COORDINATOR):
            if coordinator.id != person.id:
                turn.tell(coordinator, HasLeft(person.name, press.role))


@feature.press(RemoveRole)
def remove_role(turn: Turn, press: RemoveRole) -> None:
    """A coordinator takes a role from somebody."""
    if not may_run(turn):
        return
    turn.unit.lock_roster()
    person = turn.someone_by_id(press.person)
    refusal = may_end(turn, person, press.role)
    if person is None or refusal:
        turn.refuse(refusal or STALE)
    elif not press.sure:
        turn.edit(AskRemoveRole(person.id, press.role))
    else:
        left = end(turn, person, press.role)
        turn.edit(PersonCard(person.id) if left.staff else RosterList(0))
        turn.note("role_removed")
        if person.id != turn.person.id:
            turn.tell(person, RoleRemoved(press.role))


def may_end(turn: Turn, person: Person | None, role: Role) -> str | None:
    """Why somebody keeps a role: they do not have it, nobody else runs the group, or cases would be left alone."""
    if person is None or role not in person.roles:
        return STALE
    if refusal := may_leave(role, len(turn.unit.people.staff(Role.COORDINATOR))):
        return refusal
    if role is Role.MEMBER and turn.unit.cases.count_held(person.id):
        return LeaveRefusal.HOLDS_CASES
    return None


def end(turn: Turn, person: Person, role: Role) -> Person:
    """They are without the role from now on; what only a member has goes with it, and what they had to do goes on."""
    left = replace(person, roles=person.roles - {role})
    if role is Role.MEMBER:
        left = replace(left, communities=(), sector=None, standing=False)
    turn.unit.people.set_roles(left)
    refresh(turn.unit, turn.charter, left, turn.now)
    hand_over(turn, left)
    return left
