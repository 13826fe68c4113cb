"""The small Telegram as one object: what people do, what they see, and the time it is. No I/O, no framework."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from simulator.cast import PRESENT, Chat, Person, Post, Press, Pressed
from simulator.clock import Clock
from simulator.groups import Groups
from simulator.lines import Names
from simulator.phones import Where, Who
from simulator.refusals import Impossible, Json, Refused
from simulator.screen import described, screen
from simulator.state import DEFAULT_TOKEN

__all__ = ["DEFAULT_TOKEN", "Chat", "Clock", "Impossible", "Person", "Post", "Press", "Pressed", "Refused", "World"]


class World(Groups):
    """Everything there is. Each layer below adds one kind of doing.

    They are `State`, `Phones`, `Enclosures`, `Forwards`, `Buttons`, `Groups`.
    """

    def chat(self, who: Who, chat: Where = None, *, limit: int = 200) -> Json:
        """The chat as that person sees it: messages newest last, keyboard, menu, toasts, "typing"."""
        person = self.find_person(who)
        return screen(self, person, self.room(person, chat), limit)

    def messages(self, who: Who, chat: Where = None) -> list[Json]:
        """The messages of a chat as that person sees them, newest last."""
        shown: list[Json] = self.chat(who, chat)["messages"]
        return shown

    def last(self, who: Who, chat: Where = None) -> Json | None:
        """The bot's newest message in a chat, as that person sees it."""
        return next((one for one in reversed(self.messages(who, chat)) if one["from"]["is_bot"]), None)

    def cast(self) -> list[Json]:
        """Everybody, in order of appearance, with the chats they are in."""
        return [
            {
                **described(person),
                "groups": [{"id": group.id, "title": group.title} for group in self.groups_of(person)],
                "unread": self.unread(person),
            }
            for person in self.people.values()
        ]

    def groups_of(self, person: Person) -> list[Chat]:
        """The groups a person is in."""
        return [one for one in self.groups() if one.migrated_to is None and one.members.get(person.id) in PRESENT]

    def groups(self) -> list[Chat]:
        """Every group, in order of appearance, with those that have become another one."""
        return [chat for chat in self.chats.values() if chat.person is None]

    def unread(self, person: Person) -> int:
        """How many of the bot's messages the person has not seen."""
        chat = self.chats.get(person.id)
        return sum(post.outgoing and not post.read for post in chat.posts.values()) if chat else 0

    def advancing(self, delta: timedelta) -> None:
        """Notes that whoever owns the clock is about to put it forward."""
        self.record.advance(delta)

    def advanced(self, delta: timedelta) -> datetime:
        """Tells that the clock was put forward by whoever owns it, and says the time."""
        self.queue.expire()
        now = self.now()
        self.emit("clock", now=now.isoformat(), advanced=delta.total_seconds())
        return now

    def advance(self, delta: timedelta) -> datetime:
        """Puts the world's own clock forward."""
        self.advancing(delta)
        self.clock.advance(delta)
        return self.advanced(delta)

    def transcript(self, zone: tzinfo | None = None) -> str:
        """What was done so far, as the text of a `.chat` file; `zone` is the one its beginning is written in."""
        return self.record.transcript(list(self.people.values()), self.groups(), zone)

    def begin_transcript(self) -> None:
        """A new transcript, which begins with the groups there are."""
        self.record.clear()
        for group in self.groups():
            if group.migrated_to is None and group.present():
                self.record.group(group)
                self._tell_bot(group)

    def _tell_bot(self, group: Chat) -> None:
        if group.has_bot():
            deed = "promote-bot" if group.bot == "administrator" else "add-bot"
            self.record.deed(self.people[group.present()[0]], deed, group)

    def names(self) -> Names:
        """What a transcript calls everybody and every group."""
        return Names(self.people.values(), self.groups())
