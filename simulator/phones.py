"""What people do on their phones: write, send pictures, press buttons, block the bot, leave."""

from __future__ import annotations

import re
from typing import Any

from simulator import pictures, sounds
from simulator.cast import Chat, Person, Post
from simulator.refusals import Impossible, Json
from simulator.state import State
from simulator.text import CAPTION_LIMIT, TEXT_LIMIT, units, with_found

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{0,64}")
_THUMBNAILS = ((90, 67), (320, 240))
_FULL = (800, 600)

Who = Person | int
Where = Chat | int | None


class Phones(State):
    """A person does something, and the bot gets an update."""

    def person(self, number: int, first_name: str, language_code: str | None = "zh", **more: Any) -> Person:
        """A phone appears, or changes: `last_name`, `username`, `phone_number`, `role`. It has not written yet."""
        person = self.people.get(number)
        known = person is not None and (person.first_name, person.language_code) == (first_name, language_code)
        if person is None:
            person = self.people[number] = Person(number, first_name)
        person.first_name, person.language_code = first_name, language_code
        if not known:
            self.record.phone(first_name, language_code or "")
        for name, value in more.items():
            setattr(person, name, value)
        self.emit("person", person_id=number)
        return person

    # Messages.

    def send(self, who: Who, content: Json, *, chat: Where = None, reply_to: int | None = None) -> Post:
        """Any message: `content` is the part of Telegram's Message that says what it is, e.g. {"dice": {…}}."""
        person = self.find_person(who)
        room = self._writable(person, chat)
        self._open(room)
        replied = room.posts.get(reply_to) if reply_to is not None else None
        if reply_to is not None and replied is None:
            raise Impossible(f"there is no message {reply_to} to reply to")
        post = self.post(room, person.user(), content, outgoing=False, reply_to=replied)
        if self._reaches_bot(room, content, replied):
            self.queue.push("message", post.message, ("chat", room.id), post=post)
        return post

    def say(self, who: Who, text: str, *, chat: Where = None, reply_to: int | None = None) -> Post:
        """Writes a message. A long one goes in parts, as from any phone; the first is returned."""
        first, *rest = list(_parts(text, TEXT_LIMIT)) or [""]
        post = self.send(who, _worded("text", first), chat=chat, reply_to=reply_to)
        for part in rest:
            self.send(who, _worded("text", part), chat=chat)
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
        key = "text" if "text" in post.message else "caption"
        old = {k: v for k, v in post.message.items() if k not in ("text", "entities", "caption", "caption_entities")}
        self.change(post, {**old, "edit_date": self.stamp(), **_worded(key, text)}, by_bot=False)
        if self._reaches_bot(room, post.message, None):
            self.queue.push("edited_message", post.message, ("chat", room.id), post=post)
        return post

    # Files, places, people.

    def photo(
        self,
        who: Who,
        caption: str = "",
        *,
        data: bytes | None = None,
        colour: str | None = None,
        album: str | None = None,
        chat: Where = None,
        reply_to: int | None = None,
    ) -> Post:
        """Sends a photo: the one given, or one made here in `colour`."""
        content: Json = {"photo": self.photo_sizes(data, colour), **_worded("caption", caption)}
        if album is not None:
            content["media_group_id"] = album
        return self.send(who, content, chat=chat, reply_to=reply_to)

    def album(
        self,
        who: Who,
        count: int = 3,
        caption: str = "",
        *,
        pictures: list[bytes] | None = None,
        colour: str | None = None,
        chat: Where = None,
        reply_to: int | None = None,
    ) -> list[Post]:
        """Sends several photos as one album; the first carries the caption."""
        number = f"{13_000_000_000_000_000 + self.serial()}"
        given: list[bytes | None] = list(pictures) if pictures else [None] * count
        return [
            self.photo(
                who, "" if index else caption, data=data, colour=colour, album=number, chat=chat, reply_to=reply_to
            )
            for index, data in enumerate(given)
        ]

    def photo_sizes(self, data: bytes | None = None, colour: str | None = None) -> list[Json]:
        """Telegram's array of PhotoSize, smallest first."""
        if data is not None:
            width, height = pictures.size_of(data) or _FULL
            stored = self.files.add("photo", data)
            return [{**stored.described(), "width": width, "height": height}]
        seed = self.serial() % 16
        sizes = []
        for width, height in (*_THUMBNAILS, _FULL):
            stored = self.files.add("photo", pictures.jpeg(width, height, colour, seed))
            sizes.append({**stored.described(), "width": width, "height": height})
        return sizes

    def voice(
        self, who: Who, seconds: int = 3, *, data: bytes | None = None, chat: Where = None, reply_to: int | None = None
    ) -> Post:
        """Sends a voice message."""
        stored = self.files.add("voice", sounds.voice(seconds) if data is None else data, mime_type="audio/ogg")
        voice = {**stored.described(), "duration": seconds, "mime_type": "audio/ogg"}
        return self.send(who, {"voice": voice}, chat=chat, reply_to=reply_to)

    def file(
        self,
        who: Who,
        name: str = "notes.txt",
        data: bytes = b"notes\n",
        *,
        mime_type: str = "",
        size: int | None = None,
        caption: str = "",
        chat: Where = None,
        reply_to: int | None = None,
    ) -> Post:
        """Sends a document; `size` makes Telegram say another size than the true one."""
        stored = self.files.add("document", data, name, mime_type, size)
        document = {**stored.described(), "file_name": name, "mime_type": stored.mime_type}
        return self.send(who, {"document": document, **_worded("caption", caption)}, chat=chat, reply_to=reply_to)

    def video(
        self,
        who: Who,
        data: bytes = b"",
        *,
        seconds: int = 5,
        size: int | None = None,
        caption: str = "",
        chat: Where = None,
        reply_to: int | None = None,
    ) -> Post:
        """Sends a video."""
        stored = self.files.add("video", data or _EMPTY_MP4, mime_type="video/mp4", size=size)
        video = {**stored.described(), "width": 640, "height": 360, "duration": seconds, "mime_type": "video/mp4"}
        return self.send(who, {"video": video, **_worded("caption", caption)}, chat=chat, reply_to=reply_to)

    def location(
        self,
        who: Who,
        latitude: float,
        longitude: float,
        *,
        live: int | None = None,
        chat: Where = None,
        reply_to: int | None = None,
    ) -> Post:
        """Sends a place on the map; `live` is for how many seconds it is kept up to date."""
        place: Json = {"latitude": latitude, "longitude": longitude}
        if live is not None:
            place["live_period"] = live
        return self.send(who, {"location": place}, chat=chat, reply_to=reply_to)

    def contact(
        self,
        who: Who,
        phone_number: str | None = None,
        first_name: str | None = None,
        user_id: int | None = None,
        *,
        reply_to: int | None = None,
    ) -> Post:
        """Sends a contact: the person's own, unless another name is given."""
        person = self.find_person(who)
        card: Json = {
            "phone_number": phone_number or person.phone_number or f"+86138{person.id % 10**8:08d}",
            "first_name": first_name or person.first_name,
        }
        if user_id is not None or first_name is None:
            card["user_id"] = user_id if user_id is not None else person.id
        return self.send(person, {"contact": card}, reply_to=reply_to)

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
        self.record.deed(person.first_name, "block" if blocked else "unblock")
        self.bot_moved(self.private(person), person, "kicked" if blocked else "member")

    def delete_account(self, who: Who) -> None:
        """The person leaves Telegram; bots hear nothing of it."""
        person = self.find_person(who)
        person.deleted = True
        self.record.deed(person.first_name, "delete-account")
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
        if chat.person is not None or not self.privacy_mode or chat.bot == "administrator":
            return chat.bot not in ("left", "kicked") or chat.person is not None
        if chat.bot in ("left", "kicked"):
            return False
        text = str(content.get("text") or content.get("caption") or "")
        return text.startswith("/") or (replied is not None and replied.outgoing) or f"@{self.bot['username']}" in text


_EMPTY_MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x00\x08free\x00\x00\x00\x08mdat"


def _worded(key: str, text: str) -> Json:
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
