"""The roster, second part: whoever follows a link joins.

The rule: a link admits once. Members and departments are in at once; coordinators and observers, who see everything,
once a coordinator has confirmed them, unless the operator made the link.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from domain.casework import Refusal
from domain.charter import Charter
from domain.digest import Period
from domain.people import CONFIRMED_ROLES, ChatId, Invite, InviteRefusal, Person, Role, may_follow
from handlers.invites import INVITE, coordinates, feature, hashed, may_run
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.press import Press
from handlers.kit.routes import STALE
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.menus import commands_for, refresh
from storage.subscriptions import Subscription
from storage.unit import Unit

DIGESTS: Mapping[Role, tuple[Period, ...]] = {Role.COORDINATOR: tuple(Period), Role.OBSERVER: (Period.WEEKLY,)}
"""The summaries that begin with a role."""


class JoinRefusal(StrEnum):
    """Why this link is not for somebody, though it is good."""

    OWN_INVITE = "own_invite"
    ALREADY_IN_ROLE = "already_in_role"


@dataclass(frozen=True, slots=True)
class ConfirmJoin(Press):
    """Yes, that is who was invited; or no."""

    code: ClassVar[str] = "rco"
    invite: int
    yes: bool


@dataclass(frozen=True, slots=True)
class AwaitConfirmation(Message):
    """A coordinator is asked to confirm."""

    role: Role


@dataclass(frozen=True, slots=True)
class AskConfirmJoin(Message):
    """Somebody followed a link to a role that sees everything: is it them? Without buttons once it is decided."""

    apart: ClassVar[bool] = True
    invite: int
    account: str
    """What their account is called, to compare with the name that was invited."""

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for a coordinator."""
        found = view.unit.people.invite_by_id(self.invite)
        if found is None or not coordinates(view.reader):
            return None
        person = view.person(found.used_by)
        admitted = person is not None and found.role in person.roles
        return {
            "name": found.name,
            "account": self.account,
            "role": found.role,
            "open": not found.confirmed,
            "admitted": admitted,
        }

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Yes or no."""
        if not context["open"]:
            return ()
        return (
            (
                Button("confirm_join", ConfirmJoin(self.invite, True)),
                Button("reject_join", ConfirmJoin(self.invite, False)),
            ),
        )


@dataclass(frozen=True, slots=True)
class RoleWelcome(Message):
    """You are in; this is what you can do."""

    apart: ClassVar[bool] = True
    role: Role

    def context(self, view: View) -> dict[str, Any] | None:
        """The commands that the role brings."""
        mine = commands_for(frozenset({self.role}), view.language, view.words)
        usual = commands_for(frozenset(), view.language, view.words)
        return {"role": self.role, "commands": [found for found in mine if found not in usual]}


@dataclass(frozen=True, slots=True)
class JoinRejected(Message):
    """A coordinator did not confirm it."""

    role: Role


@dataclass(frozen=True, slots=True)
class HasJoined(Message):
    """To the inviter: they followed the link."""

    name: str
    role: Role

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for a coordinator."""
        return Message.context(self, view) if coordinates(view.reader) else None


@feature.start(INVITE)
def follow(turn: Turn, secret: str) -> None:
    """Somebody opened a link."""
    people, person = turn.unit.people, turn.person
    invite = people.invite_by_hash(hashed(secret))
    if invite and invite.used_by == person.id:
        again(turn, invite)
        return
    refusal = may_follow(invite, turn.now) or not_for(invite, person)
    if invite is None or refusal:
        turn.refuse(refusal or InviteRefusal.UNKNOWN)
    elif not people.use_invite(invite.id, person.id):
        turn.refuse(InviteRefusal.USED)
    elif invite.role in CONFIRMED_ROLES and invite.inviter is not None:
        await_confirmation(turn, invite)
    else:
        join(turn, invite, person)


def not_for(invite: Invite | None, person: Person) -> JoinRefusal | None:
    """A link is not used up by whoever made it, nor by somebody who has the role already."""
    if invite and invite.inviter == person.id:
        return JoinRefusal.OWN_INVITE
    if invite and invite.role in person.roles:
        return JoinRefusal.ALREADY_IN_ROLE
    return None


def again(turn: Turn, invite: Invite) -> None:
    """The same person opens the link once more."""
    if invite.role in turn.person.roles:
        refresh(turn.unit, turn.charter, turn.person, turn.now)
        turn.say(RoleWelcome(invite.role))
    elif invite.role in CONFIRMED_ROLES and not invite.confirmed:
        turn.say(AwaitConfirmation(invite.role))
    else:
        turn.refuse(InviteRefusal.USED)


def await_confirmation(turn: Turn, invite: Invite) -> None:
    """Every coordinator is asked; the first answer counts."""
    for coordinator in turn.unit.people.staff(Role.COORDINATOR):
        turn.tell(coordinator, AskConfirmJoin(invite.id, turn.person.name))
    turn.say(AwaitConfirmation(invite.role))


@feature.press(ConfirmJoin)
def confirm_join(turn: Turn, press: ConfirmJoin) -> None:
    """A coordinator decides, once."""
    if not may_run(turn):
        return
    invite = turn.unit.people.invite_by_id(press.invite)
    person = turn.someone_by_id(invite.used_by) if invite else None
    if invite is None or person is None:
        turn.refuse(STALE)
        return
    account = person.name
    # "confirmed" in the row means decided: whoever is turned away has no role, and cannot be let in by an old button
    if not turn.unit.people.confirm_invite(invite.id):
        turn.refuse(Refusal.ALREADY_DONE)
    elif press.yes:
        join(turn, invite, person)
    else:
        turn.tell(person, JoinRejected(invite.role))
    turn.edit(AskConfirmJoin(invite.id, account))


def join(turn: Turn, invite: Invite, person: Person) -> None:
    """They have the role from now on, under the name they were invited by."""
    joined = admitted(turn.unit, turn.charter, person, invite, turn.now)
    turn.tell(joined, RoleWelcome(invite.role))
    inviter = turn.someone_by_id(invite.inviter)
    hear = [inviter] if inviter else turn.unit.people.staff(Role.COORDINATOR)  # the operator's links: the coordinators
    for person in hear:
        if person.id != turn.person.id:
            turn.tell(person, HasJoined(joined.name, invite.role))


def admitted(unit: Unit, charter: Charter, person: Person, invite: Invite, now: datetime) -> Person:
    """The person with the role of the invite, as written down: roster, summaries, menu."""
    unit.lock_roster()
    person = unit.people.get(person.id) or person
    joined = replace(
        person,
        name=invite.name or person.name,
        roles=person.roles | {invite.role},
        communities=invite.communities or person.communities,
        sector=invite.sector or person.sector,
    )
    unit.people.set_roles(joined)
    unit.people.rename(person, joined.name)
    for period in DIGESTS.get(invite.role, ()):
        unit.subscriptions.start(Subscription(person.id, period, charter.digest_hour))
    refresh(unit, charter, joined, now)
    return joined


def ensure_coordinator(unit: Unit, charter: Charter, chat_id: int, name: str, now: datetime) -> None:
    """The operator names a coordinator: no link, no confirmation. Changes nothing where they are one already."""
    chat = ChatId(chat_id)
    unit.lock_chat(chat)
    person = unit.people.by_chat(chat) or unit.people.add(chat, name, "", now)
    if person.has(Role.COORDINATOR):
        return
    named_by_operator = Invite(
        id=0, role=Role.COORDINATOR, name=name, communities=(), sector=None, inviter=None, expires_at=now
    )
    admitted(unit, charter, person, named_by_operator, now)
