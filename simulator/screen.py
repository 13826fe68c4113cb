"""A chat as a person sees it on their phone, as plain data for a page or a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.buttons import buttons_of
from simulator.cast import SERVICE, Chat, Person, Post, Press
from simulator.menus import menu_for
from simulator.refusals import Json
from simulator.state import State
from simulator.text import to_html

# Telegram shows "typing…" for five seconds, or until the message comes.
ACTION_LIFE = timedelta(seconds=5)
_FILES = ("voice", "video", "document", "audio", "video_note", "animation", "sticker")
_KINDS = {
    "callback_data": "callback",
    "url": "url",
    "login_url": "url",
    "web_app": "web_app",
    "copy_text": "copy",
    "request_contact": "contact",
    "request_location": "location",
}


def screen(state: State, person: Person, chat: Chat, limit: int = 200) -> Json:
    """The chat with its newest messages last."""
    posts = list(chat.posts.values())[-limit:]
    toasts = [_toast(press) for post in posts for press in post.presses if press.answer is not None]
    return {
        "person": described(person),
        "chat": {
            "id": chat.id,
            "type": chat.type,
            "title": chat.title or state.told("name", person.language),
            "members": len(chat.present()) + chat.has_bot(),
        },
        "bot": state.bot,
        "about": {field: state.told(field, person.language) for field in ("name", "description", "short_description")},
        "now": state.now().isoformat(),
        "messages": [_message(state, person, post) for post in posts],
        "keyboard": _keyboard(chat),
        "action": _action(state, chat),
        "commands": menu_for(state.commands, person, chat),
        "toasts": sorted(toasts, key=lambda toast: str(toast["date"])),
        "unread": sum(post.outgoing and not post.read for post in posts),
    }


def described(person: Person) -> Json:
    """A person, as the list of phones shows them."""
    return {
        "id": person.id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "username": person.username,
        "language_code": person.language_code,
        "role": person.role,
        "started": person.started,
        "blocked": person.blocked,
        "deleted": person.deleted,
        "shown": person.shown,
        "private_forwards": person.private_forwards,
    }


def _message(state: State, person: Person, post: Post) -> Json:
    message = post.message
    text = message.get("text") or message.get("caption") or ""
    entities = message.get("entities") or message.get("caption_entities") or []
    sender = message["from"]
    return {
        "id": post.message_id,
        "message_id": post.message_id,
        "from": {"id": sender["id"], "name": sender["first_name"], "is_bot": sender["is_bot"]},
        "mine": post.sender_id == person.id,
        "date": _iso(message["date"]),
        "edited": "edit_date" in message,
        "text": text,
        "html": to_html(text, entities),
        "entities": entities,
        "media": _media(state, message),
        "album": message.get("media_group_id"),
        "reply_to": _reply(message),
        "forwarded": _forwarded(message),
        "caption_above": message.get("show_caption_above_media", False),
        "service": next((name for name in SERVICE if name in message), None),
        "subject": _subject(message),
        "buttons": _buttons(buttons_of(post)),
        "force_reply": bool(post.markup and post.markup.get("force_reply")),
        "read": post.read,
        "waiting": any(press.answer is None for press in post.presses if press.person_id == person.id),
        "toasts": [_toast(press) for press in post.presses if press.answer is not None],
    }


def _iso(stamp: int) -> str:
    return datetime.fromtimestamp(stamp, UTC).isoformat()


def _reply(message: Json) -> Json | None:
    replied = message.get("reply_to_message")
    if replied is None:
        return None
    words = replied.get("text") or replied.get("caption") or ""
    return {"message_id": replied["message_id"], "text": words, "from": replied["from"]["first_name"]}


def _subject(message: Json) -> str | None:
    """Who came into the group or left it."""
    moved = message.get("new_chat_members") or [message.get("left_chat_member")]
    return moved[0]["first_name"] if moved[0] else None


def _forwarded(message: Json) -> Json | None:
    """Where a message was forwarded from: the kind of origin, its name, and who signed it."""
    origin = message.get("forward_origin")
    if origin is None:
        return None
    room = origin.get("sender_chat") or origin.get("chat") or {}
    author = origin.get("sender_user") or {}
    names = (author.get("first_name"), author.get("last_name"))
    name = room.get("title") or origin.get("sender_user_name") or " ".join(filter(None, names))
    return {"type": origin["type"], "name": name, "signature": origin.get("author_signature")}


def _toast(press: Press) -> Json:
    answer = press.answer or {}
    return {
        "query_id": press.id,
        "message_id": press.message_id,
        "label": press.label,
        "text": answer.get("text", ""),
        "alert": answer.get("show_alert", False),
        "url": answer.get("url"),
        "date": answer.get("date", ""),
    }


def _buttons(rows: list[list[Json]]) -> list[list[Json]]:
    return [
        [{**_button(button), "row": row, "column": column} for column, button in enumerate(buttons)]
        for row, buttons in enumerate(rows)
    ]


def _button(button: Json) -> Json:
    field = next((name for name in _KINDS if button.get(name)), None)
    shown: Json = {"label": button["text"], "kind": _KINDS[field] if field else "text"}
    if field in ("callback_data", "url"):
        shown["data" if field == "callback_data" else "url"] = button[field]
    if style := button.get("style"):
        shown["style"] = style
    return shown


def _keyboard(chat: Chat) -> Json | None:
    if chat.keyboard is None:
        return None
    return {**chat.keyboard, "keyboard": None, "buttons": _buttons(chat.keyboard["keyboard"])}


def _action(state: State, chat: Chat) -> str | None:
    if chat.action is None or state.now() - chat.action[1] > ACTION_LIFE:
        return None
    return chat.action[0]


def _media(state: State, message: Json) -> Json | None:
    """What a message carries beside words: a file with its address, or a place, or a contact."""
    spoiler = {"spoiler": message.get("has_media_spoiler", False)}
    if sizes := message.get("photo"):
        return _file(state, "photo", sizes[-1]) | {"thumbnail": f"/sim/files/{sizes[0]['file_id']}"} | spoiler
    for kind in _FILES:
        if kind in message:
            return _file(state, kind, message[kind]) | spoiler
    for kind in ("location", "venue", "contact", "poll", "dice"):
        if kind in message:
            return {"kind": kind, **message[kind]}
    return None


def _file(state: State, kind: str, described: dict[str, Any]) -> Json:
    stored = state.files.get(described.get("file_id", ""))
    address = f"/sim/files/{stored.file_id}" if stored else None
    return {
        "kind": kind,
        **described,
        "url": address,
        "name": described.get("file_name") or (stored.name if stored else ""),
    }
