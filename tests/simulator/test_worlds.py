"""One address under which one world follows another, and the call that asks for the next."""

import asyncio
import json

import aiohttp
import pytest

from simulator.server import build, serving
from simulator.world import World
from simulator.worlds import Wishes, Worlds

NEVER = 10.0


async def test_what_is_reached_is_the_world_that_is_shown() -> None:
    worlds = Worlds()
    async with serving(worlds.app) as address, aiohttp.ClientSession(address) as page:
        async with page.get("/sim/people") as answer:
            assert answer.status == 503
        for name in ("Ann", "Ben"):
            world = World()
            world.person(1, name, "en")
            async with worlds.showing(build(world)):
                async with page.get("/sim/people") as answer:
                    assert [one["first_name"] for one in (await answer.json())["people"]] == [name]
                async with page.post(f"/bot{world.token}/getMe") as answer:
                    assert (await answer.json())["ok"] is True
                async with page.get("/") as answer:
                    assert "text/html" in answer.headers["Content-Type"]
            assert [call["method"] for call in world.calls] == ["getMe"]


async def test_who_still_listens_hears_the_end_and_is_sent_home() -> None:
    """The page's events, a bot's long poll and a call that meets silence: none outlives its world."""
    worlds, world = Worlds(), World()
    async with serving(worlds.app) as address, aiohttp.ClientSession(address) as client:
        async with worlds.showing(build(world)):
            stream = await client.get("/sim/events")
            poll = asyncio.create_task(text_of(client, f"/bot{world.token}/getUpdates?timeout=50"))
            await first_line(stream)
            world.chaos.script("getMe", "timeout", seconds=50)
            silent = asyncio.create_task(text_of(client, f"/bot{world.token}/getMe"))
            while not world.called("getMe"):
                await stream.content.readline()
            world.tell_story("over", life=1)
        async with asyncio.timeout(NEVER):
            rest = (await stream.content.read()).decode()
            assert json.loads(await poll) == {"ok": True, "result": []}
            with pytest.raises(aiohttp.ClientError):
                await silent
    events = [json.loads(line.removeprefix("data: ")) for line in rest.splitlines() if line.startswith("data: ")]
    assert (events[-1]["kind"], events[-1]["state"], events[-1]["life"]) == ("story", "over", 1)


async def text_of(client: aiohttp.ClientSession, path: str) -> str:
    """What is answered."""
    async with client.post(path) as answer:
        return await answer.text()


async def first_line(stream: aiohttp.ClientResponse) -> None:
    """The greeting of the stream: now it listens."""
    await stream.content.readline()
    assert await stream.content.readline() == b"event: hello\n"


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        ({}, ("zh", False)),
        ({"language": "en"}, ("en", False)),
        ({"language": "en", "again": True}, ("en", True)),
        ({"again": "yes"}, ("zh", False)),
    ],
)
async def test_a_wish_is_heard(body: dict[str, object], heard: tuple[str, bool]) -> None:
    wishes: list[tuple[str, bool]] = []

    async def on_wish(language: str, again: bool) -> int:
        wishes.append((language, again))
        return 7

    web = build(World(), key="secret", more=Wishes(on_wish, ("zh", "en")).routes())
    async with serving(web) as address, aiohttp.ClientSession(address) as page:
        async with page.post("/sim/town", json=body) as answer:
            assert answer.status == 403, "the same key as everywhere"
        async with page.post("/sim/town?key=secret", json=body) as answer:
            assert await answer.json() == {"life": 7}
        async with page.post("/sim/town?key=secret", json={"language": "fr"}) as answer:
            assert (answer.status, await answer.json()) == (400, {"error": "no town speaks fr; known are zh, en"})
        async with page.get("/sim/town?key=secret") as answer:
            assert answer.status == 404, "nothing begins by looking"
    assert wishes == [heard]


async def test_a_simulator_alone_has_no_town() -> None:
    async with serving(build(World())) as address, aiohttp.ClientSession(address) as page:
        async with page.post("/sim/town", json={"again": True}) as answer:
            assert answer.status in (404, 405)
        async with page.get("/sim/story") as answer:
            assert await answer.json() == {"state": "none", "done": 0, "of": 0}


async def test_a_page_that_goes_leaves_no_task() -> None:
    async with serving(build(World())) as address:
        await looked(address)
        before = len(asyncio.all_tasks())
        for _ in range(3):
            await looked(address)
        for _ in range(200):
            if len(asyncio.all_tasks()) <= before:
                break
            await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) <= before


async def looked(address: str) -> None:
    """A page comes, listens, and goes."""
    async with aiohttp.ClientSession(address) as page, page.get("/sim/events") as stream:
        await first_line(stream)
