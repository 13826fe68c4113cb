"""/privacy: what is kept, who sees it, and how to have it taken away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handlers.kit.messages import Button, Message, Rows
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import MyConcerns

feature = Feature("privacy")

AS_A_NEW_MESSAGE = -1


@dataclass(frozen=True, slots=True)
class PrivacyNotice(Message):
    """In plain words: what is kept, who reads it, how to take it back."""

    def context(self, view: View) -> dict[str, Any] | None:
        """Staff read what others see of them as well; a group chat gets numbers only."""
        return {
            "staff": view.reader is not None and view.reader.staff,
            "published": view.charter.digest_chat is not None,
        }

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """One's own concerns: what the bot holds of somebody."""
        return ((Button("menu.concerns", MyConcerns(AS_A_NEW_MESSAGE)),),)


@feature.command("privacy")
def privacy(turn: Turn) -> None:
    """``/privacy``."""
    turn.say(PrivacyNotice())
