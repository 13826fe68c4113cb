"""Who takes part, in which roles, and what a role may do.

Roles are additive and everyone is a resident. A coordinator sees every case, a member the cases they hold, everyone the
ones they reported.
"""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import NewType

PersonId = NewType("PersonId", int)
ChatId = NewType("ChatId", int)


class Role(StrEnum):
    """What someone is in the group."""

    RESIDENT = "resident"
    MEMBER = "member"
    COORDINATOR = "coordinator"
    DEPARTMENT = "department"
    OBSERVER = "observer"


CONFIRMED_ROLES = frozenset({Role.COORDINATOR, Role.OBSERVER})
"""Roles that see everything: following their link is not enough, a coordinator confirms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who has written to the bot or has been invited. ``chat`` is their private chat's id.

    ``language`` is what they chose, ``language_code`` what their Telegram says. Quiet hours are local times of the
    group; None means the group's own.
    """

    id: PersonId
    chat: ChatId
    name: str
    language: str | None = None
    language_code: str = ""
    roles: frozenset[Role] = frozenset()
    communities: tuple[str, ...] = ()
    sector: str | None = None
    standing: bool = False
    quiet_start: time | None = None
    quiet_end: time | None = None
    unreachable: bool = False

    def has(self, role: Role) -> bool:
        """Whether they have that role; everyone is a resident."""
        return role is Role.RESIDENT or role in self.roles

    @property
    def staff(self) -> bool:
        """Whether they work in the group in any role."""
        return bool(self.roles)

    def speaks(self, languages: tuple[str, ...]) -> str:
        """The language to answer in: chosen, else Telegram's (zh* is Chinese), else English where it is offered."""
        if self.language in languages:
            return self.language or languages[0]
        guess = "zh" if self.language_code.lower().startswith("zh") else "en"
        if not self.language_code or guess not in languages:
            return languages[0]
        return guess


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A one-time link to a role. Only a hash of its 128-bit secret is kept."""

    id: int
    role: Role
    name: str
    communities: tuple[str, ...]
    sector: str | None
    inviter: PersonId | None
    expires_at: datetime
    used_by: PersonId | None = None
    confirmed: bool = False


class InviteRefusal(StrEnum):
    """Why a link does not admit someone."""

    UNKNOWN = "invite_unknown"
    USED = "invite_used"
    EXPIRED = "invite_expired"
    LAST_COORDINATOR = "last_coordinator"


def may_follow(invite: Invite | None, now: datetime) -> InviteRefusal | None:
    """Why this link admits nobody now, or None when it does."""
    if invite is None:
        return InviteRefusal.UNKNOWN
    if invite.used_by is not None:
        return InviteRefusal.USED
    if invite.expires_at <= now:
        return InviteRefusal.EXPIRED
    return None


def may_leave(role: Role, coordinators: int) -> InviteRefusal | None:
    """A role can be left, but not by the last coordinator."""
    if role is Role.COORDINATOR and coordinators <= 1:
        return InviteRefusal.LAST_COORDINATOR
    return None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A member proposed for a case, and why: serves its community, knows its kind, holds so many open cases."""

    person: Person
    serves_community: bool
    knows_kind: bool
    load: int


def suggest(
    members: list[tuple[Person, int]], community: str | None, sectors: frozenset[str], most: int = 3
) -> list[Suggestion]:
    """The members best placed for a case: by community, then by sector, then by the lightest load."""
    found = [
        Suggestion(person, community in person.communities, person.sector in sectors, load) for person, load in members
    ]
    found.sort(key=lambda s: (not s.serves_community, not s.knows_kind, s.load, s.person.id))
    return found[:most]
