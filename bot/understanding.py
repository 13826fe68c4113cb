"""One PTB ``Update`` → one ``Incoming``: what a person did, in our own words. What concerns nobody here is None."""

import re
from datetime import datetime

from telegram import CallbackQuery, ChatMemberUpdated, Message, MessageEntity, Update, User

from domain.cases import Place
from domain.people import ChatId
from domain.text import clean
from handlers.kit.incoming import File, Incoming, Kind

GONE = ("kicked", "left")

COMMAND = re.compile(r"/(\w*)(?:@\w*)?", re.ASCII)

SERVICE = frozenset(
    [
        "boost_added",
        "channel_chat_created",
        "chat_background_set",
        "chat_owner_changed",
        "chat_owner_left",
        "chat_shared",
        "checklist_tasks_added",
        "checklist_tasks_done",
        "connected_website",
        "delete_chat_photo",
        "direct_message_price_changed",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "gift",
        "gift_upgrade_sent",
        "giveaway",
        "giveaway_completed",
        "giveaway_created",
        "giveaway_winners",
        "group_chat_created",
        "left_chat_member",
        "managed_bot_created",
        "message_auto_delete_timer_changed",
        "migrate_from_chat_id",
        "new_chat_members",
        "new_chat_photo",
        "new_chat_title",
        "paid_message_price_changed",
        "passport_data",
        "pinned_message",
        "poll_option_added",
        "poll_option_deleted",
        "proximity_alert_triggered",
        "refunded_payment",
        "successful_payment",
        "suggested_post_approval_failed",
        "suggested_post_approved",
        "suggested_post_declined",
        "suggested_post_paid",
        "suggested_post_refunded",
        "supergroup_chat_created",
        "unique_gift",
        "users_shared",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "web_app_data",
        "write_access_allowed",
    ]
)
"""Fields of a Message that tell of something done in Telegram itself, such as a pin: nobody said anything."""


def understand(update: Update, now: datetime) -> Incoming | None:
    """What somebody did; None for what nobody says to it: channel posts, other bots, reactions, service messages."""
    if update.callback_query:
        return pressed(update, update.callback_query, now)
    if update.my_chat_member:
        return moved(update, update.my_chat_member, now)
    message = update.message or update.edited_message
    if message is None:
        return None
    if message.migrate_to_chat_id:  # also where an anonymous admin did it, who is a bot to Telegram
        return migrated(update, message, now)
    if message.from_user is None or message.from_user.is_bot:
        return None
    if message.chat.type != "private" or is_service(message):
        return None
    return said(update, message, message.from_user, now)


def pressed(update: Update, query: CallbackQuery, now: datetime) -> Incoming | None:
    """A button. One in a message that is too old to be read still says which chat it is in."""
    if query.message is None or query.message.chat.type != "private":
        return None
    return Incoming(
        update_id=update.update_id,
        kind=Kind.PRESS,
        chat=ChatId(query.message.chat.id),
        at=now,
        name=clean(query.from_user.first_name),
        language_code=clean(query.from_user.language_code or ""),
        message_id=query.message.message_id,
        press=query.data or "",
        press_id=query.id,
    )


def moved(update: Update, change: ChatMemberUpdated, now: datetime) -> Incoming | None:
    """The bot was blocked by a person, or added to a group."""
    gone = change.new_chat_member.status in GONE
    if change.chat.type == "private":
        kind = Kind.BLOCKED if gone else Kind.OTHER
        return None if kind is Kind.OTHER else happening(update, kind, change.chat.id, now)
    return None if gone else happening(update, Kind.ADDED_TO_GROUP, change.chat.id, now)


def migrated(update: Update, message: Message, now: datetime) -> Incoming:
    """A group became a supergroup with another id."""
    found = happening(update, Kind.MIGRATED, message.chat.id, now)
    return Incoming(
        update_id=found.update_id,
        kind=found.kind,
        chat=found.chat,
        at=now,
        private=False,
        moved_to=ChatId(message.migrate_to_chat_id or 0),
    )


def happening(update: Update, kind: Kind, chat: int, now: datetime) -> Incoming:
    """Something that is neither a message nor a press."""
    return Incoming(update_id=update.update_id, kind=kind, chat=ChatId(chat), at=now, private=chat > 0)


def said(update: Update, message: Message, sender: User, now: datetime) -> Incoming:
    """A message, or an edit of one."""
    text = clean(message.text or message.caption or "")
    command, arguments = command_of(message, text)
    edited = update.edited_message is not None
    return Incoming(
        update_id=update.update_id,
        kind=Kind.EDIT if edited else kind_of(message),
        chat=ChatId(message.chat.id),
        at=now,
        name=clean(sender.first_name),
        language_code=clean(sender.language_code or ""),
        message_id=message.message_id,
        text=arguments if edited and command else text,
        command=None if edited else command,
        arguments=arguments,
        file=file_of(message),
        place=place_of(message),
        phone=message.contact.phone_number if message.contact else "",
        reply_to=message.reply_to_message.message_id if message.reply_to_message else None,
        album=message.media_group_id,
    )


def is_service(message: Message) -> bool:
    """Whether Telegram only tells of something (a pin, a timer), even what this version of PTB has no name for."""
    if kind_of(message) is not Kind.OTHER:
        return False
    return any(getattr(message, name, None) or name in message.api_kwargs for name in SERVICE)


def kind_of(message: Message) -> Kind:
    """What arrived."""
    if message.photo:
        return Kind.PHOTO
    if message.document or message.video or message.voice or message.audio:
        return Kind.FILE
    if message.location or message.venue:
        return Kind.LOCATION
    if message.contact:
        return Kind.CONTACT
    return Kind.TEXT if message.text else Kind.OTHER


def file_of(message: Message) -> File | None:
    """The largest size of a photo, or the file."""
    if message.photo:
        best = message.photo[-1]
        return File("photo", best.file_id, best.file_unique_id, best.file_size or 0)
    for kind in ("video", "voice", "audio", "document"):
        if found := getattr(message, kind):
            return File(kind, found.file_id, found.file_unique_id, found.file_size or 0)
    return None


def place_of(message: Message) -> Place | None:
    """A point, with the words of a venue. Of a live location only the first point is kept."""
    if message.location is None:
        return None
    words = clean(f"{message.venue.title} {message.venue.address}") if message.venue else ""
    return Place(words, message.location.latitude, message.location.longitude)


def command_of(message: Message, text: str) -> tuple[str | None, str]:
    """``/case@bot 5`` → ``case`` and ``5``; the words behind it may stand on the next line."""
    marked = any(entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0 for entity in message.entities)
    found = COMMAND.match(text) if marked else None
    return (found[1].lower(), text[found.end() :].strip()) if found else (None, "")
