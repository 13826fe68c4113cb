"""What was just done, as a transcript that can be replayed: see docs/simulator.md for how its lines read."""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from simulator.cast import Person, Post
from simulator.clock import span, spoken
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
_NUMBER = re.compile(r"\d\d-\d{4,}")
_CARD = re.compile(r"^>> edit (\S+): .*?\*(\d\d-\d{4,})\*")
_SAID = re.compile(r"^>> (?:edit |toast |delete )?")
# What the bot says later than this after somebody did something, it says because time has passed.
_AT_ONCE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class _Line:
    """One thing done: `mark` is "" or "edit" for a person, ">> …" for the bot, else the kind of deed."""

    mark: str
    name: str
    at: datetime
    message: Json | None = None
    words: str = ""
    about: str | None = None
    photos: int = 1

    @property
    def said(self) -> bool:
        """Whether the bot did it."""
        return self.mark.startswith(">>")


class Record:
    """The newest doings in order; rendered only when asked for.

    ``opening`` are lines that say how the world began, in place of the cast; ``since`` is when the record began.
    """

    def __init__(self, now: Callable[[], datetime], kept: int = 5_000) -> None:
        self._now = now
        self._lines: deque[_Line] = deque(maxlen=kept)
        self.opening: tuple[str, ...] = ()
        self.since = now()

    def message(self, name: str, post: Post, posts: dict[int, Post]) -> None:
        """Somebody wrote, or the bot wrote to somebody; `posts` are those of the chat."""
        if post.outgoing:
            self._add(">>", name, message=post.message)
            return
        album, last = post.message.get("media_group_id"), self._lines[-1] if self._lines else None
        if album and last and last.message and last.message.get("media_group_id") == album:
            self._lines[-1] = replace(last, photos=last.photos + 1)
            return
        replied = post.message.get("reply_to_message")
        earlier = {number: one for number, one in posts.items() if number != post.message_id}
        about = reference(earlier, replied["message_id"]) if replied else None
        self._add("", name, message=post.message, about=about)

    def edit(self, name: str, post: Post, posts: dict[int, Post]) -> None:
        """A message changed."""
        if post.outgoing:
            self._add(">> edit", name, message=post.message)
            return
        own = [number for number, one in posts.items() if one.sender_id == post.sender_id]
        about = None if own and own[-1] == post.message_id else f"#{post.message_id}"
        self._add("edit", name, words=written(words_of(post.message)), about=about)

    def deletion(self, name: str, post: Post) -> None:
        """A message went."""
        self._add(">> delete", name, message=post.message)

    def press(self, name: str, label: str, about: str | None = None) -> None:
        """Somebody pressed a button; `about` names the message where the newest with that label is another one."""
        self._add("", name, words=f"[{label}]", about=about)

    def toast(self, name: str, words: str) -> None:
        """The bot answered a press with words."""
        self._add(">> toast", name, words=words)

    def deed(self, name: str, deed: str) -> None:
        """Somebody blocked the bot, came back, left Telegram."""
        self._add("deed", name, words=deed)

    def phone(self, name: str, language: str) -> None:
        """A phone appeared, or speaks another language; without an opening the cast says it."""
        if self.opening:
            self._add("phone", name, words=language)

    def advance(self, delta: timedelta) -> None:
        """The clock is about to be put forward."""
        self._add("clock", "", words=f"+{spoken(delta)}")

    def clear(self) -> None:
        """Starts a new transcript."""
        self._lines.clear()
        self.since = self._now()

    def _add(self, mark: str, name: str, **more: object) -> None:
        self._lines.append(_Line(mark, name, self._now(), **more))  # type: ignore[arg-type]

    def transcript(self, people: list[Person], zone: tzinfo | None = None) -> str:
        """The whole record as the text of a `.chat` file; `zone` is the one its beginning is written in."""
        if not self._lines:
            return ""
        order = [shown(one.first_name) for one in people]
        return "\n".join([*self._head(people, zone), "", *grouped(self._timed(), order), ""])

    def _head(self, people: list[Person], zone: tzinfo | None) -> list[str]:
        if self.opening:
            since = self.since.astimezone(zone).replace(microsecond=0, tzinfo=None)
            return [*self.opening, f"start {since.isoformat(' ')}"]
        named = {line.name for line in self._lines}
        cast = [f"{shown(one.first_name)} {one.role}".strip() for one in people if one.first_name in named]
        return [f"cast {'; '.join(cast)}"] if cast else []

    def _timed(self) -> Iterable[str]:
        """The lines, and between them how far the clock ran by itself; whole seconds, as `start` is."""
        told = acted = self.since.replace(microsecond=0)
        for line in self._lines:
            by_time = line.said and line.at - max(acted, told) > _AT_ONCE
            passed = (line.at - told).total_seconds()
            seconds = math.ceil(passed) if by_time else 0 if line.said else math.floor(passed)
            if seconds > 0:
                told += timedelta(seconds=seconds)
                yield f"clock +{spoken(timedelta(seconds=seconds))}"
            if line.mark == "clock":
                told += span(line.words)
            if not line.said:
                acted = line.at
            yield rendered(line)


def rendered(line: _Line) -> str:
    """A line as the file has it."""
    name = shown(line.name)
    match line.mark:
        case "clock":
            return f"clock {line.words}"
        case "deed":
            return f"{line.words} {name}"
        case "phone":
            return f"phone {name} {line.words}"
    about = "" if line.about is None else f" re {line.about}".rstrip()
    words = line.words if line.message is None else said(line) if line.said else sent(line)
    return f"{line.mark} {name}{about}: {words}".strip()


def said(line: _Line) -> str:
    """What the bot said: bold *so*, line breaks as dots, then what it carries and its buttons."""
    message = line.message or {}
    text = starred(words_of(message), message.get("entities") or message.get("caption_entities") or [])
    parts = [text.replace("\n", " · ")] if text else []
    parts += [f"[{kind}]" for kind in _MEDIA if kind in message]
    for row in message.get("reply_markup", {}).get("inline_keyboard", ()):
        parts += [f"[{button['text']}]" for button in row]
    return " ".join(parts)


def sent(line: _Line) -> str:
    """What somebody sent, so that it can be sent again."""
    message = line.message or {}
    words = written(words_of(message))
    return " ".join(filter(None, [words, attached(message, line.photos)]))


def attached(message: Json, photos: int) -> str:
    """What a message carries beside words, in brackets."""
    kind = next((kind for kind in _MEDIA if kind in message), None)
    match kind:
        case None:
            return ""
        case "photo":
            return "[photo]" if "media_group_id" not in message else f"[album {photos}]"
        case "location":
            return f"[location {message['location']['latitude']:.5f},{message['location']['longitude']:.5f}]"
        case "voice":
            return f"[voice {message['voice']['duration']}]"
        case "document":
            return f"[file {message['document']['file_name'].replace(']', ')')}]"
        case "contact":
            return f"[contact {message['contact']['phone_number']}]"
    return f"[{kind}]"


def written(words: str) -> str:
    """What somebody wrote, on one line, its brackets not to be taken for buttons."""
    return words.replace("[", "\\[").replace("\n", " · ")


def shown(name: str) -> str:
    """Names in transcripts have no spaces."""
    return name.replace(" ", "_")


def words_of(message: Json) -> str:
    """The text or caption of a message."""
    return str(message.get("text") or message.get("caption") or "")


def pointed_at(posts: dict[int, Post], about: str) -> int | None:
    """The newest message of the bot that has those words."""
    found = (post.message_id for post in reversed(posts.values()) if post.outgoing and about in words_of(post.message))
    return next(found, None)


def reference(posts: dict[int, Post], number: int) -> str:
    """How a transcript names a message of a chat: "" for the bot's newest, a few of its words, else its number."""
    post = posts.get(number)
    if post is None or not post.outgoing:
        return f"#{number}"
    words = words_of(post.message)
    fragments: list[str] = ["", *_NUMBER.findall(words)[:1], *[line.strip()[:24].strip() for line in words.split("\n")]]
    for fragment in fragments:
        if ":" not in fragment and pointed_at(posts, fragment) == number:
            return fragment
    return f"#{number}"


def grouped(lines: Iterable[str], order: list[str]) -> list[str]:
    """Between two doings what the bot says stands person by person, and of a card drawn several times the last."""
    found: list[str] = []
    waiting: list[str] = []
    for line in lines:
        if line.startswith(">>"):
            waiting.append(line)
            continue
        found += [*by_person(waiting, order), line]
        waiting = []
    return [*found, *by_person(waiting, order)]


def by_person(lines: Iterable[str], order: list[str]) -> list[str]:
    """What the bot said at one time, in the order of the cast; each person's lines keep theirs."""

    def rank(line: str) -> int:
        name = _SAID.sub("", line).partition(":")[0]
        return order.index(name) if name in order else len(order)

    return last_edits(sorted(lines, key=rank))


def last_edits(lines: Iterable[str]) -> list[str]:
    """Of a card drawn several times in a row, the last: how many edits it takes depends on how fast changes come."""
    kept: list[str] = []
    for line in lines:
        card, before = _CARD.match(line), _CARD.match(kept[-1]) if kept else None
        if card and before and card.groups() == before.groups():
            kept.pop()
        kept.append(line)
    return kept
