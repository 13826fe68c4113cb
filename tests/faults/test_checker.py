"""The checker finds what it is there to find: each kind of damage, done to a good database, is a sentence."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.charter import Charter
from domain.people import Role
from simulator.world import World
from tests.faults.checker import a_kill_between_copies, check, facts, wrong
from tests.faults.nursery import concern
from tests.stage import MONDAY, Role_, stage

PEOPLE = 3
DAMAGE = [
    ("DELETE FROM cases WHERE id = 2", "chat 2 said ['2'], its cases say []"),
    ("UPDATE cases SET text = replace(text, '第2号', '第1号') WHERE id = 2", "chat 2 said ['2'], its cases say ['1']"),
    ("UPDATE cases SET serial = 9 WHERE id = 3", "the numbers of 26 are [1, 2, 9]"),
    ("UPDATE cases SET urgent = 1 WHERE id = 1", "26-0001 is not what its journal says"),
    ("DELETE FROM journal WHERE case_id = 1 AND kind = 'CaseSettled'", "26-0001 is not what its journal says"),
    ("UPDATE cases SET next_at = NULL WHERE id = 1", "its next date is None"),
    ("UPDATE cases SET next_at = next_at + 1 WHERE id = 1", "is looked at"),
    ("UPDATE outbox SET state = 'pending' WHERE id = 1", "is pending"),
    ("UPDATE outbox SET state = 'dead' WHERE id = 1", "is dead"),
    ("UPDATE outbox SET message_id = 77 WHERE chat = 1", "has no message 77"),
    ("UPDATE outbox SET message_id = NULL WHERE chat = 1", "chat 1 saw 1 more of"),
    ("UPDATE outbox SET lane = 0, id = 100 - id WHERE chat = 1001", "chat 1001 was answered in the order"),
    ("UPDATE errands SET state = 'failed'", "is failed"),
    (
        "INSERT INTO quarantine (code, update_id, raw, error, at) VALUES ('A', 1, '', '', 1)",
        "1 updates are in quarantine",
    ),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a good database is kept."""
    return tmp_path_factory.mktemp("good")


@pytest.fixture(scope="module")
def lived(good: Path) -> tuple[World, Charter]:
    """What is known of the life of that database."""
    return asyncio.run(live(good))


async def live(good: Path) -> tuple[World, Charter]:
    """A few people spoke, and a coordinator heard of it."""
    async with stage(good) as town:
        await town.join(Role_("陈静", Role.COORDINATOR))
        for number in range(1, PEOPLE + 1):
            town.world.person(number, f"居民{number}")
            town.world.say(number, concern(number))
            await town.settle()
        await town.advance(timedelta(seconds=90))
    return town.world, town.app.charter


@pytest.mark.parametrize(("damage", "sentence"), DAMAGE)
def test_damage_is_found(tmp_path: Path, good: Path, lived: tuple[World, Charter], damage: str, sentence: str) -> None:
    world, charter = lived
    path = tmp_path / "yixian.db"
    shutil.copy(good / "yixian.db", path)
    assert len(check(path, world, charter, MONDAY + timedelta(minutes=2)).cases) == PEOPLE
    with sqlite3.connect(path) as file:
        file.execute(damage)
    file.close()
    found = wrong(facts(path, world, charter, MONDAY + timedelta(minutes=2)))
    assert any(sentence in one for one in found), found


def unseen(world: World) -> None:
    """The receipt is not in the chat."""
    world.chats[1].posts.pop(2)


def doubled(world: World) -> None:
    """It is there twice."""
    world.chats[1].posts[9] = world.chats[1].posts[2]


@pytest.mark.parametrize(("died", "wrong_then"), [((), 1), ((-1,), 1), ((1,), 0), ((3,), 1)])
def test_a_copy_needs_a_death_in_between(
    good: Path, lived: tuple[World, Charter], died: tuple[int, ...], wrong_then: int
) -> None:
    """The receipt was sent again two seconds later; the program died so many seconds after the first one."""
    world, charter = lived
    first = next(call for call in world.calls if call["message_id"] and call["params"].get("chat_id") == 1)
    at = datetime.fromisoformat(first["at"])
    kills = tuple(at + timedelta(seconds=seconds) for seconds in died)
    again = {**first, "at": (at + timedelta(seconds=2)).isoformat(), "message_id": 9}
    world.calls.append(again)
    found = list(a_kill_between_copies(facts(good / "yixian.db", world, charter, kills=kills)))
    world.calls.remove(again)
    assert len(found) == wrong_then, found


@pytest.mark.parametrize(
    ("happened", "sentence"), [(unseen, "26-0001 is not seen in chat 1"), (doubled, "chat 1 saw 1 more of")]
)
def test_what_people_see_is_looked_at(
    good: Path, lived: tuple[World, Charter], happened: Callable[[World], None], sentence: str
) -> None:
    world, charter = lived
    posts = dict(world.chats[1].posts)
    happened(world)
    found = wrong(facts(good / "yixian.db", world, charter, MONDAY + timedelta(minutes=2)))
    world.chats[1].posts = posts
    assert any(sentence in one for one in found), found
