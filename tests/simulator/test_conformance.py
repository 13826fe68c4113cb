"""What the simulator sends and answers is what the Bot API describes, where its description is at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import telegram

from simulator.conformance import BotApiDescription
from simulator.methods import METHODS, perform
from simulator.pictures import jpeg
from simulator.world import Person, World

SPEC = Path(os.environ.get("YIXIAN_BOTAPI_SPEC", Path(__file__).parents[3] / "shared/botapi/spec.json"))

pytestmark = pytest.mark.skipif(not SPEC.exists(), reason="the description of the Bot API is not at hand")


@pytest.fixture(scope="module")
def described() -> BotApiDescription:
    return BotApiDescription(json.loads(SPEC.read_text("utf-8")))


def test_every_update(lived: World, described: BotApiDescription) -> None:
    for update in lived.pending_updates():
        assert described.wrong(update, "Update") == []


def test_every_method_exists(described: BotApiDescription) -> None:
    assert {name for name, _ in METHODS.values()} <= described.methods()


async def test_every_call_of_python_telegram_bot_and_its_answer(
    lived: World, wang: Person, bot: telegram.Bot, described: BotApiDescription
) -> None:
    markup = telegram.InlineKeyboardMarkup.from_button(telegram.InlineKeyboardButton("👍", callback_data="yes"))
    sent = await bot.send_message(42, "<b>x</b>", parse_mode="HTML", reply_markup=markup, disable_notification=True)
    await sent.edit_text("y", reply_markup=markup)
    await sent.reply_text("z", do_quote=True)
    await bot.send_photo(42, jpeg(80, 60), caption="x")
    await bot.send_media_group(42, [telegram.InputMediaDocument(b"a"), telegram.InputMediaDocument(b"b")])
    await bot.send_voice(42, b"OggS", duration=2)
    await bot.send_location(42, 22.5, 114.0)
    await bot.send_chat_action(42, "typing")
    await bot.set_my_commands([("new", "x")], scope=telegram.BotCommandScopeChat(42), language_code="zh")
    await bot.set_my_description("x")
    await bot.get_chat(42)
    await bot.get_chat_member(42, 42)
    await bot.copy_message(42, 42, sent.message_id)
    await bot.get_webhook_info()
    assert len(lived.calls) > 14
    for call in lived.calls:
        assert described.wrong_call(call["method"], call["params"]) == [], call
        assert described.wrong_answer(call["method"], call["result"]) == [], call


def test_what_is_wrong_is_said(described: BotApiDescription) -> None:
    assert described.wrong_call("sendNothing", {}) == ["there is no method sendNothing"]
    assert described.wrong_call("sendMessage", {"chat_id": "42", "txt": "x"}) == [
        "sendMessage: there is no txt",
        "sendMessage: text is missing",
    ]
    assert described.wrong_call("sendMessage", {"chat_id": 42, "text": 5}) == ["sendMessage.text: 5 is no String"]
    assert described.wrong({"id": True, "is_bot": False, "first_name": "x"}, "User") == ["User.id: True is no Integer"]


def test_commands_are_answered_as_described(world: World, described: BotApiDescription) -> None:
    perform(world, "setMyCommands", {"commands": [{"command": "new", "description": "x"}]})
    assert described.wrong_answer("getMyCommands", perform(world, "getMyCommands", {})) == []
