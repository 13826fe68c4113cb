"""What Telegram itself tells of (a pin, a timer, a boost …) is answered by silence; what a person sends never is.

Every field that a message may have is sorted into what belongs to its envelope, what somebody sent, and service; one
that is in none of them fails here.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Bot, Update

from bot.understanding import SERVICE, understand
from handlers.kit.incoming import Kind
from tests.conftest import SPEC
from tests.stage import TOKEN

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
WANG = {"id": 1001, "is_bot": False, "first_name": "王芳"}
CHAT = {"id": 1001, "type": "private", "first_name": "王芳"}
FILE = {"file_id": "f", "file_unique_id": "u"}
PIXELS = {"width": 1, "height": 1}

SENT: dict[str, Any] = {
    "animation": {**FILE, **PIXELS, "duration": 1},
    "audio": {**FILE, "duration": 1},
    "caption": "路灯坏了",
    "checklist": {"title": "x", "tasks": []},
    "contact": {"phone_number": "1", "first_name": "x"},
    "dice": {"emoji": "🎲", "value": 3},
    "document": FILE,
    "game": {"title": "x", "description": "y", "photo": []},
    "invoice": {"title": "x", "description": "y", "start_parameter": "", "currency": "XTR", "total_amount": 1},
    "live_photo": {**FILE, **PIXELS, "duration": 1},
    "location": {"latitude": 1.0, "longitude": 2.0},
    "paid_media": {"star_count": 1, "paid_media": []},
    "photo": [{**FILE, **PIXELS}],
    "poll": {
        "id": "1",
        "question": "?",
        "options": [],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": False,
        "members_only": False,
    },
    "rich_message": {"blocks": []},
    "sticker": {**FILE, **PIXELS, "type": "regular", "is_animated": False, "is_video": False},
    "story": {"chat": CHAT, "id": 1},
    "text": "路灯坏了",
    "venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "x", "address": "y"},
    "video": {**FILE, **PIXELS, "duration": 1},
    "video_note": {**FILE, "length": 1, "duration": 1},
    "voice": {**FILE, "duration": 1},
}
"""What a person can send, each as Telegram describes it."""

ENVELOPE = frozenset(
    [
        "author_signature",
        "business_connection_id",
        "caption_entities",
        "chat",
        "date",
        "direct_messages_topic",
        "edit_date",
        "effect_id",
        "entities",
        "external_reply",
        "forward_origin",
        "from",
        "guest_bot_caller_chat",
        "guest_bot_caller_user",
        "guest_query_id",
        "has_media_spoiler",
        "has_protected_content",
        "is_automatic_forward",
        "is_from_offline",
        "is_paid_post",
        "is_topic_message",
        "link_preview_options",
        "media_group_id",
        "message_id",
        "message_thread_id",
        "paid_star_count",
        "quote",
        "reply_markup",
        "reply_to_checklist_task_id",
        "reply_to_message",
        "reply_to_poll_option_id",
        "reply_to_story",
        "sender_boost_count",
        "sender_business_bot",
        "sender_chat",
        "sender_tag",
        "show_caption_above_media",
        "suggested_post_info",
        "via_bot",
    ]
)
"""Around what was sent."""

OUR_OWN = frozenset({"migrate_to_chat_id"})
"""A service message that the bot acts on: the group has another id."""

HAPPENED: dict[str, Any] = {
    "boost_added": {"boost_count": 1},
    "chat_background_set": {"type": {"type": "chat_theme", "theme_name": "x"}},
    "chat_shared": {"request_id": 1, "chat_id": -5},
    "connected_website": "x.example",
    "delete_chat_photo": True,
    "forum_topic_closed": {},
    "forum_topic_created": {"name": "x", "icon_color": 1},
    "forum_topic_edited": {},
    "giveaway": {"chats": [], "winners_selection_date": 1, "winner_count": 1},
    "giveaway_created": {},
    "group_chat_created": True,
    "left_chat_member": WANG,
    "message_auto_delete_timer_changed": {"message_auto_delete_time": 86400},
    "migrate_from_chat_id": -5,
    "new_chat_members": [WANG],
    "new_chat_photo": [{**FILE, **PIXELS}],
    "new_chat_title": "x",
    "pinned_message": {"chat": CHAT, "message_id": 2, "date": 0},
    "proximity_alert_triggered": {"traveler": WANG, "watcher": WANG, "distance": 1},
    "successful_payment": {
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": "",
        "telegram_payment_charge_id": "1",
        "provider_payment_charge_id": "",
    },
    "users_shared": {"request_id": 1, "users": []},
    "video_chat_ended": {"duration": 1},
    "video_chat_participants_invited": {"users": []},
    "video_chat_scheduled": {"start_date": 1},
    "video_chat_started": {},
    "web_app_data": {"data": "", "button_text": "x"},
    "write_access_allowed": {},
}
"""The commoner service messages, as Telegram describes them. Of the others the field is enough."""


def heard(kind: str = "private", **content: Any) -> Kind | None:
    """What the bot makes of a message with that content."""
    chat = CHAT if kind == "private" else {"id": -5, "type": kind, "title": "x"}
    message = {"message_id": 7, "date": 1, "chat": chat, "from": WANG, **content}
    update = Update.de_json({"update_id": 1, "message": message}, Bot(TOKEN))
    found = understand(update, NOW)
    return found.kind if found else None


@pytest.mark.parametrize("field", sorted(SERVICE & HAPPENED.keys()))
@pytest.mark.parametrize("kind", ["private", "group", "supergroup"])
def test_a_service_message_is_silence(kind: str, field: str) -> None:
    assert heard(kind, **{field: HAPPENED[field]}) is None


@pytest.mark.parametrize("field", ["write_access_allowed", "chat_theme_of_tomorrow"])
def test_what_this_version_of_the_library_has_no_name_for_is_told_apart_too(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service message that the library knows nothing of is silence; content it knows nothing of is answered."""
    monkeypatch.setattr("bot.understanding.SERVICE", SERVICE | {"chat_theme_of_tomorrow"})
    assert heard(**{field: {}}) is None
    assert heard(content_of_tomorrow={}) is Kind.OTHER


@pytest.mark.parametrize("field", sorted(SENT))
def test_what_a_person_sends_is_never_silence(field: str) -> None:
    more = {"location": SENT["location"]} if field == "venue" else {}
    assert heard(**{field: SENT[field]}, **more) is not None


@pytest.mark.skipif(not SPEC.exists(), reason="needs the description of the Bot API")
def test_every_field_of_a_message_is_sorted() -> None:
    fields = set(json.loads(SPEC.read_text("utf-8"))["types"]["Message"]["fields"])
    assert fields - SERVICE - SENT.keys() - ENVELOPE - OUR_OWN == set(), "is it content, or does Telegram tell of it?"
    assert not SERVICE & (SENT.keys() | ENVELOPE | OUR_OWN)
    assert fields >= SERVICE
    assert HAPPENED.keys() <= SERVICE
