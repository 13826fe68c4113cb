"""The roster, first part: a coordinator makes a one-time link to a role. What is kept of it is a hash."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, ClassVar

from domain.casework import Refusal
from domain.charter import Charter, named
from domain.people import Invite, Person, PersonId, Role
from domain.reading import Look
from handlers.cards import pairs
from handlers.kit.incoming import Kind
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.pages import CHOICES, page, turn_row
from handlers.kit.press import Press
from handlers.kit.routes import STALE, Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import Cancel
from storage.dialogs import Dialog
from storage.owner import BOT_USERNAME
from storage.unit import Unit

feature = Feature("roster")

# the feature's other parts are joining.py, leaving.py and roster.py

INVITE = "i"
"""The prefix of a link's payload: ``/start i_<secret>``."""

NAME_LIMIT = 40
"""Characters; the name must fit on a button's row and into a sentence."""

INVITED = (Role.MEMBER, Role.COORDINATOR, Role.DEPARTMENT, Role.OBSERVER)


class InvitationRefusal(StrEnum):
    """Why nobody is invited by that name."""

    NAME_TOO_LONG = "name_too_long"


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class InviteAs(Press):
    """Invite somebody to that role."""

    code: ClassVar[str] = "ria"
    role: Role


@dataclass(frozen=True, slots=True)
class InviteCommunities(Press):
    """Show the communities to choose from."""

    code: ClassVar[str] = "rip"
    page: int


@dataclass(frozen=True, slots=True)
class ToggleCommunity(Press):
    """The new member serves that community, or does not after all."""

    code: ClassVar[str] = "rit"
    page: int
    community: str


@dataclass(frozen=True, slots=True)
class InviteSectors(Press):
    """Show the sectors to choose from."""

    code: ClassVar[str] = "rin"
    page: int


@dataclass(frozen=True, slots=True)
class MakeLink(Press):
    """The sector the new member comes from, empty for none; the link is made."""

    code: ClassVar[str] = "ris"
    sector: str


# -- what is kept while a question is open


@dataclass(frozen=True, slots=True)
class InviteDraft:
    """Who is to be invited, as far as it is known."""

    role: Role
    name: str = ""
    communities: tuple[str, ...] = ()


DETAILS = "roster.details"


def draft_in(dialog: Dialog | None, now: datetime) -> InviteDraft | None:
    """The invitation that waits for taps, if there is one."""
    if dialog is None or dialog.expires_at <= now or dialog.step != DETAILS:
        return None
    return dialog.kept(InviteDraft)


def coordinates(person: Person | None) -> bool:
    """Whether somebody runs the group."""
    return person is not None and person.has(Role.COORDINATOR)


def may_run(turn: Turn) -> bool:
    """Whether this person runs the group; otherwise the refusal has been said."""
    if coordinates(turn.person):
        return True
    turn.refuse(Refusal.NOT_COORDINATOR)
    return False


# -- inviting


@dataclass(frozen=True, slots=True)
class AskInviteName(Message):
    """What is their name?"""

    role: Role

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class AskInviteCommunities(Message):
    """Which communities does the new member serve?"""

    page: int = 0

    def context(self, view: View) -> dict[str, Any] | None:
        """Nothing, once the link has been made."""
        draft = waiting(view)
        return {"name": draft.name} if draft else None

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six communities a page, with a tick where chosen; go on."""
        draft, shown = waiting(view), page(view.charter.communities, self.page, CHOICES)
        chosen = draft.communities if draft else ()
        choices = [
            Button(
                "",
                ToggleCommunity(shown.number, c.code),
                text=ticked(view, named(c.names, view.language), c.code in chosen),
            )
            for c in shown.entries
        ]
        go_on = Button("next", InviteSectors(0)) if view.charter.sectors else Button("make_link", MakeLink(""))
        return (*pairs(choices), turn_row(shown, InviteCommunities), (go_on, Button("cancel", Cancel())))


@dataclass(frozen=True, slots=True)
class AskInviteSector(Message):
    """Which sector does the new member come from?"""

    page: int = 0

    def context(self, view: View) -> dict[str, Any] | None:
        """Nothing, once the link has been made."""
        draft = waiting(view)
        return {"name": draft.name} if draft else None

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six sectors a page; none."""
        shown = page(view.charter.sectors, self.page, CHOICES)
        choices = [Button("", MakeLink(s.code), text=named(s.names, view.language)) for s in shown.entries]
        last = (Button("no_sector", MakeLink("")), Button("cancel", Cancel()))
        return (*pairs(choices), turn_row(shown, InviteSectors), last)


@dataclass(frozen=True, slots=True)
class InviteReady(Message):
    """The link is made; the next message is to be passed on."""

    role: Role
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class InviteToForward(Message):
    """For the one who is invited: the link, in a message that can be passed on as it is."""

    role: Role
    name: str
    url: str


def waiting(view: View) -> InviteDraft | None:
    """The reader's invitation that waits for taps."""
    return draft_in(view.unit.dialogs.open(view.reader.chat), view.now) if view.reader else None


def ticked(view: View, word: str, on: bool) -> str:
    """With a tick where it is chosen."""
    return view.words.label(view.language, "ticked", {"word": word}) if on else word


@feature.press(InviteAs)
def invite_as(turn: Turn, press: InviteAs) -> None:
    """Ask for the name."""
    if not may_run(turn):
        return
    if press.role not in INVITED:
        turn.refuse(STALE)
        return
    turn.ask(take_name, InviteDraft(press.role), AskInviteName(press.role))


@feature.step("take_name", Role.COORDINATOR)
def take_name(turn: Turn, draft: InviteDraft) -> bool:
    """The name; for a member their communities and sector follow by taps."""
    words = turn.incoming.text
    if turn.incoming.kind is not Kind.TEXT or not coordinates(turn.person):
        return False
    if turn.look(words) is Look.CANCEL:
        return False
    name = " ".join(words.split())
    if len(name) > NAME_LIMIT:
        turn.refuse(InvitationRefusal.NAME_TOO_LONG)
        return True
    named_draft = replace(draft, name=name)
    if question := details_wanted(named_draft, turn.charter):
        turn.ask(details, named_draft, question)
    else:
        hand_out(turn, named_draft, "")
    return True


def details_wanted(draft: InviteDraft, charter: Charter) -> Message | None:
    """What else to ask of a new member: communities, then the sector, where the group has any."""
    if draft.role is not Role.MEMBER:
        return None
    if charter.communities:
        return AskInviteCommunities()
    return AskInviteSector() if charter.sectors else None


@feature.step("details", Role.COORDINATOR)
def details(turn: Turn, draft: InviteDraft) -> bool:
    """Only buttons answer this; whatever is written meanwhile is taken for what it looks like."""
    return False


def draft_of(turn: Turn) -> InviteDraft | None:
    """The invitation that a button is about; otherwise the refusal has been said."""
    if not may_run(turn):
        return None
    found = draft_in(turn.unit.dialogs.open(turn.incoming.chat), turn.now)
    if found is None:
        turn.refuse(STALE)
    return found


@feature.press(InviteCommunities)
def invite_communities(turn: Turn, press: InviteCommunities) -> None:
    """Another page, in place."""
    if draft_of(turn):
        turn.edit(AskInviteCommunities(press.page))


@feature.press(ToggleCommunity)
def toggle_community(turn: Turn, press: ToggleCommunity) -> None:
    """Choose a community, or leave it out."""
    draft, community = draft_of(turn), turn.charter.community(press.community)
    if draft is None or community is None:
        return
    chosen = {**dict.fromkeys(draft.communities), community.code: None}
    if community.code in draft.communities:
        del chosen[community.code]
    turn.keep_asking(details, replace(draft, communities=tuple(chosen)), AskInviteCommunities.__name__)
    turn.edit(AskInviteCommunities(press.page))


@feature.press(InviteSectors)
def invite_sectors(turn: Turn, press: InviteSectors) -> None:
    """Go on to the sector, or to another page of them."""
    if draft_of(turn):
        turn.edit(AskInviteSector(press.page))


@feature.press(MakeLink)
def make_link(turn: Turn, press: MakeLink) -> None:
    """Everything is known."""
    if draft := draft_of(turn):
        hand_out(turn, draft, press.sector)


def hand_out(turn: Turn, draft: InviteDraft, sector: str) -> None:
    """Make the link, and say it in a message of its own."""
    turn.done()
    payload = create_invite(
        turn.unit,
        turn.charter,
        role=draft.role,
        name=draft.name,
        communities=draft.communities,
        sector=sector or None,
        inviter=turn.person.id,
        now=turn.now,
        secret=turn.kit.secret(),
    )
    ready = InviteReady(draft.role, draft.name, turn.now + turn.charter.invite_lasts)
    if turn.incoming.kind is Kind.PRESS:
        turn.edit(ready)
    else:
        turn.say(ready)
    turn.say(InviteToForward(draft.role, draft.name, link(turn.unit, payload)))


def create_invite(
    unit: Unit,
    charter: Charter,
    *,
    role: Role,
    name: str,
    communities: tuple[str, ...] = (),
    sector: str | None = None,
    inviter: PersonId | None,
    now: datetime,
    secret: str,
) -> str:
    """A one-time link's payload. ``inviter`` is None where the operator makes it: then nobody needs to confirm it."""
    expires = now + charter.invite_lasts
    invite = Invite(
        id=0, role=role, name=name, communities=communities, sector=sector, inviter=inviter, expires_at=expires
    )
    unit.people.invite(invite, hashed(secret))
    return f"{INVITE}_{secret}"


def link(unit: Unit, payload: str) -> str:
    """The address that opens the bot with that payload."""
    return f"https://t.me/{unit.settings.get(BOT_USERNAME) or ''}?start={payload}"


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return sha256(secret.encode()).hexdigest()
