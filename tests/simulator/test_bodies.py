"""A call says the same as JSON, as a form and as JSON whose trees are strings, for every method there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simulator.clock import Clock
from simulator.methods import METHODS
from simulator.server import build, serving
from simulator.world import World
from tests.simulator.conftest import MARKUP, START

Json = dict[str, Any]
Body = Callable[[Json], dict[str, Any]]

BOLD = [{"type": "bold", "offset": 0, "length": 2}]
MENU = {
    "commands": [{"command": "new", "description": "新诉求"}],
    "scope": {"type": "chat", "chat_id": 42},
    "language_code": "zh",
}
HERE = {"scope": MENU["scope"], "language_code": "zh"}
SAID = {"chat_id": 42, "message_id": 9}
PHOTO, FILE, VOICE, VIDEO = range(4)
ALBUM = [{"type": "photo", "media": PHOTO, "caption": "一"}, {"type": "video", "media": VIDEO, "caption": "二"}]

CALLS: tuple[tuple[str, Json], ...] = (
    ("getMe", {}),
    ("getUpdates", {"offset": 0, "limit": 3, "timeout": 0, "allowed_updates": ["message", "callback_query"]}),
    (
        "sendMessage",
        {
            "chat_id": 42,
            "text": "收到 https://example.org",
            "entities": BOLD,
            "reply_markup": MARKUP,
            "reply_parameters": {"message_id": 1, "allow_sending_without_reply": True},
            "link_preview_options": {"is_disabled": True},
            "protect_content": True,
            "disable_notification": False,
        },
    ),
    ("sendMessage", {"chat_id": 42, "text": "<b>x</b>", "parse_mode": "HTML", "reply_markup": {"force_reply": True}}),
    ("sendPhoto", {"chat_id": 42, "photo": PHOTO, "caption": "照片", "caption_entities": BOLD}),
    ("sendPhoto", {"chat_id": 42, "photo": PHOTO, "has_spoiler": True, "show_caption_above_media": True}),
    ("sendDocument", {"chat_id": 42, "document": FILE, "caption": "表"}),
    ("sendVoice", {"chat_id": 42, "voice": VOICE, "duration": 3}),
    ("sendVideo", {"chat_id": 42, "video": VIDEO, "duration": 3, "width": 320, "height": 240}),
    ("sendAudio", {"chat_id": 42, "audio": FILE, "duration": 3}),
    ("sendMediaGroup", {"chat_id": 42, "media": ALBUM}),
    ("sendLocation", {"chat_id": 42, "latitude": 22.5, "longitude": 114}),
    ("sendContact", {"chat_id": 42, "phone_number": "+8613800000000", "first_name": "居委会"}),
    ("sendChatAction", {"chat_id": 42, "action": "typing"}),
    ("copyMessage", {"chat_id": 42, "from_chat_id": 42, "message_id": 1, "reply_markup": MARKUP}),
    ("forwardMessage", {"chat_id": 42, "from_chat_id": 42, "message_id": 1}),
    ("getFile", {"file_id": PHOTO}),
    ("editMessageText", {"chat_id": 42, "message_id": 6, "text": "好的", "entities": BOLD, "reply_markup": MARKUP}),
    ("editMessageReplyMarkup", {"chat_id": 42, "message_id": 6, "reply_markup": {"inline_keyboard": []}}),
    ("editMessageCaption", {"chat_id": 42, "message_id": 8, "caption": "新的", "caption_entities": BOLD}),
    ("answerCallbackQuery", {"callback_query_id": "PRESS", "text": "好", "show_alert": True}),
    ("pinChatMessage", SAID),
    ("unpinChatMessage", SAID),
    ("unpinAllChatMessages", {"chat_id": 42}),
    ("deleteMessage", SAID),
    ("deleteMessages", {"chat_id": 42, "message_ids": [10, 11, 999]}),
    ("getChat", {"chat_id": 42}),
    ("getChatMember", {"chat_id": 42, "user_id": 42}),
    ("getChatAdministrators", {"chat_id": "GROUP"}),
    ("getChatMemberCount", {"chat_id": "GROUP"}),
    ("leaveChat", {"chat_id": "GROUP"}),
    ("setMyCommands", MENU),
    ("getMyCommands", HERE),
    ("deleteMyCommands", HERE),
    ("setMyName", {"name": "一线", "language_code": "zh"}),
    ("getMyName", {"language_code": "zh"}),
    ("setMyDescription", {"description": "把难处说给委员听"}),
    ("getMyDescription", {}),
    ("setMyShortDescription", {"short_description": "一线"}),
    ("getMyShortDescription", {}),
    ("setChatMenuButton", {"chat_id": 42, "menu_button": {"type": "commands"}}),
    ("setMyDefaultAdministratorRights", {"for_channels": False}),
    ("setWebhook", {"url": "http://127.0.0.1:9/", "max_connections": 2, "allowed_updates": [], "secret_token": "s"}),
    ("getWebhookInfo", {}),
    ("deleteWebhook", {"drop_pending_updates": True}),
    ("logOut", {}),
    ("close", {}),
)  # fmt: skip


def as_json(params: Json) -> dict[str, Any]:
    return {"json": params}


def as_form(params: Json) -> dict[str, Any]:
    return {"data": {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}}


def as_json_with_strings(params: Json) -> dict[str, Any]:
    trees = (dict, list)
    return {"json": {name: json.dumps(value) if isinstance(value, trees) else value for name, value in params.items()}}


async def answers(body: Body) -> list[tuple[str, Json]]:
    """What each call is answered, in a world of its own that is the same every time."""
    world = World(Clock(START).now)
    wang = world.person(42, "王芳", "zh")
    group = world.group("楼栋群", [wang])
    world.start(wang)
    sent = [world.photo(wang), world.file(wang), world.voice(wang), world.video(wang)]
    kinds = ("photo", "document", "voice", "video")
    media = [post.message[kind] for post, kind in zip(sent, kinds, strict=True)]
    ids = [(one[-1] if isinstance(one, list) else one)["file_id"] for one in media]
    own = {"GROUP": group.id, "PRESS": world.press(wang, message_id=1, data="pressed").query_id}
    found = []
    async with serving(build(world, page=None)) as address, httpx.AsyncClient(base_url=address) as http:
        for method, raw in CALLS:
            params = placed(raw, ids, own)
            answer = await http.post(f"/bot{world.token}/{method}", **body(params))
            found.append((method, answer.json()))
    return found


def placed(params: Json, ids: list[str], own: Json) -> Json:
    """The parameters with the ids that this world has given to files, the group and the press."""
    files = ("photo", "document", "voice", "video", "audio", "file_id", "media")
    filled = {name: ids[value] if name in files and isinstance(value, int) else value for name, value in params.items()}
    if isinstance(media := filled.get("media"), list):
        filled["media"] = [placed(one, ids, own) for one in media]
    return {name: own.get(value, value) if isinstance(value, str) else value for name, value in filled.items()}


async def test_every_method_is_called() -> None:
    assert {method for method, _ in CALLS} == {name for name, _ in METHODS.values()}


@pytest.mark.parametrize("body", [as_json, as_json_with_strings])
async def test_json_says_the_same_as_a_form(body: Body) -> None:
    for (method, told), (_, expected) in zip(await answers(body), await answers(as_form), strict=True):
        assert told["ok"], (method, told)
        assert told == expected, method


async def test_null_is_as_good_as_absent() -> None:
    world = World(Clock(START).now)
    world.start(world.person(42, "王芳", "zh"))
    async with serving(build(world, page=None)) as address, httpx.AsyncClient(base_url=address) as http:
        body = {"chat_id": 42, "text": "x", "reply_markup": None, "parse_mode": None, "reply_parameters": None}
        answer = await http.post(f"/bot{world.token}/sendMessage", json=body)
        assert answer.json()["result"]["text"] == "x"
        kind = {"content-type": "Application/JSON; charset=UTF-8"}
        body = '{"chat_id": 42, "text": "路", "protect_content": false}'
        answer = await http.post(f"/bot{world.token}/sendMessage", content=body.encode(), headers=kind)
        assert answer.json()["result"]["text"] == "路"
        assert "has_protected_content" not in answer.json()["result"]
