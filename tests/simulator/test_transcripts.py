"""A saved transcript, played on an empty world, gives the same messages in the same rooms, and the same transcript."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from simulator.clock import Clock, span
from simulator.methods import perform
from simulator.replay import Replay
from simulator.world import Impossible, World
from tests.simulator.conftest import MARKUP, START

CAST = re.compile(r"^cast (.*)$")


def fresh() -> World:
    return World(Clock(START).now)


def played(transcript: str, answer: Callable[[World], None] = lambda _: None) -> World:
    """Every line of a person done on an empty world; `answer` is the bot."""
    world = fresh()
    for line in transcript.splitlines():
        if found := CAST.match(line):
            for number, part in enumerate(found[1].split("; ")):
                name, _, role = part.partition(" ")
                world.person(1001 + number, name.partition("~")[0].replace("_", " "), "zh", role=role)
        elif line.startswith("clock "):
            world.advance(span(line.removeprefix("clock ")))
        elif line and not line.startswith(">>"):
            Replay(world).act(line)
            answer(world)
    return world


def rooms(world: World) -> dict[str, list[dict[str, Any]]]:
    """What stands in every chat, without what is different each time."""
    return {
        chat.title or f"{chat.person.first_name if chat.person else ''} {chat.id}": [
            {
                "from": post.message["from"]["first_name"],
                "text": post.message.get("text") or post.message.get("caption"),
                "origin": (post.message.get("forward_origin") or {}).get("type"),
                "reply": (post.message.get("reply_to_message") or {}).get("message_id"),
                "kinds": sorted(set(post.message) & {"photo", "voice", "contact", "location", "has_media_spoiler"}),
            }
            for post in chat.posts.values()
        ]
        for chat in world.chats.values()
    }


def test_what_was_said_in_a_group_is_said_there_again() -> None:
    """Planted fault: no `in 楼栋群` (`Names.room` gives ""), and everything is said to the bot alone."""
    world = fresh()
    for number, name in ((1001, "王芳"), (1002, "李建国")):
        world.person(number, name)
    group = world.group("楼栋群", [1001, 1002], kind="group")
    world.say(1001, "/help 路灯坏了", chat=group)
    sent = perform(world, "sendMessage", {"chat_id": group.id, "text": "<b>收到</b>", "parse_mode": "HTML"})
    world.say(1002, "我也看到了", chat=group, reply_to=sent["message_id"])
    world.photo(1002, "照片", chat=group, spoiler=True)
    world.contact(1002, chat=group)
    world.edit(1001, 2, "/help 路灯亮了", chat=group)
    world.say(1001, "只对你说")
    world.leave(group, 1002)
    world.join(group, 1002)
    moved = world.migrate(group, 1001)
    world.add_bot(moved, 1001, "administrator")
    world.say(1001, "换了群", chat=moved)
    world.remove_bot(moved, 1001)
    saved = world.transcript()
    assert saved == (
        "cast 王芳; 李建国\n\n"
        "group 楼栋群 of 王芳, 李建国\n"
        "add-bot 王芳 in 楼栋群\n"
        "王芳 in 楼栋群: /help 路灯坏了\n"
        ">> in 楼栋群: *收到*\n"
        "李建国 in 楼栋群 re: 我也看到了\n"
        "李建国 in 楼栋群: 照片 [photo spoiler]\n"
        "李建国 in 楼栋群: [contact +8613800001002]\n"
        "edit 王芳 in 楼栋群: /help 路灯亮了\n"
        "王芳: 只对你说\n"
        "leave 李建国 in 楼栋群\n"
        "join 李建国 in 楼栋群\n"
        "migrate 王芳 in 楼栋群\n"
        "promote-bot 王芳 in 楼栋群~2\n"
        "王芳 in 楼栋群~2: 换了群\n"
        "remove-bot 王芳 in 楼栋群~2\n"
    )


@pytest.mark.parametrize("kind", ["group", "supergroup"])
def test_a_group_and_two_of_one_name_come_back(kind: Any) -> None:
    """Planted fault: `_told_apart` without its numbers, and the second 王芳 speaks with the first one's phone."""
    world = fresh()
    for number, name in ((1001, "王芳"), (1002, "王芳"), (1003, "Li Jianguo")):
        world.person(number, name)
    group = world.group("楼栋群", [1001, 1002, 1003], kind=kind)
    other = world.group("楼栋群", [1003])
    world.say(1002, "/help 二", chat=group)
    answered(world)
    world.say(1002, "只有我")
    world.say(1003, "谢谢", chat=group, reply_to=max(group.posts))
    world.say(1003, "/help", chat=other)
    world.press(1001, "👍", chat=group)
    world.voice(1003, chat=group)
    world.forward(1001, max(group.posts), chat=group)
    world.forward_from(1001, {"type": "hidden_user", "name": "路 人"}, {"text": "[hm] 停水"}, to=group)
    world.forward_from(1002, {"type": "channel", "name": "城北通知"}, {"text": "停水"})
    world.block(1002)
    saved = world.transcript()
    assert saved.startswith("cast 王芳; 王芳~2; Li_Jianguo\n")
    assert "王芳~2 in 楼栋群: /help 二\n>> in 楼栋群: 收到 [👍] [网页]\n王芳~2: 只有我\n" in saved
    assert "Li_Jianguo in 楼栋群~2: /help\n" in saved
    assert "王芳 forwards user Li_Jianguo: [voice 3]\n" in saved
    assert "王芳 in 楼栋群 forwards hidden_user 路_人: \\[hm] 停水\n" in saved
    assert "王芳~2 forwards channel 城北通知: 停水\n" in saved
    again = played(saved, answered)
    assert rooms(again) == rooms(world)
    assert again.transcript() == saved
    assert [one.blocked for one in again.people.values()] == [False, True, False]


def answered(world: World) -> None:
    """A bot that answers these words in the first group, once."""
    for group in world.groups()[:1]:
        asked = any(post.message.get("text") == "/help 二" for post in group.posts.values())
        if asked and not any(post.outgoing for post in group.posts.values()):
            perform(world, "sendMessage", {"chat_id": group.id, "text": "收到", "reply_markup": MARKUP})


def test_a_new_transcript_begins_with_the_groups_there_are() -> None:
    world = fresh()
    world.person(1001, "王芳")
    group = world.group("楼栋群", [1001])
    world.begin_transcript()
    world.say(1001, "/help", chat=group)
    assert rooms(played(world.transcript()))["楼栋群"][-1]["text"] == "/help"
    world.remove_bot(group, 1001)
    world.begin_transcript()
    assert world.transcript() == "cast 王芳\n\nsupergroup 楼栋群 of 王芳\n"


def test_with_an_opening_the_phones_are_told_apart_too() -> None:
    """Somebody adds a phone with the name of one who is there."""
    world = fresh()
    world.person(1001, "王芳", role="resident")
    world.record.opening = ("town sample",)
    world.record.clear()
    second = world.person(1002, "王芳", "en")
    world.say(second, "hello")
    assert world.transcript().splitlines()[3:] == ["phone 王芳~2 en", "王芳~2: hello"]
    again = fresh()
    again.person(1001, "王芳", role="resident")
    replay = Replay(again)
    for line in world.transcript().splitlines()[3:]:
        replay.act(line)
    assert [(one.first_name, one.language_code) for one in again.people.values()] == [("王芳", "zh"), ("王芳", "en")]
    assert again.messages(1002)[0]["text"] == "hello"


@pytest.mark.parametrize("name", ["a: b", "x; y, z", "王芳~2", "two words", "in", "", " "])
def test_any_name_can_stand_in_a_line(name: str) -> None:
    world = fresh()
    person = world.person(1001, name)
    group = world.group(name, [person])
    world.say(person, "/help", chat=group)
    world.say(person, "x: y")
    again = played(world.transcript())
    assert [room[-1]["text"] for room in rooms(again).values()] == ["/help", "x: y"]
    assert again.transcript().count("\n") == world.transcript().count("\n")


def test_who_and_what_is_not_there_is_said() -> None:
    world = fresh()
    world.person(1001, "王芳")
    for line, why in (
        ("王芳 in 楼栋群: x", "no group is called 楼栋群"),
        ("join 王芳 in 楼栋群", "no group is called 楼栋群"),
        ("supergroup 楼栋群 of 王芳, 李建国", "nobody is called 李建国"),
        ("王芳 sings", "not understood"),
    ):
        with pytest.raises(Impossible, match=why):
            Replay(world).act(line)
