"""The Bot API over HTTP, driven by a real python-telegram-bot."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest
import telegram
from telegram.error import BadRequest, Conflict, Forbidden, NetworkError, RetryAfter

from simulator.pictures import jpeg
from simulator.server import until
from simulator.world import Person, World


async def test_a_long_poll_wakes_at_once(world: World, wang: Person, bot: telegram.Bot) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    assert not poll.done()
    said = time.perf_counter()
    world.say(wang, "路灯坏了")
    (update,) = await poll
    assert time.perf_counter() - said < 0.5
    assert update.message.text == "路灯坏了"
    assert await bot.get_updates(offset=update.update_id + 1, timeout=0) == ()
    assert world.idle()


async def test_a_second_poll_ends_the_first(
    world: World, wang: Person, bot: telegram.Bot, http: httpx.AsyncClient
) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(http.post(f"/bot{world.token}/getUpdates", json={"timeout": 20}))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first
    world.say(wang, "x")
    assert len((await second).json()["result"]) == 1


async def test_words_buttons_edits_and_answers(world: World, wang: Person, bot: telegram.Bot) -> None:
    world.start(wang)
    markup = telegram.InlineKeyboardMarkup.from_button(telegram.InlineKeyboardButton("👍", callback_data="yes"))
    sent = await bot.send_message(
        42, "<b>收到</b> &lt;3", parse_mode="HTML", reply_markup=markup, reply_to_message_id=1
    )
    assert sent.text == "收到 <3"
    assert sent.reply_to_message is not None
    assert sent.reply_markup == markup
    world.press(wang, "👍")
    query = (await bot.get_updates())[-1].callback_query
    assert query.message.reply_markup == markup
    await query.answer("好", show_alert=True)
    await query.edit_message_text("完成")
    shown = world.messages(wang)[-1]
    assert (shown["text"], shown["buttons"], shown["edited"]) == ("完成", [], True)
    assert shown["toasts"][0]["text"] == "好"
    assert shown["toasts"][0]["alert"] is True
    with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
        await query.edit_message_text("完成")
    await query.message.delete()
    assert [one["text"] for one in world.messages(wang)] == ["/start"]


async def test_files_both_ways(world: World, wang: Person, bot: telegram.Bot) -> None:
    picture = jpeg(320, 240, "red")
    world.photo(wang, data=picture)
    (update,) = await bot.get_updates()
    got = await (await bot.get_file(update.message.photo[-1].file_id)).download_as_bytearray()
    assert bytes(got) == picture
    sent = await bot.send_photo(42, picture, caption="<i>x</i>", parse_mode="HTML", filename='a "quoted" 图.jpg')
    assert (sent.photo[-1].width, sent.photo[-1].height) == (320, 240)
    assert sent.caption_entities[0].type == "italic"
    again = await bot.send_photo(42, sent.photo[-1].file_id)
    assert again.photo == sent.photo
    media = [telegram.InputMediaDocument(b"one", caption="一"), telegram.InputMediaDocument(b"text", filename="二.txt")]
    album = await bot.send_media_group(42, media)
    assert len({one.media_group_id for one in album}) == 1
    assert album[1].document.file_name == "二.txt"
    document = await bot.send_document(42, b"%PDF-1.4\r\n--x\r\n", filename="报告.pdf")
    assert document.document.mime_type == "application/pdf"
    stored = world.files.get(document.document.file_id)
    assert stored is not None
    assert stored.data == b"%PDF-1.4\r\n--x\r\n"
    voice = await bot.send_voice(42, b"OggS", duration=2)
    assert voice.voice.duration.total_seconds() == 2
    video = await bot.send_video(42, b"\0\0\0\x18ftypisom", duration=3)
    assert video.video.mime_type == "video/mp4"


async def test_the_other_methods(world: World, wang: Person, bot: telegram.Bot) -> None:
    world.start(wang)
    await bot.send_chat_action(42, "typing")
    await bot.send_location(42, 22.5, 114.0)
    await bot.set_my_commands([("new", "新问题")], scope=telegram.BotCommandScopeChat(42), language_code="zh")
    assert world.chat(wang)["commands"] == [{"command": "new", "description": "新问题"}]
    assert (await bot.get_my_commands(telegram.BotCommandScopeChat(42), "zh"))[0].command == "new"
    await bot.delete_my_commands(telegram.BotCommandScopeChat(42), "zh")
    await bot.set_my_short_description("一线", "zh")
    assert (await bot.get_my_short_description("zh")).short_description == "一线"
    assert (await bot.get_my_name()).name == "一线"
    assert (await bot.get_chat(42)).first_name == "王芳"
    assert (await bot.get_chat_member(42, 42)).status == "member"
    copied = await bot.copy_message(42, 42, 1)
    forwarded = await bot.forward_message(42, 42, 1)
    assert forwarded.forward_origin.sender_user.id == 42
    assert [one["id"] for one in world.messages(wang)[-2:]] == [copied.message_id, forwarded.message_id]
    assert [bool(one["forwarded"]) for one in world.messages(wang)[-2:]] == [False, True]
    sent = await bot.send_photo(42, jpeg(80, 60), caption="a")
    assert (await sent.edit_caption("b")).caption == "b"
    markup = telegram.InlineKeyboardMarkup.from_button(telegram.InlineKeyboardButton("x", callback_data="x"))
    assert (await sent.edit_reply_markup(markup)).reply_markup == markup
    await bot.send_contact(42, "+8613800000000", "居委会")
    await bot.send_message(42, "?", reply_markup=telegram.ForceReply())
    assert world.messages(wang)[-1]["force_reply"]
    await bot.delete_messages(42, [1, 2, 99])
    await bot.pin_chat_message(42, sent.message_id)


async def test_errors_become_python_telegram_bots_errors(world: World, wang: Person, bot: telegram.Bot) -> None:
    with pytest.raises(Forbidden, match=r"(?i)can't initiate"):
        await bot.send_message(42, "x")
    with pytest.raises(BadRequest, match=r"(?i)chat not found"):
        await bot.send_message(99, "x")


async def test_another_token_is_not_let_in(http: httpx.AsyncClient) -> None:
    refused = await http.get("/bot1:wrong/getMe")
    assert (refused.status_code, refused.json()["description"]) == (401, "Unauthorized")


async def test_bodies_of_every_kind(world: World, wang: Person, http: httpx.AsyncClient) -> None:
    world.start(wang)
    path = f"/bot{world.token}/sendmessage"
    markup = '{"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}'
    for sent in (
        {"json": {"chat_id": 42, "text": "路"}},
        {"data": {"chat_id": "42", "text": "路", "reply_markup": markup}},
        {"params": {"chat_id": "42", "text": "路"}},
        {"data": {"chat_id": "42", "text": "路"}, "files": {"x": ("x.txt", b"x")}},
    ):
        answer = (await http.post(path, **sent)).json()
        assert answer["result"]["text"] == "路"
    assert (await http.get(path, params={"chat_id": 42, "text": "路"})).json()["ok"]
    assert world.calls[-2]["params"]["x"] == "<x.txt, 1 bytes>"
    assert world.called("sendMessage")[1]["params"]["reply_markup"]["inline_keyboard"]
    for body, kind in ((b"[1]", "application/json"), (b"{", "application/json"), (b"x", "multipart/form-data")):
        refused = await http.post(path, content=body, headers={"content-type": kind})
        assert refused.status_code == 400
    unknown = await http.post(f"/bot{world.token}/sendNothing")
    assert (unknown.status_code, unknown.json()) == (404, {"ok": False, "error_code": 404, "description": "Not Found"})


async def test_half_a_character_arrives_as_it_was_sent(
    world: World, wang: Person, bot: telegram.Bot, http: httpx.AsyncClient
) -> None:
    world.say(wang, "\ud83d")
    (update,) = await bot.get_updates()
    assert update.message.text == "\ud83d"
    assert (await http.get("/sim/people/42/chat")).json()["messages"][0]["text"] == "\ud83d"


class TestChaos:
    async def test_429_and_5xx_do_not_happen(self, world: World, wang: Person, bot: telegram.Bot) -> None:
        world.start(wang)
        world.chaos.script("sendMessage", "429", seconds=3)
        with pytest.raises(RetryAfter) as refused:
            await bot.send_message(42, "x")
        assert refused.value.retry_after.total_seconds() == 3
        world.chaos.script("*", "500")
        with pytest.raises(NetworkError, match="Bad Gateway"):
            await bot.send_message(42, "x")
        assert len(world.messages(wang)) == 1
        await bot.send_message(42, "x")
        assert world.chaos.counts == {"429": 1, "500": 1}

    async def test_a_reset_happens_before_and_a_lost_answer_after(
        self, world: World, wang: Person, bot: telegram.Bot
    ) -> None:
        world.start(wang)
        world.chaos.script("sendMessage", "reset")
        with pytest.raises(NetworkError):
            await bot.send_message(42, "reset")
        world.chaos.script("sendMessage", "lost")
        with pytest.raises(NetworkError):
            await bot.send_message(42, "lost")
        assert [one["text"] for one in world.messages(wang)] == ["/start", "lost"]

    async def test_silence_ends_when_the_client_gives_up(self, world: World, wang: Person, bot: telegram.Bot) -> None:
        world.start(wang)
        world.chaos.script("sendMessage", "timeout", seconds=30)
        with pytest.raises(telegram.error.TimedOut):
            await bot.send_message(42, "x", read_timeout=0.1)
        assert len(world.messages(wang)) == 1

    async def test_a_late_update_comes_by_itself(self, world: World, wang: Person, bot: telegram.Bot) -> None:
        world.chaos.set(1, ["late"])
        world.say(wang, "x")
        assert len(await bot.get_updates(timeout=5)) == 1

    async def test_dice_are_the_same_every_time(self) -> None:
        def rolled() -> list[str | None]:
            world = World()
            world.chaos.set(0.3, seed=5)
            return [fault.kind if (fault := world.chaos.for_call("x")) else None for _ in range(50)]

        first = rolled()
        assert first == rolled()
        assert 5 < sum(kind is not None for kind in first) < 30


async def test_until_waits_for_the_world(world: World, wang: Person, bot: telegram.Bot) -> None:
    world.start(wang)
    waiting = asyncio.create_task(until(world, lambda: world.last(wang)))
    await asyncio.sleep(0)
    await bot.send_message(42, "x")
    shown = await waiting
    assert shown is not None
    assert shown["text"] == "x"
    with pytest.raises(TimeoutError):
        await until(world, lambda: False, seconds=0.01)
