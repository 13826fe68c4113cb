"""Forwarding: a message again, with where it came from (Bot API, MessageOrigin)."""

from __future__ import annotations

from zlib import crc32

from simulator.cast import SERVICE, Post
from simulator.enclosures import Enclosures
from simulator.phones import Where, Who
from simulator.refusals import Impossible, Json

ORIGINS = ("user", "hidden_user", "chat", "channel")
# What a copy and a forward take along.
CARRIED = (
    "text",
    "entities",
    "caption",
    "caption_entities",
    "show_caption_above_media",
    "has_media_spoiler",
    "photo",
    "document",
    "voice",
    "video",
    "audio",
    "animation",
    "sticker",
    "location",
    "contact",
    "venue",
    "dice",
)


def carried(message: Json) -> Json:
    """What a message says and carries, without who sent it, its buttons and its album."""
    return {name: message[name] for name in CARRIED if name in message}


def may_go_on(message: Json) -> bool:
    """Whether Telegram lets a message be forwarded or copied."""
    return not message.get("has_protected_content") and not any(name in message for name in SERVICE)


class Forwards(Enclosures):
    """A message of a chat, or one from elsewhere, reaches the bot as a forward."""

    def forward(self, who: Who, message_id: int, *, chat: Where = None, to: Where = None) -> Post:
        """Forwards a message of `chat` to the bot, or to the group `to`."""
        person = self.find_person(who)
        post = self.room(person, chat).posts.get(message_id)
        if post is None:
            raise Impossible(f"there is no message {message_id}")
        if not may_go_on(post.message):
            raise Impossible(f"message {message_id} cannot be forwarded")
        return self.send(person, carried(post.message), chat=to, origin=self.origin_of(post.message))

    def forward_from(self, who: Who, origin: Json, content: Json, *, to: Where = None) -> Post:
        """Forwards something that nobody here wrote: `origin` is `{type, name, id?, …}`, see `told_origin`."""
        return self.send(who, carried(content), chat=to, origin=self.told_origin(origin))

    def origin_of(self, message: Json) -> Json:
        """Where a message came from; a forward of a forward tells the first origin."""
        if (origin := message.get("forward_origin")) is not None:
            return dict(origin)
        date = message["date"]
        if (room := message.get("sender_chat")) is not None:
            if room["type"] == "channel":
                return {"type": "channel", "date": date, "chat": room, "message_id": message["message_id"]}
            return {"type": "chat", "date": date, "sender_chat": room}
        author = self.people.get(message["from"]["id"])
        if author is not None and author.private_forwards:
            return {"type": "hidden_user", "date": date, "sender_user_name": author.name}
        return {"type": "user", "date": date, "sender_user": message["from"]}

    def told_origin(self, told: Json) -> Json:
        """Telegram's MessageOrigin out of `type` and `name`.

        Beside them: `id` (else one made from the name), `signature` (chat, channel), `message_id` (channel).
        """
        kind, name = told.get("type"), str(told.get("name") or "")
        if kind not in ORIGINS or not name:
            raise Impossible(f"an origin has a type ({', '.join(ORIGINS)}) and a name")
        number = int(told.get("id") or 0) or crc32(name.encode())
        origin: Json = {"type": kind, "date": self.stamp()}
        if kind == "hidden_user":
            return {**origin, "sender_user_name": name}
        if kind == "user":
            author = self.people.get(number)
            stranger = {"id": 6_000_000_000 + number, "is_bot": False, "first_name": name}
            return {**origin, "sender_user": author.user() if author else stranger}
        if told.get("signature"):
            origin["author_signature"] = str(told["signature"])
        room = {"id": -1_000_000_000_000 - number, "type": "supergroup", "title": name}
        if kind == "chat":
            return {**origin, "sender_chat": room}
        return {**origin, "chat": {**room, "type": "channel"}, "message_id": int(told.get("message_id") or 1)}
