"""What is said arrives, whatever Telegram and the network do: once, in order, or with a known end."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config_sections import Sender
from bot.pace import Pace
from domain.people import Role
from handlers.kit.words import Words
from tests.stage import MONDAY, Role_, Stage, stage

WANG, LEE, CHEN = (
    Role_("王芳", Role.RESIDENT),
    Role_("李建国", Role.MEMBER, "城北社区"),
    Role_("陈静", Role.COORDINATOR),
)
LAMP = "城北社区的路灯坏了"
IMPATIENT = {
    "YIXIAN_SENDER__FIRST_WAIT": "1s",
    "YIXIAN_TELEGRAM__TIMEOUT": "1s",
    "YIXIAN_TELEGRAM__CONNECT_TIMEOUT": "1s",
}


async def cast(town: Stage, *parts: Role_) -> None:
    """People of a talk."""
    for part in parts:
        await town.join(part)
    await town.settle()


def seen(town: Stage, name: str) -> list[str]:
    """What the bot said to somebody, oldest first."""
    return [m["text"] for m in town.world.messages(town.people[name]) if not m["mine"]]


async def states(town: Stage) -> dict[str, int]:
    """How the rows of the outbox ended."""
    return await town.app.database.read(lambda unit: unit.outbox.counts())


@pytest.mark.parametrize("kind", ["500", "reset", "timeout"])
async def test_a_failed_call_is_made_again(tmp_path: Path, kind: str) -> None:
    """Planted fault: drop the row on ``Later`` (``_again`` in ``bot/sender.py``), and nobody sees the receipt."""
    async with stage(tmp_path, MONDAY, IMPATIENT) as town:
        await cast(town, WANG)
        town.world.chaos.script("sendMessage", kind)
        town.world.say(1001, LAMP)
        for _ in range(3):
            await town.settle()
            await town.advance(timedelta(seconds=5))
        assert sum("已收到" in text for text in seen(town, "王芳")) == 1
        assert set(await states(town)) == {"sent"}


async def test_an_answer_that_was_lost_makes_at_most_one_copy(tmp_path: Path) -> None:
    async with stage(tmp_path, MONDAY, IMPATIENT) as town:
        await cast(town, WANG)
        town.world.chaos.script("sendMessage", "lost")
        town.world.say(1001, LAMP)
        for _ in range(3):
            await town.settle()
            await town.advance(timedelta(seconds=5))
        assert 1 <= sum("已收到" in text for text in seen(town, "王芳")) <= 2


async def test_telegram_says_wait_and_the_bot_waits(tmp_path: Path) -> None:
    """Planted fault: retry at once on 429 (``Wait`` in ``bot/delivery.py``), and the second call comes too early."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.chaos.script("sendMessage", "429", seconds=30)
        town.world.say(1001, LAMP)
        await town.settle()
        await town.advance(timedelta(seconds=29))
        assert not seen(town, "王芳")
        await town.advance(timedelta(seconds=2))
        assert "已收到" in seen(town, "王芳")[0]


async def test_whoever_blocks_the_bot_is_called_by_the_member(tmp_path: Path) -> None:
    async with stage(tmp_path) as town:
        await cast(town, WANG, LEE, CHEN)
        town.world.say(1001, LAMP)
        await town.settle()
        await town.advance(timedelta(seconds=90))
        town.world.press(1003, "派给李建国")
        await town.settle()
        town.world.press(1002, "签收")
        await town.settle()
        town.world.delete_account(1001)  # Telegram tells nobody; the next message fails
        for label in ("办结", "已解决"):
            town.world.press(1002, label)
            await town.settle()
        town.world.say(1002, "灯已换好")
        await town.settle()
        assert any("请打电话或上门" in text for text in seen(town, "李建国"))
        assert (await states(town))["undeliverable"] >= 1


async def test_ten_changes_make_one_edit(tmp_path: Path) -> None:
    """Planted fault: no ``pending_key`` on refreshes, and there are ten."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.say(1001, LAMP)
        await town.settle()
        town.world.chaos.script("editMessageText", "429", seconds=60)
        for part in range(10):
            town.world.say(1001, f"还有{part}号楼")
            await town.settle()
        before = len(town.world.called("editMessageText"))
        await town.advance(timedelta(seconds=61))
        assert len(town.world.called("editMessageText")) == before + 1
        assert "还有9号楼" in seen(town, "王芳")[0]


async def test_a_change_while_the_card_is_on_its_way_is_not_lost(tmp_path: Path) -> None:
    """Planted fault: end a row without comparing ``touched``, and the card keeps the old words."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        await town.app.database.run(lambda unit: None)
        town.world.say(1001, LAMP)
        town.world.say(1001, "还有3号楼")
        await town.settle()
        assert "还有3号楼" in seen(town, "王芳")[0]


async def test_broken_words_stop_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that cannot be rendered ends as dead; the rows behind it arrive."""
    whole = Words.template

    def broken(self: Words, language: str, path: str) -> object:
        if path.startswith("cards/"):
            raise RuntimeError("planted")
        return whole(self, language, path)

    async with stage(tmp_path) as town:
        await cast(town, WANG)
        monkeypatch.setattr(Words, "template", broken)
        town.world.say(1001, "楼道里的路灯坏了三天")
        await town.settle()
        assert "是哪个社区的事" in seen(town, "王芳")[0]
        assert (await states(town))["dead"] == 1


async def test_many_notices_of_a_night_are_one_list_in_the_morning(tmp_path: Path) -> None:
    async with stage(tmp_path, MONDAY.replace(hour=22)) as town:
        people = [Role_(name, Role.RESIDENT) for name in ("甲", "乙", "丙")]
        await cast(town, *people, CHEN)
        for number in (1001, 1002, 1003):
            town.world.say(number, LAMP)
        await town.settle()
        await town.advance(timedelta(hours=9, minutes=50))
        assert seen(town, "陈静") == []
        await town.advance(timedelta(minutes=20))
        assert ["今早有 3 件事" in text for text in seen(town, "陈静")] == [True]
        town.world.press(1004, "2")
        await town.settle()
        assert "26-0002" in seen(town, "陈静")[-1]


async def test_a_group_that_moved_is_found_again(tmp_path: Path) -> None:
    async with stage(tmp_path, MONDAY, {"YIXIAN_DIGEST__CHAT_ID": "-4000000001"}) as town:
        await cast(town, WANG, CHEN)
        group = town.world.group("协商群", [1001], kind="group")
        assert group.id == -4000000001
        moved = town.world.migrate(group, 1001)
        town.world.say(1001, LAMP)
        await town.settle()
        await town.advance(timedelta(days=1))
        told = [m["text"] for m in town.world.messages(1001, moved) if not m["mine"] and m["text"]]
        assert "日报" in told[-1]
        assert "新事项 1" in told[-1]
        assert "路灯" not in told[-1], "numbers only"


class Seconds:
    """A clock for the pace."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def sent_in(seconds: float, chats: int, **settings: float) -> list[int]:
    """How many messages go to each chat within so many seconds, as fast as the pace lets them."""
    clock = Seconds()
    pace = Pace(Sender(**settings), clock)  # type: ignore[arg-type]
    times: dict[int, list[float]] = {chat: [] for chat in range(1, chats + 1)}
    for _ in range(200):
        for chat, moments in times.items():
            moments.append(clock.now + pace.take(chat))
        clock.now += 0.001
    return [sum(moment <= seconds for moment in moments) for moments in times.values()]


def test_one_chat_hears_one_message_a_second_after_a_short_burst() -> None:
    assert sent_in(10, 1, burst=4)[0] <= 4 + 10


def test_all_chats_together_never_hear_more_than_thirty_a_second() -> None:
    assert sum(sent_in(10, 50, per_second=30)) <= 30 + 30 * 10


def test_a_group_hears_twenty_a_minute() -> None:
    clock = Seconds()
    pace = Pace(Sender(burst=1), clock)
    moments = [pace.take(-5) for _ in range(60)]
    assert sum(moment <= 60 for moment in moments) <= 21


def test_silent_chats_are_forgotten() -> None:
    clock = Seconds()
    pace = Pace(Sender(), clock)
    for chat in range(1, 1000):
        pace.take(chat)
    clock.now = 1000.0
    pace.take(1)
    assert len(pace._chats) == 1
