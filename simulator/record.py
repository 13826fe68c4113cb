"""What was just done, as a transcript that a test can replay."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from simulator.cast import Person, Post
from simulator.clock import spoken
from simulator.refusals import Json
from simulator.text import starred

_MEDIA = [
    "photo",
    "voice",
    "video",
    "video_note",
    "audio",
    "document",
    "location",
    "venue",
    "contact",
    "sticker",
    "animation",
    "poll",
    "dice",
]


@dataclass(frozen=True, slots=True)
class _Line:
    """One thing done: `mark` is "" for a person, ">>" for the bot, "clock" for the clock."""

    mark: str
    name: str
    message: Json | None = None
    words: str = ""


class Record:
    """The newest doings in order; rendered only when asked for."""

    def __init__(self, kept: int = 5_000) -> None:
        self._lines: deque[_Line] = deque(maxlen=kept)

    def message(self, name: str, post: Post) -> None:
        """Somebody wrote, or the bot wrote to somebody."""
        self._lines.append(_Line(">>" if post.outgoing else "", name, post.message))

    def edit(self, name: str, post: Post) -> None:
        """A message changed."""
        self._lines.append(_Line(">> edit" if post.outgoing else "edit", name, post.message))

    def deletion(self, name: str, post: Post) -> None:
        """A message went."""
        self._lines.append(_Line(">> delete", name, post.message))

    def press(self, name: str, label: str) -> None:
        """Somebody pressed a button."""
        self._lines.append(_Line("", name, words=f"[{label}]"))

    def toast(self, name: str, words: str) -> None:
        """The bot answered a press with words."""
        self._lines.append(_Line(">> toast", name, words=words))

    def deed(self, name: str, deed: str) -> None:
        """Somebody blocked the bot, came back, left Telegram."""
        self._lines.append(_Line("deed", name, words=deed))

    def advance(self, delta: timedelta) -> None:
        """The clock was put forward."""
        self._lines.append(_Line("clock", "", words=f"+{spoken(delta)}"))

    def clear(self) -> None:
        """Starts a new transcript."""
        self._lines.clear()

    def transcript(self, people: list[Person]) -> str:
        """The whole record as the text of a `.chat` file."""
        said = {line.name for line in self._lines}
        cast = [f"{one.first_name} {one.role}".strip() for one in people if one.first_name in said]
        head = [f"cast {'; '.join(cast)}", ""] if cast else []
        return "\n".join([*head, *map(_rendered, self._lines), ""])


def _rendered(line: _Line) -> str:
    if line.mark == "clock":
        return f"clock {line.words}"
    if line.mark == "deed":
        return f"{line.words} {line.name}"
    words = _said(line.message) if line.message is not None else line.words
    return f"{line.mark} {line.name}: {words}".strip()


def _said(message: Json) -> str:
    entities = message.get("entities") or message.get("caption_entities") or []
    text = starred(message.get("text") or message.get("caption") or "", entities)
    parts = [text.replace("\n", " · ")] if text else []
    parts += [f"[{kind}]" for kind in _MEDIA if kind in message]
    for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
        parts += [f"[{button['text']}]" for button in row]
    return " ".join(parts)
