"""The stream of events: told as they happen, continued without a gap or a copy, or begun anew and said so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import telegram

from simulator.events import Events
from simulator.server import build, serving
from simulator.signals import Signal
from simulator.world import Person, World

Json = dict[str, Any]


class Reader:
    """One connection to the stream."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.place = ""

    async def next(self) -> Json:
        """The next event, its `id:` kept as the place where another connection goes on."""
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith("id: "):
                    self.place = line[4:]
                if line.startswith("data: "):
                    return dict(json.loads(line[6:]))
        raise EOFError

    async def until(self, ready: Callable[[Json], bool]) -> list[Json]:
        """The events up to the first that is awaited."""
        seen = [await self.next()]
        while not ready(seen[-1]):
            seen.append(await self.next())
        return seen


@asynccontextmanager
async def reading(http: httpx.AsyncClient, place: str | None = None) -> AsyncIterator[Reader]:
    headers = {} if place is None else {"last-event-id": place}
    async with http.stream("GET", "/sim/events", headers=headers) as stream:
        yield Reader(stream.aiter_lines())


def kind(name: str) -> Callable[[Json], bool]:
    return lambda event: event.get("kind") == name


async def test_what_happens_is_told(world: World, wang: Person, http: httpx.AsyncClient) -> None:
    async with reading(http) as reader:
        hello = await reader.next()
        assert hello == {"seq": 1, "life": world.life, "resumed": False}
        world.say(wang, "a")
        world.block(wang)
        assert [one["kind"] for one in await reader.until(kind("member"))] == ["message", "member"]
        assert reader.place == f"{world.life}-3"


async def test_after_a_break_nothing_is_lost_and_nothing_comes_twice(
    world: World, wang: Person, http: httpx.AsyncClient
) -> None:
    """Planted fault: no `Last-Event-ID` (`place = None` in `events`), and what happened in between is never told."""
    async with reading(http) as reader:
        await reader.next()
        world.say(wang, "1")
        first = await reader.until(kind("message"))
    world.say(wang, "2")
    world.say(wang, "3")
    async with reading(http, reader.place) as again:
        assert (await again.next())["resumed"] is True
        world.say(wang, "4")
        world.block(wang)
        then = await again.until(kind("member"))
    told = [one["message_id"] for one in [*first, *then] if one["kind"] == "message"]
    assert told == [1, 2, 3, 4]
    assert [one["seq"] for one in [*first, *then]] == list(range(2, 7))


async def test_the_address_says_a_place_too(world: World, wang: Person, http: httpx.AsyncClient) -> None:
    world.say(wang, "a")
    async with http.stream("GET", "/sim/events", params={"after": "0"}) as stream:
        reader = Reader(stream.aiter_lines())
        assert (await reader.next())["resumed"] is True
        assert [one["kind"] for one in await reader.until(kind("message"))] == ["person", "message"]


async def test_after_a_restart_the_stream_begins_anew_and_says_so(world: World, http: httpx.AsyncClient) -> None:
    """Planted fault: compare numbers only (no `life`), and a page goes on with the events of another world."""
    for number in range(5):
        world.person(100 + number, "x")
    async with reading(http) as reader:
        await reader.next()
        assert reader.place == f"{world.life}-5"
    later = World()
    for number in range(9):
        later.person(100 + number, "y")
    async with (
        serving(build(later, page=None)) as address,
        httpx.AsyncClient(base_url=address) as client,
        reading(client, reader.place) as again,
    ):
        assert await again.next() == {"seq": 9, "life": later.life, "resumed": False}
        later.person(1, "z")
        assert (await again.next())["person_id"] == 1


@pytest.mark.parametrize("place", ["99", "x-1", "-", "soon", ""])
async def test_a_place_that_is_none_begins_anew(
    world: World, wang: Person, http: httpx.AsyncClient, place: str
) -> None:
    async with reading(http, place) as reader:
        assert await reader.next() == {"seq": 1, "life": world.life, "resumed": False}


async def test_when_too_much_has_happened_it_begins_anew() -> None:
    """Planted fault: no `_lost` in `_place`, and the events that are gone are silently left out."""
    world = World(kept_events=3)
    for number in range(5):
        world.person(number + 1, "x")
    async with serving(build(world, page=None)) as address, httpx.AsyncClient(base_url=address) as http:
        for place, resumed in ((f"{world.life}-1", False), (f"{world.life}-2", True), (f"{world.life}-4", True)):
            async with reading(http, place) as reader:
                assert (await reader.next())["resumed"] is resumed, place


async def test_a_reader_that_falls_behind_is_told() -> None:
    world = World(kept_events=3)
    world.person(1, "x")
    stream = Events(world, Signal()).stream(None)
    assert '"resumed": false' in await anext(stream)
    for number in range(9):
        world.person(number + 2, "x")
    assert '"seq": 10' in (behind := await anext(stream))
    assert '"resumed": false' in behind
    await stream.aclose()
    assert world.listeners == []


async def test_what_happens_while_events_are_written_is_told_at_once(world: World, wang: Person) -> None:
    """Planted fault: clear after looking, and this waits for the heartbeat, 15 seconds."""
    stream = Events(world, Signal()).stream(None)
    await anext(stream)
    world.say(wang, "1")
    assert '"message_id": 1' in await anext(stream)
    world.say(wang, "2")  # the generator stands at its yield: the first is being written
    async with asyncio.timeout(5):
        assert '"message_id": 2' in await anext(stream)
    await stream.aclose()


async def test_a_call_says_which_chat_it_was_about(
    world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    world.start(wang)
    async with reading(http) as reader:
        await reader.next()
        await bot.send_message(42, "x")
        await bot.get_me()
        with pytest.raises(telegram.error.BadRequest):
            await bot.send_message(7777, "x")
        calls = [one for one in await reader.until(lambda one: one.get("chat_id") == 7777) if one["kind"] == "call"]
    told = [(one["method"], one["chat_id"], one["message_id"], one["ok"], one["error"]) for one in calls]
    assert told == [
        ("sendMessage", 42, 2, True, None),
        ("getMe", None, None, True, None),
        ("sendMessage", 7777, None, False, "Bad Request: chat not found"),
    ]


async def test_what_the_bot_has_is_told_as_read(
    world: World, wang: Person, http: httpx.AsyncClient, bot: telegram.Bot
) -> None:
    """Two ticks on the phone: when the bot confirms an update, not when it fetches it."""
    world.start(wang)
    world.say(wang, "a")
    async with reading(http) as reader:
        await reader.next()
        (first, _) = await bot.get_updates()
        assert [one["read"] for one in world.messages(wang)] == [False, False]
        await bot.get_updates(first.update_id + 1)
        (event,) = await reader.until(kind("read"))
    assert (event["chat_id"], event["message_id"]) == (42, 1)
    assert [one["read"] for one in world.messages(wang)] == [True, False]
