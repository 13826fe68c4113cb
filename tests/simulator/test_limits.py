"""Telegram's limits and refusals as a real python-telegram-bot meets them over HTTP: its errors, Telegram's words."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Protocol

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto
from telegram.error import BadRequest, EndPointNotFound, Forbidden, RetryAfter, TelegramError

from simulator.clock import Clock
from simulator.pictures import jpeg
from simulator.world import Impossible, Person, World

PICTURE = jpeg(80, 60)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


@pytest.fixture
def wang(world: World) -> Person:
    person = world.person(42, "王芳")
    world.start(person)
    return person


class Refusals(Protocol):
    """See `refused`."""

    async def __call__(self, call: Awaitable[Any], kind: type[TelegramError] = BadRequest) -> str: ...


@pytest.fixture
def refused(world: World) -> Refusals:
    """Makes a call that Telegram refuses, and says why; python-telegram-bot says the same in small letters."""

    async def why(call: Awaitable[Any], kind: type[TelegramError] = BadRequest) -> str:
        with pytest.raises(kind) as error:
            await call
        assert type(error.value) is kind
        told = str(world.calls[-1]["error"]).removeprefix("Bad Request: ")
        assert str(error.value).lower() == told.lower()
        return told

    return why


def one_button(data: str = "x", **more: Any) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup.from_button(InlineKeyboardButton("x", **({"callback_data": data} if data else more)))


# -- lengths


async def test_text_has_4096_utf16_units_after_parsing(
    world: World, wang: Person, bot: telegram.Bot, refused: Refusals
) -> None:
    """Planted fault: `len` for `units` in `simulator/text.py`, and 4,096 emoji pass."""
    sent = await bot.send_message(42, f"<b>{'🏟' * 2048}</b>", parse_mode="HTML")
    assert sent.text == "🏟" * 2048
    assert sent.entities[0].length == 4096
    for words, mode in (("🏟" * 2048 + "x", None), ("x" * 4097, None), (f"<b>{'x' * 4097}</b>", "HTML")):
        assert await refused(bot.send_message(42, words, parse_mode=mode)) == "message is too long"
    assert await refused(sent.edit_text("x" * 4097)) == "message is too long"


async def test_a_caption_has_1024_utf16_units_after_parsing(wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    sent = await bot.send_photo(42, PICTURE, caption=f"<i>{'🏟' * 512}</i>", parse_mode="HTML")
    assert sent.caption == "🏟" * 512
    for caption in ("🏟" * 512 + "x", "x" * 1025):
        assert await refused(bot.send_photo(42, PICTURE, caption=caption)) == "message caption is too long"
        assert await refused(sent.edit_caption(caption)) == "message caption is too long"
        assert await refused(bot.send_document(42, b"x", caption=caption)) == "message caption is too long"
        album = [InputMediaPhoto(PICTURE, caption=caption), InputMediaPhoto(PICTURE)]
        assert await refused(bot.send_media_group(42, album)) == "message caption is too long"


@pytest.mark.parametrize("text", ["", "  \n ", "<b></b>", "<b> </b>\n"])
async def test_empty_text(wang: Person, bot: telegram.Bot, refused: Refusals, text: str) -> None:
    assert await refused(bot.send_message(42, text, parse_mode="HTML")) == "message text is empty"


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<b>never closed", 'Can\'t find end tag corresponding to start tag "b"'),
        ("路灯</b>", "Unexpected end tag at byte offset 6"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<table>x</table>", 'Unsupported start tag "table" at byte offset 0'),
        ("5 < 6", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
    ],
)
async def test_html_that_does_not_close(
    wang: Person, bot: telegram.Bot, refused: Refusals, html: str, words: str
) -> None:
    """Planted fault: no look at `self.open` at the end of `_Parser.run`, and the first passes."""
    assert await refused(bot.send_message(42, html, parse_mode="HTML")) == f"can't parse entities: {words}"


async def test_callback_data_has_64_bytes(wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    """Bytes, not characters: 21 Han and a letter pass, 22 Han do not. Planted fault: `len(data)`."""
    for data in ("x" * 64, "路" * 21 + "x"):
        assert (await bot.send_message(42, "x", reply_markup=one_button(data))).reply_markup == one_button(data)
    for data in ("x" * 65, "路" * 22):
        assert await refused(bot.send_message(42, "x", reply_markup=one_button(data))) == "BUTTON_DATA_INVALID"


async def test_a_button_has_to_do_something_and_its_link_to_be_one(
    wang: Person, bot: telegram.Bot, refused: Refusals
) -> None:
    for url, why in (("ftp://example.com", "Unsupported URL protocol"), ("not-a-url", "Wrong HTTP URL")):
        words = await refused(bot.send_message(42, "x", reply_markup=one_button("", url=url)))
        assert words == f"inline keyboard button URL '{url}' is invalid: {why}"
    dead = InlineKeyboardMarkup([[InlineKeyboardButton("x", callback_data="")]])
    assert (await refused(bot.send_message(42, "x", reply_markup=dead))).endswith("unallowed in the inline keyboard")


# -- albums


async def test_an_album_has_two_to_ten_items(world: World, wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    """Planted fault: an `ALBUM_LIMIT` of 11."""
    for count in (2, 10):
        album = await bot.send_media_group(42, [InputMediaPhoto(PICTURE) for _ in range(count)], caption="三张")
        assert len(album) == count
        assert len({one.media_group_id for one in album}) == 1
        assert [one.caption for one in album] == ["三张", *[None] * (count - 1)]
    before = len(world.messages(wang))
    eleven = bot.send_media_group(42, [InputMediaPhoto(PICTURE) for _ in range(11)])
    assert await refused(eleven) == "too many messages to send as an album"
    assert len(world.messages(wang)) == before


async def test_an_album_of_one_is_a_message_of_its_own(wang: Person, bot: telegram.Bot) -> None:
    (alone,) = await bot.send_media_group(42, [InputMediaPhoto(PICTURE, caption="x")])
    assert (alone.media_group_id, alone.caption) == (None, "x")


async def test_an_album_is_all_of_a_kind_and_comes_whole_or_not_at_all(
    world: World, wang: Person, bot: telegram.Bot, refused: Refusals
) -> None:
    mixed = bot.send_media_group(42, [InputMediaPhoto(PICTURE), InputMediaDocument(b"x")])
    assert await refused(mixed) == "document can't be mixed with other media types"
    above = [InputMediaPhoto(PICTURE, show_caption_above_media=True), InputMediaPhoto(PICTURE)]
    assert await refused(bot.send_media_group(42, above)) == (
        "parameter show_caption_above_media must be the same for all messages"
    )
    broken = bot.send_media_group(42, [InputMediaPhoto(PICTURE), InputMediaPhoto("no_such_file")])
    assert await refused(broken) == "wrong file identifier/HTTP URL specified"
    assert [one["text"] for one in world.messages(wang)] == ["/start"]


# -- who hears


@pytest.mark.parametrize("chat", [99, -100, "@nobody", "not_a_chat"])
async def test_an_unknown_chat(wang: Person, bot: telegram.Bot, refused: Refusals, chat: int | str) -> None:
    assert await refused(bot.send_message(chat, "x")) == "chat not found"
    assert await refused(bot.edit_message_text("x", chat, 1)) == "chat not found"
    assert await refused(bot.send_photo(chat, PICTURE)) == "chat not found"


async def test_who_blocked_the_bot_left_or_never_began(
    world: World, wang: Person, bot: telegram.Bot, refused: Refusals
) -> None:
    """403, which python-telegram-bot tells from 400. Planted fault: no look at `blocked` in `Call.writable`."""
    world.person(7, "Li")
    assert await refused(bot.send_message(7, "x"), Forbidden) == (
        "Forbidden: bot can't initiate conversation with a user"
    )
    world.block(wang)
    for call in (bot.send_message(42, "x"), bot.send_photo(42, PICTURE), bot.send_chat_action(42, "typing")):
        assert await refused(call, Forbidden) == "Forbidden: bot was blocked by the user"
    world.start(wang)
    await bot.send_message(42, "x")
    world.delete_account(wang)
    assert await refused(bot.send_message(42, "x"), Forbidden) == "Forbidden: user is deactivated"


# -- edits


async def test_an_edit_that_changes_nothing(wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    """Also where the same words are only written differently. Planted fault: `not_modified` never raised."""
    sent = await bot.send_message(42, "<b>x</b>", parse_mode="HTML", reply_markup=one_button())
    same = {"parse_mode": "HTML", "reply_markup": one_button()}
    assert await refused(sent.edit_text("<b>x</b>", **same)) == SAME
    assert await refused(sent.edit_text("<strong>x</strong> ", **same)) == SAME
    assert await refused(sent.edit_reply_markup(one_button())) == SAME
    assert (await sent.edit_text("x", **same)).text == "x"
    assert (await sent.edit_text("x")).reply_markup is None
    photo = await bot.send_photo(42, PICTURE, caption="x")
    assert await refused(photo.edit_caption("x")) == SAME


async def test_what_cannot_be_edited(world: World, wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    sent = await bot.send_message(42, "x")
    photo = await bot.send_photo(42, PICTURE)
    assert await refused(bot.edit_message_text("y", 42, 999)) == "message to edit not found"
    assert await refused(bot.edit_message_text("y", 42, 1)) == "message can't be edited"
    assert await refused(sent.edit_text(" ")) == "message text is empty"
    assert await refused(photo.edit_text("y")) == "there is no text in the message to edit"
    assert await refused(sent.edit_caption("y")) == "there is no caption in the message to edit"
    await sent.delete()
    assert await refused(sent.edit_text("y")) == "message to edit not found"
    world.block(wang)
    assert await refused(photo.edit_caption("y"), Forbidden) == "Forbidden: bot was blocked by the user"


async def test_what_cannot_be_deleted(wang: Person, bot: telegram.Bot, refused: Refusals, clock: Clock) -> None:
    sent = await bot.send_message(42, "x")
    clock.advance(timedelta(hours=48, seconds=1))
    assert await refused(sent.delete()) == "message can't be deleted for everyone"
    assert await refused(bot.delete_message(42, 999)) == "message to delete not found"


# -- presses


async def test_a_press_is_answered_once_within_150_seconds(
    world: World, wang: Person, bot: telegram.Bot, refused: Refusals, clock: Clock
) -> None:
    """Planted fault: no `PRESS_LIFE` in `answer_callback_query`, and a toast comes hours later."""
    await bot.send_message(42, "x", reply_markup=one_button())
    pressed = [world.press(wang, "x").query_id for _ in range(4)]
    queries = {
        update.callback_query.id: update.callback_query for update in await bot.get_updates() if update.callback_query
    }
    first, second, third, fourth = (queries[number or ""] for number in pressed)
    assert await refused(first.answer("x" * 201)) == "MESSAGE_TOO_LONG"
    assert await first.answer("好") is True
    assert await refused(first.answer("好")) == TOO_OLD
    clock.advance(timedelta(seconds=150))
    assert await second.answer() is True
    clock.advance(timedelta(seconds=1))
    assert await refused(third.answer("好")) == TOO_OLD
    assert await refused(fourth.answer(show_alert=True)) == TOO_OLD
    assert await refused(bot.answer_callback_query("12345")) == TOO_OLD
    assert [toast["text"] for toast in world.chat(wang)["toasts"]] == ["好", ""]


# -- how much


async def test_too_much_is_429_with_how_long_to_wait(
    world: World, wang: Person, bot: telegram.Bot, clock: Clock
) -> None:
    """Planted fault: no `parameters` in `too_many_requests`, and it is a mere `TelegramError`."""
    world.limit()
    for _ in range(5):
        await bot.send_message(42, "x")
    with pytest.raises(RetryAfter) as told:
        await bot.send_message(42, "x")
    assert told.value.retry_after == timedelta(seconds=5)
    assert world.calls[-1]["error"] == "Too Many Requests: retry after 5"
    clock.advance(timedelta(seconds=5))
    await bot.send_message(42, "x")


async def test_an_album_is_not_cut_by_a_limit(world: World, wang: Person, bot: telegram.Bot) -> None:
    """Planted fault: spend message by message, and the first five of ten stand alone in the chat."""
    world.limit()
    assert len(await bot.send_media_group(42, [InputMediaPhoto(PICTURE) for _ in range(10)])) == 10
    with pytest.raises(RetryAfter):
        await bot.send_message(42, "x")


# -- names, links, methods


async def test_names_of_commands(wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    assert await bot.set_my_commands([("a" * 32, "x"), ("new_1", "y" * 256)]) is True
    assert [one.command for one in await bot.get_my_commands()] == ["a" * 32, "new_1"]
    for name in ("New", "新", "a-b", "a" * 33):
        assert await refused(bot.set_my_commands([(name, "x")])) == "BOT_COMMAND_INVALID", name
    for words in ("", " ", "x" * 257):
        assert await refused(bot.set_my_commands([("new", words)])) == "BOT_COMMAND_DESCRIPTION_INVALID"
    many = [(f"c{number}", "x") for number in range(101)]
    assert await refused(bot.set_my_commands(many)) == "BOT_COMMANDS_TOO_MUCH"
    assert await refused(bot.set_my_commands([("new", "x")], language_code="zho")) == "invalid language code specified"
    elsewhere = telegram.BotCommandScopeChat(77)
    assert await refused(bot.set_my_commands([("new", "x")], elsewhere)) == "chat not found"


async def test_what_the_bot_says_of_itself_has_its_length(
    world: World, wang: Person, bot: telegram.Bot, refused: Refusals
) -> None:
    """512 and 120 characters, per language; nothing takes a language's own words away."""
    assert await bot.set_my_description("长" * 512) is True
    assert await bot.set_my_short_description("短" * 120) is True
    assert await refused(bot.set_my_description("长" * 513)) == "description is too long"
    assert await refused(bot.set_my_short_description("短" * 121)) == "short description is too long"
    assert await refused(bot.set_my_name("名" * 65)) == "name is too long"
    assert await refused(bot.set_my_description("x", "zho")) == "invalid language code specified"
    await bot.set_my_description("Hello", "en")
    assert (await bot.get_my_description("en")).description == "Hello"
    assert (await bot.get_my_description("zh")).description == "长" * 512
    assert (await bot.get_my_short_description()).short_description == "短" * 120
    ben = world.person(7, "Ben", "en-GB")
    assert world.chat(ben)["about"]["description"] == "Hello"
    await bot.set_my_description("", "en")
    assert world.chat(ben)["about"]["description"] == "长" * 512


@pytest.mark.parametrize("payload", ["b_12", "x" * 64, "A-b_9"])
async def test_a_deep_link_carries_64_letters(world: World, wang: Person, bot: telegram.Bot, payload: str) -> None:
    link = telegram.helpers.create_deep_linked_url(bot.username, payload)
    await bot.send_message(42, "x", reply_markup=one_button("", url=link))
    world.press(wang, "x")
    update = (await bot.get_updates())[-1]
    assert update.message.text == f"/start {payload}"
    assert update.message.entities[0].type == "bot_command"


@pytest.mark.parametrize("payload", ["x" * 65, "b 12", "路灯", "a=b"])
async def test_a_deep_link_carries_nothing_else(world: World, wang: Person, bot: telegram.Bot, payload: str) -> None:
    link = f"https://t.me/{bot.username}?start={payload}"
    await bot.send_message(42, "x", reply_markup=one_button("", url=link))
    with pytest.raises(Impossible, match="a start payload has at most 64"):
        world.press(wang, "x")
    assert [update.message.text for update in await bot.get_updates()] == ["/start"]


async def test_a_method_that_is_none(bot: telegram.Bot) -> None:
    with pytest.raises(EndPointNotFound):
        await bot.do_api_request("send_nothing", {"chat_id": 42})


async def test_what_is_protected_cannot_go_on(wang: Person, bot: telegram.Bot, refused: Refusals) -> None:
    sent = await bot.send_message(42, "x", protect_content=True)
    assert await refused(sent.forward(42)) == "message can't be forwarded"
    assert await refused(sent.copy(42)) == "message can't be copied"
    assert await refused(bot.forward_message(42, 42, 999)) == "message to forward not found"
