"""Messages of words: sendMessage, copies and forwards, places and contacts, "typing"."""

from __future__ import annotations

from simulator.cast import Chat, Post
from simulator.forwards import carried, may_go_on
from simulator.methods.registry import Call, method
from simulator.refusals import Json, bad_request

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


def deliver(call: Call, chat: Chat, content: Json) -> Post:
    """Puts a message of the bot into a chat."""
    inline, markup = call.markup()
    (post,) = _posted(call, chat, [content], inline, markup)
    return post


def deliver_album(call: Call, chat: Chat, contents: list[Json]) -> list[Post]:
    """Puts several messages into a chat, all or none. Telegram does not look at a reply markup here."""
    return _posted(call, chat, contents)


def _posted(
    call: Call, chat: Chat, contents: list[Json], inline: Json | None = None, markup: Json | None = None
) -> list[Post]:
    world, replied = call.world, call.replied(chat)
    if world.allowance is not None:
        world.allowance.spend(world.now().timestamp(), chat, len(contents))
    kept = {"has_protected_content": True} if call.flag("protect_content") else {}
    return [
        world.post(chat, world.bot, {**content, **kept}, outgoing=True, inline=inline, markup=markup, reply_to=replied)
        for content in contents
    ]


@method("sendMessage")
def send_message(call: Call) -> Json:
    """Words."""
    content = call.text()
    return deliver(call, call.writable(), content).message


@method("sendLocation")
def send_location(call: Call) -> Json:
    """A place on the map."""
    latitude, longitude = call.number("latitude"), call.number("longitude")
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        raise bad_request("wrong latitude or longitude specified")
    return deliver(call, call.writable(), {"location": {"latitude": latitude, "longitude": longitude}}).message


@method("sendContact")
def send_contact(call: Call) -> Json:
    """A phone number with a name."""
    if not call.word("phone_number") or not call.word("first_name"):
        raise bad_request("not all required contact fields are specified")
    names = ("phone_number", "first_name", "last_name", "vcard")
    card = {name: call.word(name) for name in names if call.word(name)}
    return deliver(call, call.writable(), {"contact": card}).message


@method("sendChatAction")
def send_chat_action(call: Call) -> bool:
    """ "typing…" and its kin."""
    action = call.word("action").lower()
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = call.writable()
    chat.action = (action, call.world.now())
    call.world.emit("action", chat_id=chat.id, action=action)
    return True


def _source(call: Call, deed: str) -> Json:
    message = call.target(call.chat("from_chat_id"), deed).message
    if not may_go_on(message):
        raise bad_request("message can't be copied" if deed == "copy" else "message can't be forwarded")
    return message


@method("copyMessage")
def copy_message(call: Call) -> Json:
    """The same message again, without saying where it came from."""
    chat = call.writable()
    content = carried(_source(call, "copy"))
    if "caption" in call.params and "text" not in content:
        old = {name: value for name, value in content.items() if "caption" not in name}
        content = old | call.caption() | call.caption_place()
    return {"message_id": deliver(call, chat, content).message_id}


@method("forwardMessage")
def forward_message(call: Call) -> Json:
    """The same message, with where it came from."""
    chat = call.writable()
    source = _source(call, "forward")
    return deliver(call, chat, {**carried(source), "forward_origin": call.world.origin_of(source)}).message
