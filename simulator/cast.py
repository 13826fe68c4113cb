"""Who and what there is: people, chats, the messages in them, and the presses of their buttons."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from simulator.refusals import Json

# What a group tells of itself.
SERVICE = ("new_chat_members", "left_chat_member", "migrate_to_chat_id", "migrate_from_chat_id", "pinned_message")


@dataclass(slots=True)
class Person:
    """A phone and whoever holds it. `role`: words only; `shown`: whether the page begins with it.

    `started`: the chat with the bot is open; `private_forwards`: forwards of their messages carry only their name.
    """

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    phone_number: str | None = None
    role: str = ""
    started: bool = False
    blocked: bool = False
    deleted: bool = False
    shown: bool = True
    private_forwards: bool = False

    def user(self) -> Json:
        """Telegram's User."""
        user: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        for name in ("last_name", "username", "language_code"):
            if (value := getattr(self, name)) is not None:
                user[name] = value
        return user

    @property
    def language(self) -> str:
        """The two letters by which menus and descriptions are chosen: "zh" of "zh-hans"; "" where none is known."""
        return (self.language_code or "").split("-")[0]

    @property
    def name(self) -> str:
        """First and last name, as others see them."""
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name


@dataclass(slots=True)
class Post:
    """A message in a chat. `message` is Telegram's Message and is replaced, never changed, so it can be handed out."""

    chat_id: int
    message_id: int
    sender_id: int
    outgoing: bool
    message: Json
    markup: Json | None = None
    read: bool = False
    presses: list[Press] = field(default_factory=list)


@dataclass(slots=True)
class Press:
    """A button pressed; `answer` is the toast, empty until the bot answers."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    data: str
    label: str
    at: datetime
    answer: Json | None = None


ChatType = Literal["private", "group", "supergroup"]
Membership = Literal["creator", "administrator", "member", "left", "kicked"]
PRESENT: tuple[Membership, ...] = ("creator", "administrator", "member")


@dataclass(slots=True)
class Chat:
    """A private chat (its id is the person's) or a group, with its newest messages."""

    id: int
    type: ChatType
    title: str = ""
    person: Person | None = None
    members: dict[int, Membership] = field(default_factory=dict)
    bot: Membership = "member"
    migrated_to: int | None = None
    posts: dict[int, Post] = field(default_factory=dict)
    last_message_id: int = 0
    keyboard: Json | None = None
    action: tuple[str, datetime] | None = None

    def present(self) -> list[int]:
        """Who is in it."""
        return [number for number, rank in self.members.items() if rank in PRESENT]

    def has_bot(self) -> bool:
        """Whether the bot is in it; a person who blocked it counts as having thrown it out."""
        return self.bot in PRESENT

    def described(self) -> Json:
        """Telegram's Chat."""
        if self.person is None:
            return {"id": self.id, "type": self.type, "title": self.title}
        chat: Json = {"id": self.id, "type": "private", "first_name": self.person.first_name}
        for name in ("last_name", "username"):
            if (value := getattr(self.person, name)) is not None:
                chat[name] = value
        return chat


@dataclass(frozen=True, slots=True)
class Pressed:
    """What pressing a button did: a callback query, a message of the person's own, a link opened, a text copied."""

    kind: Literal["callback", "message", "url", "copy"]
    query_id: str | None = None
    message_id: int | None = None
    value: str | None = None
