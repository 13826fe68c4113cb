"""Every update is taken once, after the commit, whatever it holds; one that cannot be taken stops nobody."""

import asyncio
import itertools
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.people import Role
from handlers import mycases
from handlers.kit.turn import Turn
from simulator.world import World
from storage.intake import Intake as IntakeShelf
from tests.stage import Role_, Stage, stage

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


async def test_updates_of_one_chat_are_taken_in_order(tmp_path: Path) -> None:
    """Planted fault: ``ChatLanes`` without its lock, and replies cross."""
    async with stage(tmp_path) as town:
        people = [Role_(f"居民{n}", Role.RESIDENT) for n in range(1, 33)]
        await cast(town, *people)
        for number in range(1001, 1033):
            town.world.say(number, "城北社区的路灯坏了三天")
            town.world.say(number, "还有2号楼")
            town.world.say(number, "还有3号楼")
        await town.settle()
        assert await count(town) == 32
        for number in range(1001, 1033):
            case = await town.app.database.read(
                lambda unit, chat=number: unit.cases.of_reporter(unit.people.by_chat(chat).id)[0]  # type: ignore[misc]
            )
            assert case.text.splitlines()[1:] == ["还有2号楼", "还有3号楼"]


@pytest.mark.parametrize(
    "raw",
    [
        [],
        "x",
        {"update_id": "seven"},
        {"update_id": 5},
        {"update_id": 6, "message": {"message_id": 1}},
        {"update_id": 7, "message": {"message_id": 1, "chat": {"id": 1001, "type": "private"}, "text": "x"}},
        {"update_id": 8, "message": "x"},
        {"update_id": 9, "callback_query": {"id": "1"}},
        {"update_id": 10, "poll": {"id": "1", "question": "x", "options": []}},
    ],
    ids=str,
)
async def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_on(tmp_path: Path, raw: Any) -> None:
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        assert await town.app.intake.take(raw), "it may be acknowledged"
        town.world.say(1001, "城北社区的路灯坏了三天")
        await town.settle()
        assert await count(town) == 1


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


HOSTILE = [
    "x" * 4096,
    "🚧" * 2000,
    "👨‍👩‍👧‍👦" * 300,
    "<b>unclosed & <script>alert(1)</script>",
    "&amp;lt;&#60;",
    "{{ 7*7 }} {% for x in y %}",
    '=HYPERLINK("http://x","y")',
    "a\u202eb\u2066c",
    "Z̸̢̛͔̹̣̼͎a̷͓̮͓l̵͇̗͔g̴̢̛o̶͓" * 40,
    "路灯坏了\n\n\n\n\n" * 50,
    "/case@other_bot 5",
    "/start " + "x" * 64,
    "/start i_nonsense",
    "/start nothing",
    "/nosuchcommand",
    "/",
    "🙂",
    "1",
    "。。。",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
async def test_bad_input_gets_a_kind_answer_and_harms_nobody(tmp_path: Path, text: str) -> None:
    async with stage(tmp_path) as town:
        await cast(town, WANG, CHEN)
        town.world.say(1001, text)
        await town.settle()
        await town.advance(timedelta(seconds=90))
        assert seen(town, 1001), "never silence"
        assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0
        ends = await town.app.database.read(lambda unit: unit.outbox.counts())
        assert ends.keys() <= {"sent", "expired"}


RAW = [
    {"text": "城北社区\x00路灯坏了"},
    {"text": "城北社区\ud83d路灯坏了"},
    {"text": " \n\t "},
    {
        "sticker": {
            "file_id": "s",
            "file_unique_id": "u",
            "type": "regular",
            "width": 1,
            "height": 1,
            "is_animated": False,
            "is_video": False,
        }
    },
    {"dice": {"emoji": "🎲", "value": 3}},
    {"contact": {"phone_number": "1", "first_name": "别人", "user_id": 5}},
    {"document": {"file_id": "d", "file_unique_id": "e", "file_size": 25 * 1024 * 1024}, "caption": "城北社区路灯视频"},
    {"document": {"file_id": "d", "file_unique_id": "e", "file_size": 0}},
    {
        "venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "<b>门", "address": "x"},
        "location": {"latitude": 1.0, "longitude": 2.0},
    },
    {"location": {"latitude": 1.0, "longitude": 2.0, "live_period": 900}},
    {"text": "转来的:路灯坏了三天", "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
    {"new_chat_photo": [{"file_id": "p", "file_unique_id": "q", "width": 1, "height": 1}]},
]


@pytest.mark.parametrize("content", RAW, ids=lambda content: next(iter(content)))
async def test_strange_messages_are_answered_or_ignored_as_designed(tmp_path: Path, content: dict[str, Any]) -> None:
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        assert await town.app.intake.take(message(town.world, 501, **content))
        await town.settle()
        assert seen(town, 1001)
        assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0


@pytest.mark.parametrize(
    "data", ["", "cl", "cl:x", "cl:1:2", "zz:1", "cl:999999999999999999999", "jd:1:1:nonsense", ":" * 60]
)
async def test_a_forged_press_is_answered_and_changes_nothing(tmp_path: Path, data: str) -> None:
    async with stage(tmp_path) as town:
        await cast(town, WANG, LEE, CHEN)
        town.world.say(1001, "城北社区的路灯坏了三天")
        await town.settle()
        journal = await town.app.database.read(lambda unit: unit.board.count_by_state())
        town.world.press(1002, data=data or " ", message_id=1) if seen(town, 1002) else None
        town.world.press(1001, data=data or " ", message_id=2)
        await town.settle()
        assert await town.app.database.read(lambda unit: unit.board.count_by_state()) == journal
        assert "answerCallbackQuery" in {call["method"] for call in town.world.calls}
        assert await town.app.database.read(lambda unit: unit.intake.count_quarantined()) == 0


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
