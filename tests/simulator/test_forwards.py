"""Forwards with where they came from, spoilers, captions above: as python-telegram-bot reads them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import telegram

from simulator.pictures import jpeg
from simulator.world import Impossible, Person, World


@pytest.fixture
def li(world: World) -> Person:
    return world.person(7, "Li", "en", last_name="Jianguo", username="li")


async def newest(bot: telegram.Bot) -> telegram.Message:
    message = (await bot.get_updates())[-1].message
    assert message is not None
    return message


async def test_a_message_of_a_group_goes_on_to_the_bot(
    world: World, wang: Person, li: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    """Planted fault: no `origin` in `forward`, and the words seem to be the forwarder's own."""
    group = world.group("楼栋群", [wang, li])
    said = world.photo(li, "路灯坏了", chat=group)
    body = {"message_id": said.message_id, "chat": group.id}
    answer = (await http.post("/sim/people/42/forward", json=body)).json()
    assert answer["chat_id"] == 42
    got = await newest(bot)
    assert (got.from_user.id, got.chat.id, got.caption) == (42, 42, "路灯坏了")
    assert got.photo[-1].file_id == said.message["photo"][-1]["file_id"]
    origin = got.forward_origin
    assert isinstance(origin, telegram.MessageOriginUser)
    assert (origin.sender_user.full_name, origin.date) == ("Li Jianguo", said_at(said.message))
    (shown,) = world.messages(wang)
    assert (shown["mine"], shown["forwarded"]) == (True, {"type": "user", "name": "Li Jianguo", "signature": None})


def said_at(message: dict[str, Any]) -> Any:
    return telegram.Message.de_json(message).date


async def test_who_hides_is_only_a_name(world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot) -> None:
    person = {"id": 7, "first_name": "Li", "language_code": "en", "private_forwards": True}
    assert (await http.post("/sim/people", json=person)).json()["private_forwards"] is True
    group = world.group("楼栋群", [wang, 7])
    said = world.say(7, "路灯坏了", chat=group)
    world.forward(wang, said.message_id, chat=group)
    origin = (await newest(bot)).forward_origin
    assert isinstance(origin, telegram.MessageOriginHiddenUser)
    assert origin.sender_user_name == "Li"


@pytest.mark.parametrize(
    ("told", "kind", "name"),
    [
        ({"type": "user", "name": "赵敏"}, telegram.MessageOriginUser, lambda one: one.sender_user.first_name),
        ({"type": "user", "name": "x", "id": 7}, telegram.MessageOriginUser, lambda one: one.sender_user.first_name),
        ({"type": "hidden_user", "name": "路人"}, telegram.MessageOriginHiddenUser, lambda one: one.sender_user_name),
        ({"type": "chat", "name": "邻里群"}, telegram.MessageOriginChat, lambda one: one.sender_chat.title),
        (
            {"type": "channel", "name": "城北通知", "message_id": 5, "signature": "居委会"},
            telegram.MessageOriginChannel,
            lambda one: one.chat.title,
        ),
    ],
)
async def test_something_from_elsewhere(
    world: World,
    wang: Person,
    li: Person,
    http: httpx.AsyncClient,
    bot: telegram.Bot,
    told: dict[str, Any],
    kind: type[telegram.MessageOrigin],
    name: Any,
) -> None:
    answer = await http.post("/sim/people/42/forward", json={"origin": told, "text": "今晚停水"})
    assert answer.status_code == 200
    got = await newest(bot)
    assert got.text == "今晚停水"
    assert type(got.forward_origin) is kind
    assert name(got.forward_origin) == ("Li" if "id" in told else told["name"])
    assert world.messages(wang)[0]["forwarded"]["type"] == told["type"]
    if kind is telegram.MessageOriginChannel:
        assert (got.forward_origin.message_id, got.forward_origin.author_signature) == (5, "居委会")
        assert world.messages(wang)[0]["forwarded"]["signature"] == "居委会"


async def test_a_forward_of_a_forward_tells_the_first_origin(
    world: World, wang: Person, li: Person, bot: telegram.Bot
) -> None:
    first = world.forward_from(wang, {"type": "channel", "name": "城北通知"}, {"text": "停水"})
    group = world.group("楼栋群", [wang, li])
    there = world.forward(wang, first.message_id, to=group)
    back = world.forward(li, there.message_id, chat=group)
    assert back.message["forward_origin"] == first.message["forward_origin"]
    sent = await bot.forward_message(42, 7, back.message_id)
    assert sent.forward_origin.chat.title == "城北通知"


async def test_what_the_bot_said_can_be_forwarded_to_it(world: World, wang: Person, bot: telegram.Bot) -> None:
    world.start(wang)
    markup = telegram.InlineKeyboardMarkup.from_button(telegram.InlineKeyboardButton("x", callback_data="x"))
    sent = await bot.send_message(42, "<b>收到</b>", parse_mode="HTML", reply_markup=markup)
    world.forward(wang, sent.message_id)
    got = await newest(bot)
    assert got.forward_origin.sender_user.is_bot
    assert (got.text_html, got.reply_markup) == ("<b>收到</b>", None)


async def test_what_cannot_be_forwarded(
    world: World, wang: Person, li: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    world.start(wang)
    kept = await bot.send_message(42, "x", protect_content=True)
    group = world.group("楼栋群", [li])
    for body in (
        {"message_id": 99},
        {"message_id": kept.message_id},
        {"message_id": 1, "chat": group.id},
        {"message_id": 1, "to": group.id},
        {"origin": {"type": "planet", "name": "x"}, "text": "x"},
        {"origin": {"type": "user"}, "text": "x"},
        {},
    ):
        refused = await http.post("/sim/people/42/forward", json=body)
        assert refused.status_code == 400, body
    joined = max(world.room(li, group).posts)
    with pytest.raises(Impossible, match="cannot be forwarded"):
        world.forward(li, joined, chat=group)
    mine = world.forward(wang, 1)
    with pytest.raises(Impossible, match="stays as it is"):
        world.edit(wang, mine.message_id, "y")


# -- spoilers and captions above


async def test_pictures_are_hidden_until_they_are_pressed(world: World, wang: Person, bot: telegram.Bot) -> None:
    world.start(wang)
    picture = jpeg(80, 60)
    sent = await bot.send_photo(42, picture, caption="x", has_spoiler=True, show_caption_above_media=True)
    assert (sent.has_media_spoiler, sent.show_caption_above_media) == (True, True)
    album = [telegram.InputMediaPhoto(picture, has_spoiler=True), telegram.InputMediaPhoto(picture)]
    assert [one.has_media_spoiler for one in await bot.send_media_group(42, album)] == [True, None]
    await bot.send_document(42, b"x", caption="y")
    shown = world.messages(wang)[1:]
    assert [(one["media"].get("spoiler"), one["caption_above"]) for one in shown] == [
        (True, True),
        (True, False),
        (False, False),
        (False, False),
    ]
    below = await sent.edit_caption("y")
    assert (below.has_media_spoiler, below.show_caption_above_media) == (True, None)
    above = await sent.edit_caption("y", show_caption_above_media=True)
    assert above.show_caption_above_media is True
    copied = await bot.copy_message(42, 42, sent.message_id, caption="z")
    assert [world.messages(wang)[-1][key] for key in ("id", "caption_above")] == [copied.message_id, False]
    assert world.messages(wang)[-1]["media"]["spoiler"] is True


async def test_a_person_hides_a_picture_too(
    world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    await http.post("/sim/people/42/photo", json={"caption": "x", "spoiler": True})
    assert (await newest(bot)).has_media_spoiler is True


async def test_words_are_hidden_in_both_ways_of_writing_it(
    world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    world.start(wang)
    html = 'a <tg-spoiler>b</tg-spoiler> <span class="tg-spoiler">c</span>'
    sent = await bot.send_message(42, html, parse_mode="HTML")
    assert [(one.type, one.offset) for one in sent.entities] == [("spoiler", 2), ("spoiler", 4)]
    assert world.messages(wang)[-1]["html"].count('class="tg-spoiler"') == 2
    content = {"text": "a b", "entities": [{"type": "spoiler", "offset": 2, "length": 1}]}
    await http.post("/sim/people/42/send", json={"content": content})
    assert (await newest(bot)).entities[0].type == "spoiler"
