"""Questions about chats and members, and leaving."""

from __future__ import annotations

from simulator.cast import Chat, Membership
from simulator.methods.registry import Call, method
from simulator.refusals import Json, bad_request, forbidden


@method("getChat")
def get_chat(call: Call) -> Json:
    """What the bot may know of a chat."""
    chat = call.chat()
    if chat.person is not None and not chat.person.started:
        raise bad_request("chat not found")
    return {
        **chat.described(),
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, False),
    }


_RANKED = ("creator", "administrator")
_GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def _status(call: Call, chat: Chat, user_id: int) -> tuple[Json, Membership]:
    if user_id == call.world.bot["id"]:
        return call.world.bot, chat.bot
    person = call.world.people.get(user_id)
    if person is None:
        raise bad_request("user not found")
    return person.user(), chat.members.get(user_id, "left")


@method("getChatMember")
def get_chat_member(call: Call) -> Json:
    """Somebody's place in a chat."""
    chat = call.chat()
    if chat.person is None and not chat.has_bot():
        raise forbidden(f"bot is not a member of the {chat.type} chat")
    user_id = call.integer("user_id")
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    return call.world.member(*_status(call, chat, user_id))


@method("getChatAdministrators")
def get_chat_administrators(call: Call) -> list[Json]:
    """The administrators of a group."""
    chat = call.chat()
    if chat.person is not None:
        raise bad_request("there are no administrators in the private chat")
    ranks = [(call.world.people[number].user(), rank) for number, rank in chat.members.items()]
    return [call.world.member(user, rank) for user, rank in [*ranks, (call.world.bot, chat.bot)] if rank in _RANKED]


@method("getChatMemberCount")
def get_chat_member_count(call: Call) -> int:
    """How many are in a chat, the bot included."""
    chat = call.chat()
    return len(chat.present()) + chat.has_bot()


@method("leaveChat")
def leave_chat(call: Call) -> bool:
    """The bot leaves a group."""
    chat = call.writable()
    if chat.person is not None:
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot = "left"
    call.world.emit("member", chat_id=chat.id, status="left")
    return True
