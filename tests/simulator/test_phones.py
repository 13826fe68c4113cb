"""Everything a person can do becomes an update that python-telegram-bot reads and that the Bot API describes."""

from __future__ import annotations

from typing import Any

import pytest
import telegram

from simulator.methods import perform
from simulator.world import Impossible, Person, World


def test_python_telegram_bot_reads_every_update(lived: World) -> None:
    updates = [telegram.Update.de_json(raw) for raw in lived.pending_updates()]
    kinds = {kind for update in updates for kind in telegram.Update.ALL_TYPES if getattr(update, kind) is not None}
    assert kinds == {"message", "edited_message", "callback_query", "my_chat_member", "chat_member"}
    photo = next(update.message for update in updates if update.message and update.message.photo)
    assert photo.caption == "看"
    assert [size.width for size in photo.photo] == sorted(size.width for size in photo.photo)
    assert photo.reply_to_message.text.startswith("路灯")
    stale = next(
        update.callback_query for update in updates if update.callback_query and update.callback_query.data == "stale"
    )
    assert not stale.message.is_accessible
    command = updates[0].message
    assert command.parse_entities() == {command.entities[0]: "/start"}


def test_long_words_go_in_parts_and_characters_stay_whole(world: World, wang: Person) -> None:
    world.say(wang, "🏟" * 2049)
    first, second = (update["message"]["text"] for update in world.pending_updates())
    assert (first, second) == ("🏟" * 2048, "🏟")


def test_an_album_has_one_number_and_one_caption(world: World, wang: Person) -> None:
    posts = world.album(wang, 3, "三张")
    assert len({post.message["media_group_id"] for post in posts}) == 1
    assert [post.message.get("caption") for post in posts] == ["三张", None, None]


def test_what_a_phone_cannot_do(world: World, wang: Person) -> None:
    with pytest.raises(Impossible, match="no button"):
        world.press(wang, "nothing")
    with pytest.raises(Impossible, match="no message 9"):
        world.press(wang, message_id=9)
    with pytest.raises(Impossible, match="not a message of"):
        world.edit(wang, 9, "x")
    with pytest.raises(Impossible, match="payload"):
        world.start(wang, "x" * 65)
    with pytest.raises(Impossible, match="one to ten"):
        world.album(wang, 11)
    group = world.group("楼栋群", [wang])
    with pytest.raises(Impossible, match="already"):
        world.join(group, wang)
    world.leave(group, wang)
    with pytest.raises(Impossible, match="is not in"):
        world.leave(group, wang)
    world.block(wang)
    with pytest.raises(Impossible, match="unblock"):
        world.say(wang, "x")
    world.delete_account(wang)
    with pytest.raises(Impossible, match="left Telegram"):
        world.say(wang, "x")
    with pytest.raises(Impossible, match="no person"):
        world.say(12345, "x")


def test_a_label_means_the_newest_button_that_has_it(world: World, wang: Person) -> None:
    world.start(wang)
    for data in ("old", "new"):
        markup = {"inline_keyboard": [[{"text": "📍 加位置", "callback_data": data}]]}
        perform(world, "sendMessage", {"chat_id": 42, "text": data, "reply_markup": markup})
    pressed = world.press(wang, "加位置")
    assert world.presses[pressed.query_id or ""].data == "new"
    assert world.messages(wang)[-1]["waiting"]
    world.press(wang, message_id=2, row=0, column=0)
    assert world.pending_updates()[-1]["callback_query"]["data"] == "old"


def test_keyboards_below_the_chat(world: World, wang: Person) -> None:
    world.start(wang)
    keys = {
        "keyboard": [["我的事"], [{"text": "📍", "request_location": True}, {"text": "☎", "request_contact": True}]],
        "one_time_keyboard": False,
    }
    perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": keys})
    shown = world.chat(wang)["keyboard"]["buttons"]
    assert [[one["kind"] for one in row] for row in shown] == [["text"], ["location", "contact"]]
    for label in ("我的事", "📍", "☎"):
        assert world.press(wang, label).kind == "message"
    content = [set(update["message"]) & {"text", "location", "contact"} for update in world.pending_updates()]
    assert content == [{"text"}, {"text"}, {"location"}, {"contact"}]
    perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": {"remove_keyboard": True}})
    assert world.chat(wang)["keyboard"] is None


def test_links_are_followed(world: World, wang: Person) -> None:
    world.start(wang)
    rows = [[{"text": "a", "url": "https://t.me/yixian_bot?start=b_7"}, {"text": "b", "url": "https://example.org"}]]
    perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": {"inline_keyboard": rows}})
    assert world.press(wang, "b").value == "https://example.org"
    world.press(wang, "a")
    assert world.pending_updates()[-1]["message"]["text"] == "/start b_7"


def test_the_narrowest_menu_in_the_persons_language_wins(world: World, wang: Person) -> None:
    world.start(wang)

    def menu(description: str, **where: Any) -> None:
        perform(world, "setMyCommands", {"commands": [{"command": "new", "description": description}], **where})

    def seen() -> str:
        return str(world.chat(wang)["commands"][0]["description"])

    menu("default")
    assert seen() == "default"
    menu("默认", language_code="zh")
    assert seen() == "默认"
    menu("private", scope={"type": "all_private_chats"})
    assert seen() == "private"
    menu("本人", scope={"type": "chat", "chat_id": 42}, language_code="zh")
    assert seen() == "本人"
    perform(world, "deleteMyCommands", {"scope": {"type": "chat", "chat_id": 42}, "language_code": "zh"})
    assert seen() == "private"


def test_typing_is_shown_for_five_seconds_or_until_the_message(world: World, wang: Person) -> None:
    world.start(wang)
    perform(world, "sendChatAction", {"chat_id": 42, "action": "typing"})
    assert world.chat(wang)["action"] == "typing"
    perform(world, "sendMessage", {"chat_id": 42, "text": "x"})
    assert world.chat(wang)["action"] is None


def test_in_groups_privacy_mode_hides_small_talk(world: World, wang: Person) -> None:
    group = world.group("楼栋群", [wang])
    before = len(world.pending_updates())
    world.say(wang, "hello", chat=group)
    assert len(world.pending_updates()) == before
    sent = perform(world, "sendMessage", {"chat_id": group.id, "text": "x"})
    world.say(wang, "yes", chat=group, reply_to=sent["message_id"])
    world.say(wang, "/help", chat=group)
    assert len(world.pending_updates()) == before + 2
    assert perform(world, "getChatMember", {"chat_id": group.id, "user_id": 42})["status"] == "creator"
    assert perform(world, "getChatMemberCount", {"chat_id": group.id}) == 2
    assert [one["status"] for one in perform(world, "getChatAdministrators", {"chat_id": group.id})] == ["creator"]
    perform(world, "leaveChat", {"chat_id": group.id})
    assert group.bot == "left"


def test_only_an_administrator_hears_who_comes_and_goes(world: World, wang: Person) -> None:
    world.person(7, "Li")
    group = world.group("楼栋群", [wang, 7])
    perform(world, "getUpdates", {"allowed_updates": ["chat_member"]})
    world.leave(group, 7)
    world.add_bot(group, wang, "administrator")
    world.join(group, 7)
    told = [update["chat_member"] for update in world.pending_updates() if "chat_member" in update]
    assert [one["new_chat_member"]["status"] for one in told] == ["member"]


def test_the_transcript_reads_like_the_talk(world: World, wang: Person) -> None:
    wang.role = "resident of 城北社区"
    world.photo(wang, "路灯坏了")
    markup = {"inline_keyboard": [[{"text": "📍 加位置", "callback_data": "x"}]]}
    text = "<b>26-0001</b>\n已收到"
    perform(world, "sendMessage", {"chat_id": 42, "text": text, "parse_mode": "HTML", "reply_markup": markup})
    pressed = world.press(wang, "加位置")
    perform(world, "answerCallbackQuery", {"callback_query_id": pressed.query_id, "text": "好"})
    assert world.transcript() == (
        "cast 王芳 resident of 城北社区\n\n"
        "王芳: 路灯坏了 [photo]\n"
        ">> 王芳: *26-0001* · 已收到 [📍 加位置]\n"
        "王芳: [📍 加位置]\n"
        ">> toast 王芳: 好\n"
    )


def test_old_messages_go_when_there_are_too_many(wang: Person) -> None:
    world = World(kept_messages=3)
    li = world.person(7, "Li")
    for number in range(5):
        world.say(li, str(number))
    assert [one["text"] for one in world.messages(li)] == ["2", "3", "4"]
