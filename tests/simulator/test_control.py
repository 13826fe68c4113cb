"""The control API, as the page and a demo use it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
import telegram

from simulator.clock import Clock, span, spoken
from simulator.pictures import jpeg
from simulator.server import build, serving
from simulator.world import Impossible, Person, World


async def test_a_whole_talk(world: World, http: httpx.AsyncClient, bot: telegram.Bot) -> None:
    created = await http.post(
        "/sim/people", json={"id": 42, "first_name": "王芳", "language_code": "zh", "role": "resident"}
    )
    assert created.status_code == 201
    await http.post("/sim/people/42/start", json={"payload": "b_1"})
    await http.post("/sim/people/42/say", json={"text": "路灯坏了", "reply_to": 1})
    markup = telegram.InlineKeyboardMarkup.from_button(telegram.InlineKeyboardButton("👍", callback_data="yes"))
    await bot.send_message(42, "<b>收到</b>", parse_mode="HTML", reply_markup=markup)
    pressed = (await http.post("/sim/people/42/press", json={"label": "👍"})).json()
    assert pressed["kind"] == "callback"
    await bot.answer_callback_query(pressed["query_id"], "好")
    pressed = (await http.post("/sim/people/42/press", json={"message_id": 3, "row": 0, "column": 0})).json()
    chat = (await http.get("/sim/people/42/chat")).json()
    assert chat["toasts"][0] | {"date": ""} == {
        "query_id": chat["toasts"][0]["query_id"], "message_id": 3, "label": "👍", "text": "好", "alert": False,
        "url": None, "date": "",
    }  # fmt: skip
    last = chat["messages"][-1]
    assert (last["html"], last["mine"], last["waiting"]) == ("<b>收到</b>", False, True)
    assert last["buttons"] == [[{"label": "👍", "kind": "callback", "data": "yes", "row": 0, "column": 0}]]
    assert chat["messages"][1]["reply_to"]["text"] == "/start b_1"
    people = (await http.get("/sim/people")).json()["people"]
    assert [(one["first_name"], one["role"], one["started"]) for one in people] == [("王芳", "resident", True)]


async def test_every_kind_of_message(world: World, wang: Person, http: httpx.AsyncClient) -> None:
    picture = jpeg(80, 60)
    base = "/sim/people/42"
    await http.post(f"{base}/photo", json={"caption": "a", "colour": "red"})
    await http.post(f"{base}/photo", data={"caption": "b"}, files={"photo": ("a.jpg", picture, "image/jpeg")})
    album = (await http.post(f"{base}/album", json={"count": 2, "caption": "c"})).json()
    assert len(album["message_ids"]) == 2
    await http.post(f"{base}/voice", json={"seconds": 2})
    await http.post(f"{base}/video", json={})
    await http.post(f"{base}/file", json={"name": "a.txt", "content": "x", "size": 30_000_000})
    await http.post(f"{base}/location", json={"latitude": 22.5, "longitude": 114})
    await http.post(f"{base}/contact", json={})
    await http.post(f"{base}/send", json={"content": {"dice": {"emoji": "🎲", "value": 3}}})
    await http.post(f"{base}/say", json={"text": "x"})
    await http.post(f"{base}/edit", json={"message_id": 11, "text": "y"})
    messages = (await http.get(f"{base}/chat")).json()["messages"]
    kinds = [message["media"] and message["media"]["kind"] for message in messages]
    assert kinds == [
        "photo",
        "photo",
        "photo",
        "photo",
        "voice",
        "video",
        "document",
        "location",
        "contact",
        "dice",
        None,
    ]
    assert messages[-1]["edited"]
    assert messages[2]["album"] == messages[3]["album"]
    file = await http.get(messages[1]["media"]["url"])
    assert (file.content, file.headers["content-type"]) == (picture, "image/jpeg")
    text = await http.get(messages[6]["media"]["url"])
    assert text.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("say", {"text": "x"}),
        ("photo", {"caption": "x"}),
        ("album", {"count": 2}),
        ("voice", {}),
        ("video", {}),
        ("file", {}),
        ("location", {"latitude": 22.5, "longitude": 114}),
        ("contact", {}),
        ("send", {"content": {"dice": {"emoji": "🎲", "value": 3}}}),
    ],
)
async def test_everything_can_answer_a_message_and_stand_in_a_group(
    world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot, deed: str, body: dict[str, object]
) -> None:
    """Planted fault: `contact` without `chat`, and a card given in a group is sent to the bot alone."""
    group = world.group("楼栋群", [wang])
    asked = await bot.send_message(group.id, "?")
    answered = {**body, "chat": group.id, "reply_to": asked.message_id}
    told = (await http.post(f"/sim/people/42/{deed}", json=answered)).json()
    assert told["chat_id"] == group.id
    update = (await bot.get_updates())[-1]
    assert (update.message.chat.title, update.message.reply_to_message.text) == ("楼栋群", "?")
    assert world.messages(wang, group)[-1]["reply_to"] == {
        "message_id": asked.message_id, "text": "?", "from": "一线",
    }  # fmt: skip
    lost = await http.post(f"/sim/people/42/{deed}", json={**body, "reply_to": 99})
    assert (lost.status_code, lost.json()) == (400, {"error": "there is no message 99 to reply to"})


async def test_blocking_and_leaving(world: World, wang: Person, http: httpx.AsyncClient) -> None:
    for deed in ("block", "unblock", "look", "delete-account"):
        assert (await http.post(f"/sim/people/42/{deed}")).json() == {"ok": True}
    assert wang.deleted
    refused = await http.post("/sim/people/42/say", json={"text": "x"})
    assert (refused.status_code, refused.json()) == (400, {"error": "王芳 has left Telegram"})
    for path, body in (("7/say", {"text": "x"}), ("42/fly", {}), ("42/edit", {}), ("42/location", {"latitude": "x"})):
        assert (await http.post(f"/sim/people/{path}", json=body)).status_code == 400


async def test_groups(world: World, wang: Person, http: httpx.AsyncClient) -> None:
    group = (await http.post("/sim/groups", json={"title": "楼栋群", "members": [42], "type": "group"})).json()
    await http.post("/sim/people/42/say", json={"text": "/help", "chat": group["id"]})
    kinds = [list(update)[1] for update in (await http.get("/sim/updates")).json()["updates"]]
    assert kinds == ["my_chat_member", "message", "message"]
    chat = (await http.get("/sim/people/42/chat", params={"chat": group["id"]})).json()
    assert chat["chat"]["title"] == "楼栋群"
    (listed,) = (await http.get("/sim/people")).json()["people"]
    assert listed["groups"] == [{"id": group["id"], "title": "楼栋群"}]
    moved = (await http.post(f"/sim/groups/{group['id']}/migrate")).json()
    (listed,) = (await http.get("/sim/people")).json()["people"]
    assert listed["groups"] == [{"id": moved["id"], "title": "楼栋群"}]
    assert moved["type"] == "supergroup"


async def test_the_worlds_own_clock(http: httpx.AsyncClient) -> None:
    world = World()
    async with serving(build(world, page=None)) as address, httpx.AsyncClient(base_url=address) as client:
        before = world.now()
        answer = (await client.post("/sim/clock", json={"advance": "2d"})).json()
        assert answer["advanced"] == 172800
        assert timedelta(days=2) <= world.now() - before < timedelta(days=2, minutes=1)
        assert (await client.get("/sim/clock")).json()["now"] > answer["now"]
        for words in ("9999999w", "999999999999d"):
            assert (await client.post("/sim/clock", json={"advance": words})).status_code == 400


async def test_the_clock_says_its_zone_and_whether_it_runs(world: World, http: httpx.AsyncClient) -> None:
    """Only where they are known: the page shows its own zone, and no way to hold the clock, without them."""
    assert set((await http.get("/sim/clock")).json()) == {"now"}
    assert (await http.post("/sim/clock", json={"runs": False})).json() == {"error": "this clock cannot be held"}
    asked: list[bool] = []
    app = build(world, page=None, zone="Asia/Shanghai", on_run=asked.append)
    async with serving(app) as address, httpx.AsyncClient(base_url=address) as client:
        now = world.now().isoformat()
        assert (await client.get("/sim/clock")).json() == {"now": now, "zone": "Asia/Shanghai", "runs": True}
        held = (await client.post("/sim/clock", json={"runs": False})).json()
        assert (held, asked) == ({"now": now, "zone": "Asia/Shanghai", "runs": False}, [False])
        assert (await client.get("/sim/clock")).json() == held
        assert world.events[-1] | {"seq": 0, "at": ""} == {
            "seq": 0, "kind": "clock", "at": "", "advanced": 0, **held,
        }  # fmt: skip
        await client.post("/sim/clock", json={"runs": True})
    assert asked == [False, True]


async def test_a_clock_of_somebody_elses(world: World, clock: Clock) -> None:
    advanced: list[timedelta] = []

    async def advance(delta: timedelta) -> None:
        await asyncio.sleep(0)
        advanced.append(delta)
        clock.advance(delta)

    app = build(world, on_advance=advance, page=None)
    async with serving(app) as address, httpx.AsyncClient(base_url=address) as client:
        answer = (await client.post("/sim/clock", json={"advance": "1h"})).json()
        assert (await client.post("/sim/clock", json={"advance": "soon"})).status_code == 400
    assert advanced == [timedelta(hours=1)]
    assert answer["now"] == "2026-11-24T09:00:00+00:00"
    assert world.transcript().endswith("clock +1h\n")


def test_spans() -> None:
    assert [span(words) for words in ("90s", "10m", "+1h", "2d", "1d 6h")] == [
        timedelta(seconds=90), timedelta(minutes=10), timedelta(hours=1), timedelta(days=2), timedelta(days=1, hours=6),
    ]  # fmt: skip
    assert [spoken(span(words)) for words in ("90s", "120s", "24h", "0s")] == ["90s", "2m", "1d", "0s"]
    for words in ("", "x", "-1d", "1d later"):
        with pytest.raises(Impossible):
            span(words)


async def test_chaos_calls_and_transcript(
    world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    world.start(wang)
    script = {"rate": 0, "next": [{"method": "sendMessage", "kind": "429", "seconds": 1}]}
    assert (await http.post("/sim/chaos", json=script)).json()["rate"] == 0
    with pytest.raises(telegram.error.RetryAfter):
        await bot.send_message(42, "x")
    await bot.send_message(42, "x")
    calls = (await http.get("/sim/calls")).json()["calls"]
    assert [(call["method"], call["ok"], call["message_id"]) for call in calls[-2:]] == [
        ("sendMessage", False, None),
        ("sendMessage", True, 2),
    ]
    assert (await http.get("/sim/calls", params={"after": calls[-2]["seq"]})).json()["calls"] == calls[-1:]
    assert (await http.post("/sim/chaos", json={"rate": 2})).status_code == 400
    assert (await http.post("/sim/chaos", json={"rate": 0.5, "kinds": ["no"]})).status_code == 400
    assert (await http.get("/sim/chaos")).json()["counts"] == {"429": 1}
    assert (await http.get("/sim/transcript")).text == "cast 王芳\n\n王芳: /start\n>> 王芳: x\n"
    await http.delete("/sim/transcript")
    assert (await http.get("/sim/transcript")).text == ""


async def test_a_given_update(world: World, http: httpx.AsyncClient, bot: telegram.Bot) -> None:
    await http.post(
        "/sim/updates", json={"channel_post": {"message_id": 1, "date": 1, "chat": {"id": -100, "type": "channel"}}}
    )
    (update,) = await bot.get_updates()
    assert update.channel_post.chat.type == "channel"


class TestGate:
    async def test_only_this_computer(self, address: str) -> None:
        port = address.rpartition(":")[2]
        async with httpx.AsyncClient(base_url=address) as client:
            for headers, status in (
                ({"host": f"localhost:{port}"}, 200),
                ({"host": "evil.example"}, 403),
                ({"host": "127.0.0.1:1"}, 403),
                ({"origin": f"http://127.0.0.1:{port}"}, 200),
                ({"origin": "http://evil.example"}, 403),
                ({"origin": "null"}, 403),
            ):
                assert (await client.get("/sim/clock", headers=headers)).status_code == status, headers

    async def test_a_key_opens_once_and_is_kept_as_a_cookie(self, world: World) -> None:
        async with serving(build(world, key="k3y")) as address, httpx.AsyncClient(base_url=address) as client:
            assert (await client.get("/sim/clock")).status_code == 403
            assert (await client.get("/sim/clock", params={"key": "wrong"})).status_code == 403
            assert (await client.get("/sim/clock", params={"key": "k3y"})).status_code == 200
            assert (await client.get("/sim/clock")).status_code == 200
            assert (await client.get(f"/bot{world.token}/getMe")).status_code == 200
