"""Durable work for the network: done in the end, given up where Telegram will always refuse, never in anybody's way."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import logs
from bot.config_sections import Logs
from domain.people import Role
from simulator.world import Chat
from storage.unit import Unit
from tests.stage import Role_, Stage, stage

WANG = Role_("王芳", Role.RESIDENT)
LAMP = "城北社区的路灯坏了"


async def joined(town: Stage) -> None:
    """Somebody opened the bot before, and everything is quiet."""
    await town.join(WANG)
    await town.settle()


async def given_up(town: Stage) -> int:
    """How many errands will not succeed."""
    return await town.app.database.read(lambda unit: unit.errands.count_failed())


async def waiting(town: Stage) -> int:
    """How many errands are still to be done, today or later."""
    later = town.clock.now() + timedelta(days=1)
    return await town.app.database.read(lambda unit: len(unit.errands.due(later)))


def in_group(group: Chat) -> bool:
    """Whether the bot is a member."""
    return group.bot == "member"


def own_menus(town: Stage) -> list[int]:
    """The chats that were given a menu of their own."""
    scopes = [call["params"].get("scope", {}) for call in town.world.called("setMyCommands") if call["ok"]]
    return [scope["chat_id"] for scope in scopes if "chat_id" in scope]


async def test_everybody_gets_the_residents_menu_in_every_language(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await joined(town)
        spoken = {call["params"].get("language_code", "") for call in town.world.called("setMyCommands")}
        assert spoken == {"", "zh", "en"}
        assert "mine" in {command["command"] for command in town.world.chat(1001)["commands"]}


@pytest.mark.parametrize("kind", ["500", "reset", "lost", "429"])
async def test_what_fails_is_done_again_and_nobody_waits_for_it(tmp_path: Path, kind: str) -> None:
    """Planted fault: end an errand on any error (``Errands._failed``), and the menu never comes."""
    async with stage(tmp_path) as town:
        await joined(town)
        town.world.chaos.script("setMyCommands", kind, times=2, seconds=3)
        town.world.start(1001)
        town.world.say(1001, LAMP)
        await town.settle()
        assert "已收到" in town.world.messages(1001)[-1]["text"], "nobody waits"
        for _ in range(3):
            await town.advance(timedelta(seconds=10))
        assert own_menus(town)[-1] == 1001
        assert (await waiting(town), await given_up(town)) == (0, 0)


async def test_what_telegram_always_refuses_is_given_up_and_listed(tmp_path: Path) -> None:
    """A menu for no chat. Planted fault: retry on 400, and it is asked for again and again."""
    async with stage(tmp_path) as town:
        await joined(town)
        asked = len(town.world.called("setMyCommands"))
        menu = json.dumps({"chat": 0, "roles": [], "language": "zh"})
        await town.app.database.run(lambda unit: unit.errands.add("set_menu", menu, town.clock.now()))
        await town.app.settled()
        await town.advance(timedelta(hours=1))
        assert (await waiting(town), await given_up(town)) == (0, 1)
        assert len(town.world.called("setMyCommands")) == asked + 1


async def test_a_fault_of_ours_is_given_up_and_the_next_errand_done(tmp_path: Path) -> None:
    """Fields that cannot be read, a kind nobody knows. Planted fault: let it out of ``_do``, and nothing follows."""

    def ask(unit: Unit) -> None:
        unit.errands.add("set_menu", "{", town.clock.now())
        unit.errands.add("unheard_of", "{}", town.clock.now())
        menu = json.dumps({"chat": 1001, "roles": ["member"], "language": "en"})
        unit.errands.add("set_menu", menu, town.clock.now())

    async with stage(tmp_path) as town:
        await joined(town)
        await town.app.database.run(ask)
        await town.app.settled()
        assert await given_up(town) == 2
        assert "visit" in {command["command"] for command in town.world.chat(1001)["commands"]}


async def test_whoever_never_opened_the_bot_is_no_failure(tmp_path: Path) -> None:
    """Telegram says "chat not found"; opening the bot asks for the same again."""
    async with stage(tmp_path) as town:
        await joined(town)
        menu = json.dumps({"chat": 4242, "roles": ["member"], "language": "zh"})
        await town.app.database.run(lambda unit: unit.errands.add("set_menu", menu, town.clock.now()))
        await town.app.settled()
        assert (await waiting(town), await given_up(town)) == (0, 0)


@pytest.mark.parametrize(
    ("method", "kind", "event", "failed"),
    [
        ("setMyCommands", "400", "errand given up", 1),
        ("setMyCommands", "403", "errand given up", 1),
        ("getMyDescription", "403", "errand given up", 1),
        ("setMyCommands", "429", "errand put off", 0),
        ("setMyCommands", "401", "errand put off", 0),
        ("setMyCommands", "500", "errand put off", 0),
    ],
)
async def test_whatever_is_refused_leaves_a_line(
    tmp_path: Path, method: str, kind: str, event: str, failed: int
) -> None:
    """Menus for everybody and the bot's description. Planted fault: take every 403 for somebody who is gone."""
    asked = "set_menus" if method == "setMyCommands" else "set_about"
    async with stage(tmp_path) as town:
        await joined(town)
        town.world.chaos.script(method, kind)
        logs.configure(Logs(level="info"))
        with capture_logs() as lines:
            await town.app.database.run(lambda unit: unit.errands.add(asked, "{}", town.clock.now()))
            await town.app.settled()
        assert [line["event"] for line in lines if line["event"].startswith("errand")] == [event]
        assert await given_up(town) == failed


async def test_somebody_who_is_gone_needs_no_menu_and_that_leaves_a_line(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await joined(town)
        town.world.chaos.script("setMyCommands", "403")
        menu = json.dumps({"chat": 1001, "roles": [], "language": "zh"})
        logs.configure(Logs(level="info"))
        with capture_logs() as lines:
            await town.app.database.run(lambda unit: unit.errands.add("set_menu", menu, town.clock.now()))
            await town.app.settled()
        assert [line["event"] for line in lines if line["event"].startswith("errand")] == ["errand needless"]
        assert (await waiting(town), await given_up(town)) == (0, 0)


async def test_after_twenty_tries_it_is_given_up(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await joined(town)
        town.world.chaos.script("setMyCommands", "500", times=1000)
        town.world.start(1001)
        await town.settle()
        for _ in range(25):
            town.clock.advance(timedelta(minutes=11))
            await town.app.settled()
        assert (await waiting(town), await given_up(town)) == (0, 1)


@pytest.mark.parametrize("kind", ["500", "reset", "429"])
async def test_a_group_that_was_not_meant_is_left_in_the_end(tmp_path: Path, kind: str) -> None:
    """Planted fault: leave in the handler instead of by an errand, and a broken network keeps the bot there."""
    async with stage(tmp_path) as town:
        await joined(town)
        town.world.chaos.script("leaveChat", kind, seconds=3)
        group = town.world.group("邻居", [1001])
        await town.settle()
        assert in_group(group)
        await town.advance(timedelta(seconds=10))
        assert not in_group(group)
        assert (await waiting(town), await given_up(town)) == (0, 0)


async def test_a_group_that_threw_the_bot_out_first_is_as_good_as_left(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await joined(town)
        town.world.chaos.script("leaveChat", "500")
        group = town.world.group("邻居", [1001])
        await town.settle()
        town.world.remove_bot(group, 1001)
        await town.settle()
        await town.advance(timedelta(seconds=10))
        assert (await waiting(town), await given_up(town)) == (0, 0)


async def test_the_group_for_the_numbers_is_not_left(tmp_path: Path) -> None:
    async with stage(tmp_path, settings={"YIXIAN_DIGEST__CHAT_ID": "-1004000000001"}) as town:
        await joined(town)
        group = town.world.group("协商群", [1001])
        assert group.id == -1004000000001
        await town.settle()
        assert in_group(group)
