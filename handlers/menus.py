"""The commands somebody is shown: the menu of their chat and the list in /help. Presentation, never authorisation."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from domain.charter import Charter
from domain.people import Person, Role
from domain.text import cut
from handlers.kit.press import Press
from handlers.kit.routes import STALE, Feature
from handlers.kit.turn import Turn
from handlers.kit.words import Words
from storage.unit import Unit

feature = Feature("menus")

LONGEST_DESCRIPTION, LONGEST_SHORT = 512, 120
"""Characters that Telegram takes (Bot API, setMyDescription and setMyShortDescription)."""

EVERYONE = frozenset({Role.RESIDENT})
MEMBERS = frozenset({Role.MEMBER})
COORDINATORS = frozenset({Role.COORDINATOR})


@dataclass(frozen=True, slots=True)
class Offer:
    """A command and whose it is. Not ``listed``: it needs words behind it, so it stands in /help only."""

    command: str
    roles: frozenset[Role]
    listed: bool = True


OFFERS = (
    Offer("inbox", COORDINATORS),
    Offer("cases", MEMBERS),
    Offer("visit", MEMBERS),
    Offer("behalf", MEMBERS),
    Offer("calls", MEMBERS | COORDINATORS),
    Offer("digest", COORDINATORS | MEMBERS | {Role.OBSERVER}),
    Offer("roster", COORDINATORS),
    Offer("case", MEMBERS | COORDINATORS, listed=False),
    Offer("new", EVERYONE),
    Offer("mine", EVERYONE),
    Offer("help", EVERYONE),
    Offer("settings", EVERYONE),
    Offer("privacy", EVERYONE),
    Offer("cancel", EVERYONE),
)
"""What staff need most comes first; what everyone has comes last."""


@dataclass(frozen=True, slots=True)
class MyRoles(Press):
    """Show one's own roles: offered by the settings, answered by the roster."""

    code: ClassVar[str] = "rme"


@dataclass(frozen=True, slots=True)
class ShowSettings(Press):
    """Back to the settings, also from the roles."""

    code: ClassVar[str] = "pfs"


def offers(roles: frozenset[Role]) -> list[Offer]:
    """What these roles may do; everyone is a resident too."""
    mine = roles | EVERYONE
    return [offer for offer in OFFERS if offer.roles & mine]


def commands_for(roles: frozenset[Role], language: str, words: Words) -> list[tuple[str, str]]:
    """The menu of a chat: commands, each with what it does."""
    return [(o.command, words.label(language, f"command.{o.command}")) for o in offers(roles) if o.listed]


def about_for(language: str, words: Words) -> tuple[str, str]:
    """What somebody reads of the bot before they open it: in the empty chat, and beside its name and its link."""
    names = {"group": words.group(language)}
    texts = (words.label(language, key, names) for key in ("about.description", "about.short"))
    description, short = map(cut, texts, (LONGEST_DESCRIPTION, LONGEST_SHORT))
    return description, short


def refresh(unit: Unit, charter: Charter, person: Person, now: datetime) -> None:
    """Let somebody's chat show the commands of the roles and the language they have now."""
    language, roles = person.speaks(charter.languages), sorted(person.roles)
    fields = json.dumps({"chat": person.chat, "roles": roles, "language": language})
    unit.errands.add("set_menu", fields, now, once=f"menu:{person.chat}:{language}:{','.join(roles)}")


def speak(turn: Turn, language: str) -> bool:
    """Answer in that language from now on. False: the group does not offer it (any more), which has been said."""
    if language not in turn.charter.languages:
        turn.refuse(STALE)
        return False
    person = turn.person
    turn.unit.people.set_language(person.id, language)
    refresh(turn.unit, turn.charter, turn.unit.people.get(person.id) or person, turn.now)
    return True
