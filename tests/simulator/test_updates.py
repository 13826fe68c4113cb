"""The queue keeps, confirms and forgets updates as Telegram does."""

from __future__ import annotations

from datetime import timedelta

from simulator.clock import Clock
from simulator.methods import perform
from simulator.world import Person, World


def texts(world: World, offset: int = 0, limit: int = 100) -> list[str]:
    return [update["message"]["text"] for update in world.queue.take(offset, limit)]


def test_updates_stay_until_confirmed(world: World, wang: Person) -> None:
    for word in "一二三":
        world.say(wang, word)
    first = world.pending_updates()[0]["update_id"]
    assert texts(world) == texts(world) == ["一", "二", "三"]
    assert texts(world, limit=1) == ["一"]
    assert not world.idle()
    assert texts(world, first + 1) == ["二", "三"]
    assert texts(world, -1) == ["三"]
    assert texts(world, first + 3) == []
    assert world.idle()


def test_ids_rise_by_one_and_messages_count_per_chat(world: World, wang: Person) -> None:
    li = world.person(7, "Li")
    world.say(wang, "a")
    world.say(li, "b")
    first, second = world.pending_updates()
    assert second["update_id"] == first["update_id"] + 1
    assert first["message"]["message_id"] == second["message"]["message_id"] == 1


def test_telegram_forgets_after_a_day_and_presses_after_150_seconds(world: World, wang: Person, clock: Clock) -> None:
    world.say(wang, "a")
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
    perform(world, "sendMessage", {"chat_id": 42, "text": "x", "reply_markup": markup})
    world.press(wang, "x")
    clock.advance(timedelta(seconds=151))
    assert texts(world) == ["a"]
    clock.advance(timedelta(hours=24))
    assert texts(world) == []
    assert world.idle()


def test_after_an_idle_week_ids_begin_elsewhere(world: World, wang: Person, clock: Clock) -> None:
    world.say(wang, "a")
    last = world.pending_updates()[0]["update_id"]
    world.queue.take(last + 1, 100)
    clock.advance(timedelta(days=8))
    world.say(wang, "b")
    assert world.pending_updates()[0]["update_id"] != last + 1
    # An offset of the old sequence confirms nothing of the new one if it is far ahead of it.
    world.queue.take(10**12, 100)
    assert not world.idle()


def test_only_asked_for_kinds_are_queued(world: World, wang: Person) -> None:
    perform(world, "getUpdates", {"allowed_updates": ["message"]})
    world.block(wang)
    world.unblock(wang)
    assert world.idle()
    perform(world, "getUpdates", {"allowed_updates": []})
    world.block(wang)
    assert [list(update)[1] for update in world.pending_updates()] == ["my_chat_member"]


def test_a_duplicate_comes_once_more_after_it_was_confirmed(world: World, wang: Person) -> None:
    world.chaos.set(1, ["duplicate"])
    world.say(wang, "a")
    number = world.pending_updates()[0]["update_id"]
    assert texts(world) == ["a"]
    again = world.queue.take(number + 1, 100)
    assert [update["update_id"] for update in again] == [number]
    assert world.queue.take(number + 1, 100) == []
    assert world.idle()


def test_a_late_update_comes_after_a_newer_one(world: World, wang: Person) -> None:
    world.chaos.set(1, ["late"])
    world.say(wang, "a")
    assert texts(world) == []
    assert not world.idle()
    world.chaos.set(0)
    world.say(wang, "b")
    assert texts(world) == ["b", "a"]


def test_reading_is_seen(world: World, wang: Person) -> None:
    post = world.say(wang, "a")
    assert not post.read
    world.queue.take(world.pending_updates()[0]["update_id"] + 1, 1)
    assert post.read
    assert world.events[-1]["kind"] == "read"


def test_an_update_can_be_given_as_it_is(world: World) -> None:
    given = world.queue.inject({"message": {"no": "date"}})
    assert world.pending_updates() == [given]
    assert world.queue.inject({"update_id": 5, "x": 1})["update_id"] == 5
