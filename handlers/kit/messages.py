"""A message is a type; its words are the template of the same name.

``AskNote`` of ``handlers/casework.py`` is written in ``templates/<language>/casework/ask_note.j2``. Its fields are ids
and small plain data: what the template shows of a case is read at the moment of sending, by what the reader may see.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from domain.cases import CaseId
from domain.casework import Relation
from handlers.kit.press import Press

if TYPE_CHECKING:
    from handlers.kit.views import View

MESSAGES: dict[str, type["Message"]] = {}


@dataclass(frozen=True, slots=True)
class Button:
    """A button: ``label`` is a key of labels.toml, ``names`` fill it; it sends a press or opens an address."""

    label: str
    press: Press | None = None
    names: Mapping[str, object] | None = None
    url: str = ""
    text: str = ""
    """Literal label (a person's name, a number), instead of a key."""


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Media:
    """A photo or file that goes with the words."""

    kind: str
    file_id: str


@dataclass(frozen=True, slots=True)
class Message:
    """Base of everything the bot says.

    ``live``: the message is the case's card in that chat and is edited when the case changes. ``apart``: it is not
    merged into the morning's list. ``alert``: as the answer to a press it waits for a tap. ``asks_place``: a reply
    keyboard offers to send the phone's location; ``clears_keyboard`` takes it away.
    """

    live: ClassVar[bool] = False
    apart: ClassVar[bool] = False
    alert: ClassVar[bool] = False
    asks_place: ClassVar[bool] = False
    clears_keyboard: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        known = MESSAGES.get(cls.__name__)
        if known is not None and known.__module__ != cls.__module__:
            raise TypeError(f"two messages are called {cls.__name__}: {known.__module__} and {cls.__module__}")
        MESSAGES[cls.__name__] = cls

    @classmethod
    def template(cls) -> str:
        """The template's path below the language's folder."""
        return f"{cls.__module__.rpartition('.')[2]}/{snake(cls.__name__)}.j2"

    def context(self, view: "View") -> dict[str, Any] | None:
        """What the template sees; None where the reader may not (or need not) read it any more."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def buttons(self, view: "View", context: Mapping[str, Any]) -> Rows:
        """The rows of buttons below it."""
        return ()

    def media(self, view: "View") -> Media | None:
        """A photo or file to send with it."""
        return None


@dataclass(frozen=True, slots=True)
class CaseMessage(Message):
    """A message about a case: it answers the case's card, and is withheld from whoever it is not for (any more).

    ``whose``: what one must be to the case to read it. What was pressed never decides that. To strangers such a message
    says its fields only, nothing of the case.
    """

    whose: ClassVar[frozenset[Relation]]
    case: CaseId

    def context(self, view: "View") -> dict[str, Any] | None:
        """The fields, with the case as the reader may see it."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        if Relation.STRANGER in self.whose:
            return said
        seen = view.case(self.case, self.whose)
        return {**said, "case": seen} if seen and self.still_true(view) else None

    def still_true(self, view: "View") -> bool:
        """Whether it is still worth saying; a reminder is not once the case has moved on."""
        return True


def snake(name: str) -> str:
    """``AskReason`` → ``ask_reason``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
