"""Every update is taken once, after the commit, whatever it holds; one that cannot be taken stops nobody."""

import asyncio
import itertools
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.diagnosis import examine
from bot.intake import next_offset
from domain.people import Role
from handlers import mycases
from handlers.kit.turn import Turn
from handlers.presses import ShowHelp
from simulator.world import World
from storage.intake import Intake as IntakeShelf
from tests.postgres import Server
from tests.stage import Role_, Stage, stage

LATE = datetime(2100, 1, 1, tzinfo=UTC)
WANG, LEE, CHEN = (
    Role_("王芳", Role.RESIDENT),
    Role_("李建国", Role.MEMBER, "城北社区"),
    Role_("陈静", Role.COORDINATOR),
)


async def cast(town: Stage, *parts: Role_) -> None:
    """People of a talk."""
    for part in parts:
        await town.join(part)
    await town.settle()


def seen(town: Stage, number: int) -> list[str]:
    """What the bot said to somebody."""
    return [m["text"] for m in town.world.messages(number) if not m["mine"]]


async def count(town: Stage) -> int:
    """How many cases there are."""
    return sum((await town.app.database.read(lambda unit: unit.board.count_by_state())).values())


def message(world: World, update_id: int, number: int = 1001, **content: Any) -> dict[str, Any]:
    """A raw update with a message of somebody's."""
    user = {"id": number, "is_bot": False, "first_name": "王芳", "language_code": "zh"}
    chat = {"id": number, "type": "private", "first_name": "王芳"}
    body = {"message_id": 900_000 + update_id % 1000, "date": int(world.now().timestamp()), "chat": chat, "from": user}
    return {"update_id": update_id, "message": {**body, **content}}


async def test_a_redelivered_update_changes_nothing(tmp_path: Path) -> None:
    """Planted fault: ``first_sight`` that always says yes, and there are three cases."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        update = message(town.world, 77, text="城北社区的路灯坏了三天")
        for _ in range(3):
            assert await town.app.intake.take(update)
        await town.settle()
        assert await count(town) == 1
        assert len(seen(town, 1001)) == 1


async def test_updates_that_come_again_and_shuffled_change_nothing(tmp_path: Path) -> None:
    """Planted fault: take ``update_id`` for a watermark, and whoever is overtaken loses a concern."""
    chance = random.Random(5)
    async with stage(tmp_path) as town:
        numbers = range(2001, 2041)
        updates = [message(town.world, n, n, text="城北社区的路灯坏了三天") for n in numbers]
        pile = [update for update in updates for _ in range(chance.randint(1, 5))]
        chance.shuffle(pile)
        assert all(await asyncio.gather(*(town.app.intake.take(update) for update in pile)))
        await town.settle()
        assert await count(town) == len(numbers)
        numbered = await town.app.database.read(lambda unit: len({case.number for case in unit.cases.due(LATE, 99)}))
        assert numbered == len(numbers)


async def test_updates_of_one_chat_are_taken_in_order(tmp_path: Path) -> None:
    """64 people at once. Planted fault: ``ChatLanes`` without its lock, and replies cross."""
    async with stage(tmp_path) as town:
        people = [Role_(f"居民{n}", Role.RESIDENT) for n in range(1, 65)]
        await cast(town, *people)
        for number in range(1001, 1065):
            town.world.say(number, "城北社区的路灯坏了三天")
            town.world.say(number, "还有2号楼")
            town.world.say(number, "还有3号楼")
        await town.settle()
        assert await count(town) == 64
        for number in range(1001, 1065):
            case = await town.app.database.read(
                lambda unit, chat=number: unit.cases.of_reporter(unit.people.by_chat(chat).id)[0]  # type: ignore[misc]
            )
            assert case.text.splitlines()[1:] == ["还有2号楼", "还有3号楼"]


UNREADABLE: list[dict[str, Any]] = [
    {"update_id": 6, "message": {"message_id": 1}},
    {"update_id": 7, "message": {"message_id": 1, "chat": {"id": 1001, "type": "private"}, "text": "no date"}},
    {"update_id": 8, "message": "x"},
    {"update_id": 9, "callback_query": {"id": "1"}},
    {"update_id": 10, "poll": {"id": "1", "question": "x", "options": []}},
    {"update_id": 11, "message": [1]},
]
"""What PTB cannot read."""

NOTHING: list[Any] = [
    [],
    "x",
    None,
    7,
    {},
    {"update_id": "seven"},
    {"update_id": 5},
    {"update_id": 12, "unheard_of": {}},
]
"""What is no update, or one that concerns nobody."""


async def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    """Planted fault: let PTB's error out of ``Intake._take``, and polling ends."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        for raw in [*UNREADABLE, *NOTHING]:
            assert await town.app.intake.take(raw), "it may be acknowledged"
        for raw in UNREADABLE:
            town.world.queue.inject({**raw, "update_id": raw["update_id"] + 100})
        town.world.say(1001, "城北社区的路灯坏了三天")
        await town.settle()
        assert await count(town) == 1
        aside = await town.app.database.read(lambda unit: unit.intake.quarantined())
        assert [found.update_id for found in aside] == [*range(6, 12), *range(106, 112)]


async def test_what_only_we_cannot_read_is_set_aside_too(tmp_path: Path) -> None:
    """Values of a wrong type, which PTB lets through. Planted fault: ``understand`` outside of any ``try``.

    Then the update is fetched for ever, and nobody is heard any more.
    """
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.queue.inject(message(town.world, 6, text=5))
        town.world.say(1001, "城北社区的路灯坏了三天")
        await town.settle()
        assert await count(town) == 1
        assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 1


async def test_what_cannot_even_be_set_aside_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: an error let out of ``Intake._done``, and a full disk with one strange update ends the program."""

    def refuse(*_: object) -> bool:
        raise OSError("no space left on device")

    async with stage(tmp_path) as town:
        await cast(town, WANG)
        with monkeypatch.context() as planted:
            planted.setattr(IntakeShelf, "first_sight", refuse)
            assert [await town.app.intake.take(raw) for raw in UNREADABLE] == [False] * len(UNREADABLE)
        assert [await town.app.intake.take(raw) for raw in UNREADABLE] == [True] * len(UNREADABLE)


def test_only_what_was_taken_is_acknowledged() -> None:
    """Planted fault: skip the failed one in ``next_offset``, and Telegram forgets it."""
    batch = [{"update_id": 5}, {"update_id": 6}, {"update_id": 7}]
    assert next_offset(0, batch, [True, True, True]) == 8
    assert next_offset(0, batch, [True, False, True]) == 6
    assert next_offset(3, batch, [False, True, True]) == 3


async def test_a_poisonous_update_is_set_aside_and_its_author_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler of /mine is planted to fail after it has written something."""
    tries = itertools.count(1)
    seen_tries: list[int] = []

    def poison(turn: Turn) -> None:
        seen_tries.append(next(tries))
        turn.unit.settings.put("half", "done")
        raise RuntimeError("planted")

    async with stage(tmp_path) as town:
        await cast(town, WANG, LEE)
        commands = town.app.turns.router.commands["mine"]
        assert commands[0].run is mycases.mine
        monkeypatch.setitem(town.app.turns.router.commands, "mine", [type(commands[0])("mine", Role.RESIDENT, poison)])
        town.world.say(1001, "/mine")
        town.world.say(1002, "/help")
        await town.settle()
        assert seen_tries == [1, 2, 3]
        assert "没有保存" in seen(town, 1001)[-1]
        assert seen(town, 1002), "nobody else waits"
        assert await town.app.database.read(lambda unit: unit.settings.get("half")) is None, "rolled back whole"
        aside = await town.app.database.read(lambda unit: unit.intake.quarantined())
        assert [found.code in seen(town, 1001)[-1] for found in aside] == [True]
        found = await examine(town.app.settings, town.app.database, town.clock.now(), deep=False, offline=True)
        assert [aside[0].code in line.text for line in found if line.subject == "quarantine" and line.bad] == [True]


async def test_a_poisonous_press_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler of [Help] is planted to fail. Planted fault: no ``answer_press`` in ``Turns._apologise``."""

    def poison(turn: Turn, press: ShowHelp) -> None:
        raise RuntimeError("planted")

    async with stage(tmp_path) as town:
        await cast(town, WANG)
        monkeypatch.setitem(town.app.turns.router.presses, ShowHelp, poison)
        town.world.start(1001)
        await town.settle()
        town.world.press(1001, data="hp", message_id=2)
        await town.settle()
        assert "没有保存" in seen(town, 1001)[-1]
        assert len(town.world.called("answerCallbackQuery")) == 1


async def test_nothing_is_acknowledged_that_could_not_be_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is planted to refuse every update; once it works again the concern arrives.

    Planted fault: answer True from ``Intake._take`` whatever happened, and the concern is lost.
    """
    works = IntakeShelf.first_sight

    def refuse(*_: object) -> bool:
        raise OSError("no space left on device")

    async with stage(tmp_path) as town:
        await cast(town, WANG)
        monkeypatch.setattr(IntakeShelf, "first_sight", refuse)
        town.world.say(1001, "城北社区的路灯坏了三天")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await town.settle()
        assert town.world.pending_updates()
        monkeypatch.setattr(IntakeShelf, "first_sight", works)
        await town.settle()
        assert await count(town) == 1


async def test_somebody_elses_button_does_nothing(tmp_path: Path) -> None:
    """A member presses what a coordinator's and a resident's buttons send. Planted fault: no check in ``assign``."""
    async with stage(tmp_path) as town:
        await cast(town, WANG, LEE, CHEN)
        town.world.say(1001, "城北社区的路灯坏了三天")
        await town.settle()
        await town.advance(timedelta(seconds=90))
        town.world.say(1002, "/help")
        await town.settle()
        for data in (
            "as:1:2",
            "dc:1",
            "un:1:1",
            "cl:1",
            "rs:1",
            "jd:1:1:satisfied",
            "os:1",
            "oc:1",
            "pt:1:s:noise",
            "dp:1:1",
        ):
            town.world.press(1002, data=data, message_id=2)
            await town.settle()
        case = await town.app.database.read(lambda unit: unit.cases.by_number("26-0001"))
        assert case is not None
        assert (case.state, case.category) == ("submitted", "lighting")
        assert not any("路灯" in text for text in seen(town, 1002))


async def test_a_database_that_is_busy_poisons_nothing(tmp_path: Path, postgres: Server) -> None:
    """A lock that somebody else holds. Planted fault: ``Unavailable`` counts as a failure, and a good update is lost
    in quarantine."""
    with postgres.database() as url:
        quick = f"{url}&options=-c%20lock_timeout%3D20ms"
        async with stage(tmp_path, url=quick) as town:
            await cast(town, WANG)
            town.app.database._patience = 0.05  # type: ignore[attr-defined]
            update = message(town.world, 77, text="城北社区的路灯坏了三天")
            with postgres.at(url) as other:
                other.execute("SELECT pg_advisory_lock(1001)")
                assert not await town.app.intake.take(update)
            assert await town.app.database.read(lambda unit: unit.intake.quarantined()) == []
            assert await town.app.intake.take(update)
            assert await count(town) == 1


ODD = "城北社区的路灯\x00坏了\ud800三天"
ODD_UPDATES: dict[str, dict[str, Any]] = {
    "words": {"text": ODD},
    "caption": {"caption": ODD, "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]},
    "venue": {
        "location": {"latitude": 31.6, "longitude": 113.8},
        "venue": {"location": {"latitude": 31.6, "longitude": 113.8}, "title": ODD, "address": ODD},
    },
    "link": {"text": "/start i_\x00\ud800", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]},
    "name": {"text": "城北社区的路灯坏了三天", "from": {"id": 1001, "is_bot": False, "first_name": ODD}},
    "language": {
        "text": "城北社区的路灯坏了三天",
        "from": {"id": 1001, "is_bot": False, "first_name": "王芳", "language_code": "z\x00h\ud800"},
    },
}


@pytest.mark.parametrize("content", ODD_UPDATES.values(), ids=ODD_UPDATES)
async def test_no_character_that_postgresql_refuses_gets_in(
    tmp_path: Path, postgres: Server, content: dict[str, Any]
) -> None:
    """Planted fault: no ``clean`` for that field in ``bot/understanding.py``."""
    with postgres.database() as url:
        async with stage(tmp_path, url=url) as town:
            await cast(town, WANG)
            assert await town.app.intake.take(message(town.world, 77, **content))
            await town.settle()
            assert await town.app.database.read(lambda unit: unit.intake.quarantined()) == []
            assert seen(town, 1001)
