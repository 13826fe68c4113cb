"""The demo's town: made by playing the bot, with a case in every situation the bot knows, on any day of the year.

In Chinese or English, and as often as anybody likes in one process.
"""

import asyncio
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.app import charter_of
from bot.clock import SystemClock
from bot.config import load
from bot.config_example import EXAMPLE
from bot.demo import Demo, demo
from bot.prologue import LANGUAGES, SITUATIONS, WEEKS, missing, play, script
from bot.reading_words import load as reading_words
from bot.town import Over, Town, opening
from domain.people import Role
from domain.reading import find_community, guess_category, is_urgent
from handlers import operator
from simulator.lines import shown
from simulator.replay import SPEECH
from simulator.server import until
from simulator.world import Impossible
from storage.database import open_database
from tests.stage import MONDAY, SHANGHAI, stage

SILENCE = 4.5
"""Sooner than a sender that stops would give up a call that nobody answers, in seconds."""
DAYS = {
    "an ordinary Monday": MONDAY,
    "after the Spring Festival": datetime(2026, 2, 25, 9, 0, tzinfo=SHANGHAI),
    "after the National Day": datetime(2026, 10, 9, 9, 0, tzinfo=SHANGHAI),
    "the first days of a year": datetime(2026, 1, 6, 9, 0, tzinfo=SHANGHAI),
}


PLAYS = [pytest.param(day, "zh", id=f"{name}-zh") for name, day in DAYS.items()]
AGAIN = [pytest.param(day, "en", id=f"{name}-en", marks=pytest.mark.soak) for name, day in list(DAYS.items())[1:]]
"""Both towns do the same at the same time, see below: one day is enough for what the other one says."""


@pytest.mark.parametrize(("day", "language"), [*PLAYS, pytest.param(MONDAY, "en", id="an ordinary Monday-en"), *AGAIN])
async def test_every_situation_is_there(day: datetime, language: str, tmp_path: Path) -> None:
    async with stage(tmp_path, day - WEEKS) as town:
        opens = opening(town.app.settings, day)
        await town.live(opens, language)
        now = town.clock.now()
        assert now - opens < timedelta(seconds=1)
        assert await town.app.database.read(partial(missing, charter=town.app.charter, now=now)) == []
        assert not town.world.messages(1001), "the tour's resident has not written yet"


async def test_nothing_is_there_before_anybody_did_anything(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        absent = await town.app.database.read(partial(missing, charter=town.app.charter, now=town.clock.now()))
    assert absent == [*SITUATIONS, "telephone task"]


def test_both_towns_tell_the_same_story() -> None:
    """As many people of each role, and line by line the same kind of deed at the same time."""
    zh, en = (script(language) for language in LANGUAGES)
    assert [(part.number, part.role) for part in zh.people] == [(part.number, part.role) for part in en.people]
    assert len({part.name for part in (*zh.people, *en.people)}) == len(zh.people) + len(en.people) - 1
    clocks = [[line for line in story.lines if line.startswith("clock ")] for story in (zh, en)]
    assert clocks[0] == clocks[1]
    assert abs(len(zh.lines) - len(en.lines)) <= 1, "English needs one press more: the lamp is another kind of concern"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_residents_write_is_understood(language: str) -> None:
    """Each concern names its community and has a kind; one of them is urgent."""
    charter, words, story = charter_of(load(EXAMPLE, {}), SystemClock()), reading_words(), script(language)
    residents = {shown(part.name) for part in story.people if part.role is Role.RESIDENT}
    spoken = [SPEECH.match(line) for line in story.lines]
    concerns = [one["words"] for one in spoken if one and one["name"] in residents and one["words"][0] not in "[/"]
    assert len(concerns) > 20
    for concern in concerns:
        assert find_community(concern, charter.communities), concern
        assert guess_category(concern, charter.categories, charter.communities), concern
    assert sum(is_urgent(concern, charter.emergency, words) for concern in concerns) == 1


async def test_a_line_that_cannot_be_played_is_named(tmp_path: Path) -> None:
    broken = replace(script("en"), lines=("Mary: [No such button]",))
    async with stage(tmp_path, MONDAY - WEEKS) as town:
        with pytest.raises(Impossible) as failed:
            await play(town, broken, MONDAY)
    assert failed.value.__notes__ == ["in the line 'Mary: [No such button]'"]


async def test_the_place_begins_anew_and_leaves_nothing_behind() -> None:
    """Three lives in one process, the second cut short while it wakes up among calls that nobody answers."""
    async with demo() as place:
        living = asyncio.create_task(place.run())
        await place.wish("zh", False)
        first = await awake(place)
        tasks, threads = names_of_tasks(), threading.active_count()
        first.act("王芳: 城北社区电梯坏了")

        assert await place.wish("en", True) == 2
        await until_begun(place)
        second = place.town
        assert second is not None
        assert second is not first
        second.world.chaos.script("sendMessage", "timeout", times=100, seconds=60)
        await until(second.world, lambda: [call for call in second.world.called("sendMessage") if not call["ok"]], 20)

        async with asyncio.timeout(SILENCE):
            assert await place.wish("en", True) == 3
        third = await awake(place)
        assert third.world.chaos.state()["counts"] == {}
        assert third.world.messages(1001) == []
        assert third.world.transcript() == ""
        third.act("Mary: The lift at North Gate is broken")
        assert third.world.transcript().startswith("town sample en\nstart ")
        await third.quiet()
        assert await third.app.database.read(partial(missing, charter=third.app.charter, now=third.now())) == []
        assert names_of_tasks() == tasks
        assert threading.active_count() == threads
        for town, life in ((first, 1), (second, 2)):
            assert town.app.failure is None
            assert await ended_politely(place.folder / str(life)), life
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        assert await ended_politely(place.folder / "3")


async def test_a_story_is_told_once_a_language() -> None:
    """The next life begins where it was told, with nothing of what was done since; and it is a life of its own."""
    async with demo(language="zh") as place:
        living = asyncio.create_task(place.run())
        first = await awake(place)
        told, turns, before = chats(first), first.app.turns.meter.turns.copy(), first.now()
        assert turns
        link = first.app.turns.kit.secret()
        first.act("王芳: 城北社区电梯坏了")
        await first.advance(timedelta(days=3))
        assert chats(first) != told

        assert await place.wish("zh", True) == 2
        second = await awake(place)
        assert second.world.life != first.world.life
        assert chats(second) == told
        assert second.app.turns.meter.turns == {}, "nobody did anything"
        assert abs(second.now() - before) < timedelta(hours=1), "not three days later"
        assert second.world.transcript().splitlines() == []
        assert second.app.turns.kit.secret() == link
        await second.advance(timedelta(days=3))
        second.act("王芳: 城北社区电梯坏了")
        await second.quiet()
        assert any("电梯" in one["text"] for one in second.world.messages(1001))
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        assert await ended_politely(place.folder / "2")


def chats(town: Town) -> dict[int, list[tuple[bool, str]]]:
    """Everything that everybody said and heard in private."""
    return {number: [(one["mine"], one["text"]) for one in town.world.messages(number)] for number in town.world.people}


async def test_a_place_that_cannot_wake_up_is_begun_anew() -> None:
    """Planted fault: the first failure ends the demo, and its address is gone."""
    async with demo(language="en") as place:
        living = asyncio.create_task(place.run())
        await until_begun(place)
        assert place.town is not None
        world = place.town.world
        await until(world, lambda: world.story["done"] > 1)
        world.people.clear()
        await until(world, lambda: world.story["state"] == "over")
        await until_begun(place)
        again = place.town.world
        await until(again, lambda: again.story["state"] == "running" and again.story["done"] > 1)
        assert (place.lives, living.done()) == (2, False)
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


async def awake(place: Demo) -> Town:
    """The town, once it is awake."""
    await until_begun(place)
    town = place.town
    assert town is not None
    await until(town.world, lambda: town.world.story["state"] == "done", 60)
    await town.quiet()
    return town


async def until_begun(place: Demo) -> None:
    """Until the bot of the newest life runs."""
    async with asyncio.timeout(30):
        while place.town is None:
            await place.changed.wait()


def names_of_tasks() -> list[str]:
    """What runs in the event loop."""
    return sorted(getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())


async def ended_politely(folder: Path) -> bool:
    """Whether the bot that kept its database there wrote down that it stopped because it was told to."""
    database = await open_database("sqlite:///demo.db", folder, make=True)
    try:
        return await database.run(operator.started)
    finally:
        await database.close()


async def test_time_does_not_pass_before_anybody_is_awake() -> None:
    async with demo() as place:
        with pytest.raises(Impossible, match="not awake"):
            await place.advance(timedelta(days=1))
        async with place.life() as town:
            with pytest.raises(Impossible, match="not awake"):
                await place.advance(timedelta(days=1))
            town.world.tell_story("running", 1, 2)
            with pytest.raises(Impossible, match="not awake"):
                await place.advance(timedelta(days=1))
            town.awake()
            before = town.now()
            await place.advance(timedelta(hours=1))
            assert town.now() - before >= timedelta(hours=1)
            town.over.set()
            with pytest.raises(Over):
                await place.advance(timedelta(days=1))
