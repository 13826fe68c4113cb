"""What people do on their phones: write, change what they wrote, block the bot, leave."""

from __future__ import annotations

import re
from typing import Any, TypedDict, Unpack

from simulator.cast import Chat, Person, Post
from simulator.refusals import Impossible, Json
from simulator.state import State
from simulator.text import CAPTION_LIMIT, TEXT_LIMIT, units, with_found

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")

Who = Person | int
Where = Chat | int | None


class Way(TypedDict, total=False):
    """How a message goes: into which chat, in answer to which message, forwarded from where (MessageOrigin)."""

    chat: Where
    reply_to: int | None
    origin: Json | None


class Phones(State):
    """A person does something, and the bot gets an update."""

    def person(self, number: int, first_name: str, language_code: str | None = "zh", **more: Any) -> Person:
        """A phone appears, or changes: `last_name`, `username`, `phone_number`, `role`, …; it has not written."""
        person = self.people.get(number)
        known = person is not None and (person.first_name, person.language_code) == (first_name, language_code)
        if person is None:
            person = self.people[number] = Person(number, first_name)
        person.first_name, person.language_code = first_name, language_code
        if not known:
            self.record.phone(person)
        for name, value in more.items():
            setattr(person, name, value)
        self.emit("person", person_id=number)
        return person

    # Messages.

    def send(self, who: Who, content: Json, **way: Unpack[Way]) -> Post:
        """Any message: `content` is the part of Telegram's Message that says what it is, e.g. {"dice": {…}}."""
        person = self.find_person(who)
        room = self._writable(person, way.get("chat"))
        self._open(room)
        if (origin := way.get("origin")) is not None:
            content = {**content, "forward_origin": origin}
        replied = self._replied(room, way.get("reply_to"))
        post = self.post(room, person.user(), content, outgoing=False, reply_to=replied)
        if self._reaches_bot(room, content, replied):
            self.queue.push("message", post.message, ("chat", room.id), post=post)
        return post

    def _replied(self, room: Chat, reply_to: int | None) -> Post | None:
        replied = room.posts.get(reply_to) if reply_to is not None else None
        if reply_to is not None and replied is None:
            raise Impossible(f"there is no message {reply_to} to reply to")
        return replied

    def say(self, who: Who, text: str, **way: Unpack[Way]) -> Post:
        """Writes a message. A long one goes in parts, as from any phone; the first is returned."""
        first, *rest = list(_parts(text, TEXT_LIMIT)) or [""]
        post = self.send(who, worded("text", first), **way)
        alone: Way = {**way, "reply_to": None}
        for part in rest:
            self.send(who, worded("text", part), **alone)
        return post

    def start(self, who: Who, payload: str = "") -> Post:
        """Opens the bot, by its name or by a link with a payload, and presses Start."""
        if not _PAYLOAD.fullmatch(payload):
            raise Impossible("a start payload has at most 64 letters, digits, _ and -")
        person = self.find_person(who)
        if person.blocked:
            self.unblock(person)
        return self.say(person, f"/start {payload}".strip())

    def edit(self, who: Who, message_id: int, text: str, *, chat: Where = None) -> Post:
        """Changes the words of an own message."""
        person = self.find_person(who)
        room = self._writable(person, chat)
        post = room.posts.get(message_id)
        if post is None or post.outgoing or post.sender_id != person.id:
            raise Impossible(f"{message_id} is not a message of {person.name}")
        if "forward_origin" in post.message:
            raise Impossible(f"{message_id} was forwarded, and stays as it is")
        key = "text" if "text" in post.message else "caption"
        old = {k: v for k, v in post.message.items() if k not in ("text", "entities", "caption", "caption_entities")}
        self.change(post, {**old, "edit_date": self.stamp(), **worded(key, text)})
        replied = room.posts.get(post.message.get("reply_to_message", {}).get("message_id", 0))
        if self._reaches_bot(room, post.message, replied):
            self.queue.push("edited_message", post.message, ("chat", room.id), post=post)
        return post

    # Coming and going.

    def block(self, who: Who) -> None:
        """Blocks the bot."""
        self._blocked(who, True)

    def unblock(self, who: Who) -> None:
        """Lets the bot write again."""
        self._blocked(who, False)

    def _blocked(self, who: Who, blocked: bool) -> None:
        person = self.find_person(who)
        if person.blocked == blocked:
            return
        person.blocked = blocked
        self.record.deed(person, "block" if blocked else "unblock")
        self.bot_moved(self.private(person), person, "kicked" if blocked else "member")

    def delete_account(self, who: Who) -> None:
        """The person leaves Telegram; bots hear nothing of it."""
        person = self.find_person(who)
        person.deleted = True
        self.record.deed(person, "delete-account")
        self.emit("person", person_id=person.id)

    def look(self, who: Who, *, chat: Where = None) -> None:
        """Opens the chat: the bot's messages in it are read."""
        self._open(self.room(self.find_person(who), chat))

    # Rules.

    def _writable(self, person: Person, chat: Where) -> Chat:
        if person.deleted:
            raise Impossible(f"{person.name} has left Telegram")
        room = self.room(person, chat)
        if room.person is person:
            if person.blocked:
                raise Impossible(f"{person.name} has blocked the bot and must unblock it first")
            person.started = True
        return room

    def _open(self, chat: Chat) -> None:
        for post in reversed(chat.posts.values()):
            if post.outgoing and post.read:
                break
            post.read = post.read or post.outgoing

    def _reaches_bot(self, chat: Chat, content: Json, replied: Post | None) -> bool:
        """In groups a bot in privacy mode hears commands, replies to itself and mentions only."""
        if chat.person is not None:
            return True
        if not chat.has_bot() or not self.privacy_mode or chat.bot == "administrator":
            return chat.has_bot()
        text = str(content.get("text") or content.get("caption") or "")
        return text.startswith("/") or (replied is not None and replied.outgoing) or f"@{self.bot['username']}" in text


def worded(key: str, text: str) -> Json:
    """Text or caption with its entities."""
    if not text and key == "caption":
        return {}
    if units(text) > CAPTION_LIMIT and key == "caption":
        raise Impossible(f"a caption has at most {CAPTION_LIMIT} characters")
    content: Json = {key: text}
    if entities := with_found(text, []):
        content["entities" if key == "text" else "caption_entities"] = entities
    return content


def _parts(text: str, limit: int) -> list[str]:
    """The text in parts of at most `limit` UTF-16 units, never inside a character."""
    if units(text) <= limit:
        return [text]
    parts, start, size = [], 0, 0
    for index, char in enumerate(text):
        width = 2 if char > "\uffff" else 1
        if size + width > limit:
            parts.append(text[start:index])
            start, size = index, 0
        size += width
    return [*parts, text[start:]]
