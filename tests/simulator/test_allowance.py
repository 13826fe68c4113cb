"""Telegram's limits on sending, where they are switched on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.clock import Clock
from simulator.methods import perform
from simulator.refusals import Refused
from simulator.world import World


def send(world: World, chat_id: int) -> int | None:
    """None when it went, else how many seconds to wait."""
    try:
        perform(world, "sendMessage", {"chat_id": chat_id, "text": "x"})
    except Refused as refused:
        return int((refused.parameters or {})["retry_after"])
    return None


@pytest.fixture
def people(world: World) -> list[int]:
    numbers = list(range(100, 140))
    for number in numbers:
        world.start(world.person(number, f"P{number}"))
    return numbers


def test_nothing_is_limited_at_the_start(world: World, people: list[int]) -> None:
    assert not any(send(world, people[0]) for _ in range(100))


def test_thirty_a_second_in_all(world: World, people: list[int], clock: Clock) -> None:
    world.limit()
    assert [send(world, number) for number in people] == [None] * 30 + [1] * 10
    clock.advance(timedelta(seconds=1))
    assert send(world, people[-1]) is None
    assert world.allowance is not None
    assert world.allowance.refused == 10


def test_one_a_second_in_a_chat_after_a_burst(world: World, people: list[int], clock: Clock) -> None:
    world.limit()
    assert [send(world, people[0]) for _ in range(6)] == [None] * 5 + [5]
    for _ in range(10):
        clock.advance(timedelta(seconds=1))
        send(world, people[0])
    assert sum(post.outgoing for post in world.chats[people[0]].posts.values()) <= 5 + 10


def test_twenty_a_minute_in_a_group(world: World, people: list[int], clock: Clock) -> None:
    group = world.group("楼栋群", [people[0]])
    world.limit()
    assert [send(world, group.id) for _ in range(21)] == [None] * 20 + [60]
    clock.advance(timedelta(seconds=60))
    assert send(world, group.id) is None
    world.limit(False)
    assert not any(send(world, group.id) for _ in range(50))
