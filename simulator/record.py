"""What was just done, as a transcript that can be replayed: see docs/simulator.md for how its lines read."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from simulator.cast import SERVICE, Chat, Person, Post
from simulator.clock import span, spoken
from simulator.lines import Line, Names, grouped, reference, rendered, shown, words_of, written

# What the bot says later than this after somebody did something, it says because time has passed.
_AT_ONCE = timedelta(seconds=3)


class Record:
    """The newest doings in order; rendered only when asked for.

    ``opening`` are lines that say how the world began, in place of the cast; ``since`` is when the record began.
    """

    def __init__(self, now: Callable[[], datetime], kept: int = 5_000) -> None:
        self._now = now
        self._lines: deque[Line] = deque(maxlen=kept)
        self.opening: tuple[str, ...] = ()
        self.since = now()

    def message(self, post: Post, chat: Chat) -> None:
        """Somebody wrote, or the bot wrote to somebody; what a group itself tells is recorded as a deed."""
        if post.outgoing:
            self._add(">>", **_whom(chat), message=post.message)
            return
        album, last = post.message.get("media_group_id"), self._lines[-1] if self._lines else None
        if any(name in post.message for name in SERVICE):
            return
        if album and last and last.message and last.message.get("media_group_id") == album:
            self._lines[-1] = replace(last, photos=last.photos + 1)
            return
        replied = post.message.get("reply_to_message")
        earlier = {number: one for number, one in chat.posts.items() if number != post.message_id}
        about = reference(earlier, replied["message_id"]) if replied else None
        self._add("", who=post.sender_id, room=_group(chat), message=post.message, about=about)

    def edit(self, post: Post, chat: Chat) -> None:
        """A message changed."""
        if post.outgoing:
            self._add(">> edit", **_whom(chat), message=post.message)
            return
        own = [number for number, one in chat.posts.items() if one.sender_id == post.sender_id]
        about = None if own and own[-1] == post.message_id else f"#{post.message_id}"
        words = written(words_of(post.message))
        self._add("edit", who=post.sender_id, room=_group(chat), words=words, about=about)

    def deletion(self, post: Post, chat: Chat) -> None:
        """A message went."""
        self._add(">> delete", **_whom(chat), message=post.message)

    def press(self, person: Person, chat: Chat, label: str, about: str | None = None) -> None:
        """Somebody pressed a button; `about` names the message where the newest with that label is another one."""
        self._add("", who=person.id, room=_group(chat), words=f"[{label}]", about=about)

    def toast(self, person: int, words: str) -> None:
        """The bot answered a press with words."""
        self._add(">> toast", who=person, words=words)

    def deed(self, person: Person, deed: str, group: Chat | None = None) -> None:
        """Somebody blocked the bot, came back, left Telegram; or did something to a group."""
        self._add("deed", who=person.id, words=deed, room=_group(group))

    def phone(self, person: Person) -> None:
        """A phone appeared, or speaks another language; without an opening the cast says it."""
        if self.opening:
            self._add("phone", who=person.id, words=person.language_code or "")

    def group(self, group: Chat) -> None:
        """There is a group, without the bot so far."""
        self._add(group.type, room=group.id, members=tuple(group.present()))

    def advance(self, delta: timedelta) -> None:
        """The clock is about to be put forward."""
        self._add("clock", words=f"+{spoken(delta)}")

    def clear(self) -> None:
        """Starts a new transcript."""
        self._lines.clear()
        self.since = self._now()

    def _add(self, mark: str, **more: Any) -> None:
        self._lines.append(Line(mark, self._now(), **more))

    def transcript(self, people: list[Person], groups: list[Chat], zone: tzinfo | None = None) -> str:
        """The whole record as the text of a `.chat` file; `zone` is the one its beginning is written in."""
        if not self._lines:
            return ""
        names = Names(people, groups)
        lines = (rendered(line, names) for line in self._timed())
        return "\n".join([*self._head(people, names, zone), "", *grouped(lines, names.order()), ""])

    def _head(self, people: list[Person], names: Names, zone: tzinfo | None) -> list[str]:
        if self.opening:
            since = self.since.astimezone(zone).replace(microsecond=0, tzinfo=None)
            return [*self.opening, f"start {since.isoformat(' ')}"]
        cast = [f"{names.person(one.id)} {one.role}".strip() for one in self._cast(people)]
        return [f"cast {'; '.join(cast)}"] if cast else []

    def _cast(self, people: list[Person]) -> Iterator[Person]:
        """Who is in the record, and who has the same name as somebody in it."""
        there = {number for line in self._lines for number in (line.who, *line.members)}
        called = {shown(one.first_name) for one in people if one.id in there}
        return (one for one in people if shown(one.first_name) in called)

    def _timed(self) -> Iterable[Line]:
        """The lines, and between them how far the clock ran by itself; whole seconds, as `start` is."""
        told = acted = self.since.replace(microsecond=0)
        for line in self._lines:
            by_time = line.said and line.at - max(acted, told) > _AT_ONCE
            passed = (line.at - told).total_seconds()
            seconds = math.ceil(passed) if by_time else 0 if line.said else math.floor(passed)
            if seconds > 0:
                told += timedelta(seconds=seconds)
                yield Line("clock", line.at, words=f"+{spoken(timedelta(seconds=seconds))}")
            if line.mark == "clock":
                told += span(line.words)
            if not line.said:
                acted = line.at
            yield line


def _group(chat: Chat | None) -> int | None:
    return None if chat is None or chat.person is not None else chat.id


def _whom(chat: Chat) -> dict[str, int | None]:
    """Whom the bot speaks to: the person whose chat it is, or the room."""
    return {"who": chat.id, "room": None} if chat.person is not None else {"room": chat.id}
