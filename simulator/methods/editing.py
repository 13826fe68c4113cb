"""Changing and deleting what the bot has sent."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

from simulator.cast import Chat, Post
from simulator.methods.registry import Call, method
from simulator.refusals import Json, Refused, bad_request, not_modified
from simulator.text import whole

# Bot API, deleteMessage: a message can be deleted while it is less than 48 hours old.
DELETABLE = timedelta(hours=48)
_WORDS = ("text", "entities", "caption", "caption_entities", "link_preview_options", "show_caption_above_media")
_CAPTIONED = ("photo", "document", "voice", "video", "audio", "animation")


def _own(call: Call) -> Post:
    """The bot's message that is to change."""
    if not call.word("chat_id") and not call.word("message_id"):
        raise bad_request("message identifier is not specified")
    post = call.target(call.writable(), "edit")
    if not post.outgoing:
        raise bad_request("message can't be edited")
    return post


def _edited(call: Call, post: Post, content: Json) -> Json:
    """Puts new words and buttons in place; without a reply_markup the buttons go."""
    inline, _ = call.markup()
    fixed = ("edit_date", "reply_markup", *_WORDS)
    message = {name: value for name, value in post.message.items() if name not in fixed} | content
    if inline is not None:
        message["reply_markup"] = inline
    if message == {name: value for name, value in post.message.items() if name != "edit_date"}:
        raise not_modified()
    message["edit_date"] = call.world.stamp()
    call.world.change(post, message)
    return message


@method("editMessageText")
def edit_message_text(call: Call) -> Json:
    """New words and new buttons."""
    content = call.text()
    post = _own(call)
    if "text" not in post.message:
        raise bad_request("there is no text in the message to edit")
    return _edited(call, post, content)


@method("editMessageCaption")
def edit_message_caption(call: Call) -> Json:
    """New words of a file."""
    content = {**call.caption(), **call.caption_place()}
    post = _own(call)
    if not any(kind in post.message for kind in _CAPTIONED):
        raise bad_request("there is no caption in the message to edit")
    return _edited(call, post, content)


@method("editMessageReplyMarkup")
def edit_message_reply_markup(call: Call) -> Json:
    """New buttons under the same words."""
    post = _own(call)
    return _edited(call, post, {name: post.message[name] for name in _WORDS if name in post.message})


def _remove(call: Call, chat: Chat, number: int) -> None:
    post = chat.posts.get(number)
    if post is None:
        raise bad_request("message to delete not found")
    if call.world.stamp() - post.message["date"] > DELETABLE.total_seconds():
        raise bad_request("message can't be deleted for everyone")
    if not post.outgoing and chat.person is None and chat.bot != "administrator":
        raise bad_request("message can't be deleted")
    call.world.remove(post)


@method("deleteMessage")
def delete_message(call: Call) -> bool:
    """One message less."""
    number = call.integer("message_id")
    if number <= 0:
        raise bad_request("message identifier is not specified")
    _remove(call, call.chat(), number)
    return True


@method("deleteMessages")
def delete_messages(call: Call) -> bool:
    """Several messages less; those that cannot be deleted are skipped."""
    numbers = call.tree("message_ids")
    if not isinstance(numbers, list) or not numbers:
        raise bad_request(f"can't parse message identifiers from {json.dumps(numbers)}")
    chat = call.chat()
    for number in numbers:
        with contextlib.suppress(Refused):
            _remove(call, chat, whole(number) or 0)
    return True


@method("pinChatMessage", "unpinChatMessage", "unpinAllChatMessages")
def pin_chat_message(call: Call) -> bool:
    """Pins are accepted; the page does not show them."""
    call.writable()
    return True
