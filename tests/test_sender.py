"""What is said arrives, whatever Telegram and the network do: once, in order, or with a known end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TimedOut

from bot import logs
from bot.app import running
from bot.clock import MovableClock
from bot.config import load
from bot.config_example import EXAMPLE
from bot.config_sections import Logs, Sender
from bot.delivery import Dead, Later, Sent, TooLate, Unreachable, result_of
from bot.pace import Pace
from bot.request import NotSent
from domain.people import ChatId, Role
from handlers.kit.words import Words
from simulator.server import build, serving, until
from simulator.world import World
from storage.outbox import Lane, Mode, Saying
from tests.stage import FAST, MONDAY, TOKEN, Role_, Stage, stage
from tests.test_intake import message

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


async def test_what_cannot_be_said_for_a_revoked_token_waits_for_the_next(tmp_path: Path) -> None:
    """PTB takes it for a method that does not exist. Planted fault: no ``EndPointNotFound`` in ``call``."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.chaos.script("sendMessage", "401")
        town.world.say(1001, LAMP)
        await town.settle()
        assert await states(town) == {"pending": 1}
        await until(town.world, lambda: seen(town, "王芳"), 10)
        assert "已收到" in seen(town, "王芳")[0]


@pytest.mark.parametrize("kind", ["429", "500", "reset", "lost"])
async def test_what_is_said_later_waits_behind_what_must_be_tried_again(tmp_path: Path, kind: str) -> None:
    """Planted fault: leave ``WAITING`` out of ``PENDING`` (``storage/outbox.py``), and help comes first."""
    async with stage(tmp_path) as town:
        await cast(town, WANG, LEE)
        town.world.chaos.script("sendMessage", kind, seconds=30)
        town.world.say(1001, LAMP)
        await town.settle()
        town.world.say(1001, "/help")
        town.world.say(1002, "/help")
        await town.settle()
        assert len(town.world.called("sendMessage")) == 2, "one that failed, one to somebody else"
        assert len(seen(town, "李建国")) == 1, "nobody else waits"
        await town.advance(timedelta(seconds=31))
        said = [text for text in seen(town, "王芳") if "已收到" not in text]
        assert ("已收到" in seen(town, "王芳")[0], len(said)) == (True, 1)
        assert set(await states(town)) == {"sent"}


async def test_what_is_said_at_once_stays_in_order_when_the_first_must_wait(tmp_path: Path) -> None:
    """The numbers to call, then the receipt. Planted fault: no ``break`` in ``Sender._send_all``."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.chaos.script("sendMessage", "429", seconds=30)
        town.world.say(1001, "城北社区3号楼闻到煤气泄漏")
        await town.settle()
        assert seen(town, "王芳") == []
        await town.advance(timedelta(seconds=31))
        assert ["26-0001" in text for text in seen(town, "王芳")[:2]] == [False, True]


async def test_under_every_kind_of_fault_every_message_ends_as_sent(tmp_path: Path) -> None:
    """Planted fault: end an ambiguous row as dead (``result_of`` in ``bot/delivery.py``), and receipts are missing.

    Only where the answer was lost may there be a copy.
    """
    async with stage(tmp_path) as town:
        await cast(town, *(Role_(f"居民{n}", Role.RESIDENT) for n in range(20)))
        for _ in range(4):
            for kind in ("429", "500", "reset", "lost"):
                town.world.chaos.script("sendMessage", kind)
        for number in town.people.values():
            town.world.say(number, LAMP)
        for _ in range(4):
            await town.settle()
            await town.advance(timedelta(seconds=20))
        receipts = [sum("已收到" in text for text in seen(town, name)) for name in town.people]
        assert min(receipts) == 1
        assert sum(receipts) <= len(receipts) + 4
        assert set(await states(town)) == {"sent"}


@asynccontextmanager
async def rebuilt(folder: Path) -> AsyncIterator[tuple[Stage, "Switch"]]:
    """A stage whose Telegram can be switched off and on."""
    clock = MovableClock(MONDAY)
    world = World(now=clock.now, token=TOKEN)
    switch = Switch(world)
    await switch.on()
    environment = {
        **FAST,
        **IMPATIENT,
        "YIXIAN_TELEGRAM__TOKEN": TOKEN,
        "YIXIAN_TELEGRAM__BASE_URL": f"http://127.0.0.1:{switch.port}",
        "YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'yixian.db'}",
        "YIXIAN_STORAGE__FOLDER": str(folder),
    }
    try:
        async with running(load(EXAMPLE, environment), clock, poll=False, tick=False, make=True) as app:
            yield Stage(app, world, clock), switch
    finally:
        await switch.off()


class Switch:
    """Telegram, which can be away."""

    def __init__(self, world: World) -> None:
        self.port = 0
        self._world = world
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def on(self) -> None:
        """Back, at the same address."""
        ready = asyncio.Event()
        self._stop.clear()
        self._task = asyncio.create_task(self._serve(ready))
        await ready.wait()

    async def off(self) -> None:
        """Away."""
        self._stop.set()
        if self._task:
            await self._task

    async def _serve(self, ready: asyncio.Event) -> None:
        async with serving(build(self._world, page=None), self.port) as address:
            self.port = int(address.rpartition(":")[2])
            ready.set()
            await self._stop.wait()


async def test_without_a_network_everything_waits_and_nothing_is_copied(tmp_path: Path) -> None:
    """Planted fault: count a call that made no connection as an attempt, and messages end as uncertain."""
    async with rebuilt(tmp_path) as (town, telegram):
        await cast(town, WANG)
        await telegram.off()
        assert await town.app.intake.take(message(town.world, 1, text=LAMP))
        await town.app.settled()
        assert (await states(town)) == {"pending": 1}
        await telegram.on()
        await until(town.world, lambda: seen(town, "王芳"), 10)
        await town.app.settled()
        assert set(await states(town)) == {"sent"}
        assert sum("已收到" in text for text in seen(town, "王芳")) == 1


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


@pytest.mark.parametrize(("kind", "event"), [("400", "dead_letter"), ("403", "undeliverable"), ("500", "uncertain")])
async def test_a_message_that_does_not_arrive_leaves_a_line(tmp_path: Path, kind: str, event: str) -> None:
    """Planted fault: write the end of the row only, and nobody who reads the log hears of it."""
    async with stage(tmp_path, settings={"YIXIAN_SENDER__ATTEMPTS": "1"}) as town:
        await cast(town, WANG)
        town.world.chaos.script("sendMessage", kind)
        logs.configure(Logs(level="info"))
        with capture_logs() as lines:
            town.world.say(1001, LAMP)
            await town.settle()
        assert [line["kind"] for line in lines if line["event"] == event] == ["ConcernCard"]


async def test_whoever_blocks_the_bot_openly_is_called_and_may_come_back(tmp_path: Path) -> None:
    """Telegram says so; planted fault: drop ``Kind.BLOCKED`` in ``bot/understanding.py``, and a message is tried."""
    async with stage(tmp_path) as town:
        await cast(town, WANG, LEE, CHEN)
        town.world.say(1001, LAMP)
        await town.settle()
        await town.advance(timedelta(seconds=90))
        for who, label in ((1003, "派给李建国"), (1002, "签收")):
            town.world.press(who, label)
            await town.settle()
        town.world.block(1001)
        await town.settle()
        calls = len(town.world.called("sendMessage"))
        for label in ("办结", "已解决"):
            town.world.press(1002, label)
            await town.settle()
        town.world.say(1002, "灯已换好")
        await town.settle()
        assert any("请打电话或上门" in text for text in seen(town, "李建国"))
        tried = town.world.called("sendMessage")[calls:]
        assert "1001" not in {str(call["params"]["chat_id"]) for call in tried}
        town.world.unblock(1001)
        town.world.say(1001, "/mine")
        await town.settle()
        assert "26-0001" in seen(town, "王芳")[-1]


async def test_an_edit_that_changes_nothing_is_as_good_as_done(tmp_path: Path) -> None:
    """The edit is made, its answer lost; the next try hears "not modified". Planted fault: end it as dead."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.say(1001, LAMP)
        await town.settle()
        town.world.chaos.script("editMessageText", "lost")
        town.world.say(1001, "还有3号楼")
        await town.settle()
        await town.advance(timedelta(seconds=5))
        assert "not modified" in town.world.called("editMessageText")[-1]["error"]
        assert set(await states(town)) == {"sent"}


async def test_a_card_that_was_deleted_is_let_go_and_comes_back_when_asked_for(tmp_path: Path) -> None:
    """Planted fault: take "message to edit not found" for a fault of ours, and there is an alarm."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.say(1001, LAMP)
        await town.settle()
        card = town.world.chats[1001].posts[2]
        town.world.remove(card)
        town.world.say(1001, "还有3号楼")
        await town.settle()
        assert set(await states(town)) == {"sent", "expired"}
        town.world.press(1001, data="rd:1:r", message_id=card.message_id)
        await town.settle()
        assert "还有3号楼" in seen(town, "王芳")[-1]
        assert "dead" not in await states(town)


async def test_a_menu_and_the_way_back_pressed_at_once_leave_the_card(tmp_path: Path) -> None:
    """Planted fault: no ``overdrawn`` in ``Shown`` (``bot/sender.py``): the menu stays, and no press takes it away."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.say(1001, LAMP)
        await town.settle()
        town.world.chaos.script("editMessageText", "429", seconds=30)
        town.world.press(1001, data="ct:1:r:0", message_id=2)
        await town.settle()
        town.world.press(1001, data="rd:1:r", message_id=2)
        await town.settle()
        await town.advance(timedelta(seconds=31))
        shown = town.world.messages(1001)[1]["buttons"]
        assert "加位置" in shown[0][0]["label"]


async def test_an_answer_to_a_press_that_comes_too_late_is_not_sent(tmp_path: Path) -> None:
    """Planted fault: no ``expires_at`` on toasts, and it is sent half a minute later."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.say(1001, LAMP)
        await town.settle()
        town.world.chaos.script("answerCallbackQuery", "429", seconds=30)
        town.world.press(1001, "马上发出")
        await town.settle()
        await town.advance(timedelta(seconds=31))
        assert len(town.world.called("answerCallbackQuery")) == 1
        assert (await states(town))["expired"] == 1


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
        assert (await states(town))["pending"] == 10 + 1, "ten answers, one edit"
        before = len(town.world.called("editMessageText"))
        await town.advance(timedelta(seconds=61))
        assert len(town.world.called("editMessageText")) == before + 1
        assert "还有9号楼" in seen(town, "王芳")[0]


async def test_a_change_while_the_card_is_on_its_way_is_not_lost(tmp_path: Path) -> None:
    """Planted fault: end a row without comparing ``touched``, and the card keeps the old words.

    More words are taken in while the receipt is at Telegram, before its answer is back.
    """
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        more = message(town.world, 1, text="还有3号楼")
        tasks: list[asyncio.Task[bool]] = []

        def meanwhile(event: dict[str, object]) -> None:
            if event["kind"] == "message" and event["outgoing"] and not tasks:
                tasks.append(asyncio.create_task(town.app.intake.take(more)))

        town.world.listeners.append(meanwhile)
        town.world.say(1001, LAMP)
        await town.settle()
        assert await tasks[0]
        await town.settle()
        assert "还有3号楼" in seen(town, "王芳")[0]


async def test_a_row_that_cannot_be_sent_at_all_stops_nobody(tmp_path: Path) -> None:
    """An edit of no message. Planted fault: let ``deliver`` raise in ``Sender._send``, and the chat falls silent."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        now = town.clock.now()
        row = Saying(
            chat=ChatId(1001),
            lane=Lane.ANSWER,
            mode=Mode.EDIT,
            kind="Done",
            fields="{}",
            target="none",
            created_at=now,
            not_before=now,
        )
        await town.app.database.run(lambda unit: unit.outbox.add(row))
        town.world.say(1001, LAMP)
        await town.settle()
        assert "已收到" in seen(town, "王芳")[0]
        assert await states(town) == {"dead": 1, "sent": 1}


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


async def test_a_card_that_could_not_be_drawn_is_drawn_at_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: keep the ``pending_key`` of what ends (``END`` in ``storage/outbox.py``): it stays as it was."""
    whole = Words.template

    def broken(self: Words, language: str, path: str) -> object:
        if path.startswith("cards/"):
            raise RuntimeError("planted")
        return whole(self, language, path)

    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.world.say(1001, LAMP)
        await town.settle()
        with monkeypatch.context() as fault:
            fault.setattr(Words, "template", broken)
            town.world.say(1001, "是3号楼门口")
            await town.settle()
        assert (await states(town)).get("dead") == 1
        town.world.say(1001, "还有5号楼门口")
        await town.settle()
        assert "还有5号楼门口" in seen(town, "王芳")[0]


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


async def test_two_notices_of_a_night_come_by_themselves(tmp_path: Path) -> None:
    """Planted fault: ``FEW`` of 1 in ``handlers/followup.py``, and they come as a list."""
    async with stage(tmp_path, MONDAY.replace(hour=22)) as town:
        await cast(town, WANG, Role_("刘洋", Role.RESIDENT), CHEN)
        for number in (1001, 1002):
            town.world.say(number, LAMP)
        await town.settle()
        await town.advance(timedelta(hours=9, minutes=50))
        assert seen(town, "陈静") == []
        await town.advance(timedelta(minutes=20))
        assert ["新事项" in text for text in seen(town, "陈静")] == [True, True]


async def test_words_of_danger_that_come_later_wake_the_coordinator(tmp_path: Path) -> None:
    """Planted fault: ``WordsAdded: ()`` in ``AUDIENCE``, or a held card that is only touched; she sleeps till eight."""
    async with stage(tmp_path, MONDAY.replace(hour=22)) as town:
        await cast(town, WANG, CHEN)
        town.world.say(1001, LAMP)
        await town.settle()
        await town.advance(timedelta(minutes=3))
        assert seen(town, "陈静") == []
        town.world.say(1001, "闻到煤气泄漏")
        await town.settle()
        assert ["🚨" in text for text in seen(town, "陈静")] == [True]


async def test_the_morning_list_of_a_resident_opens_their_own_card(tmp_path: Path) -> None:
    """Planted fault: ``OpenCase`` for everyone in ``MorningList``, and residents read the staff's card."""
    async with stage(tmp_path, MONDAY.replace(hour=20, minute=40)) as town:
        await cast(town, WANG, LEE, CHEN)
        for text in (LAMP, "城北社区的下水道堵了", "城北社区的垃圾没人收"):
            town.world.say(1001, text)
            await town.settle()
            await town.advance(timedelta(minutes=11))
            town.world.press(1003, "派给李建国")
            await town.settle()
        await town.advance(timedelta(minutes=40))
        town.world.say(1002, "/cases")
        await town.settle()
        for case in (1, 2, 3):
            town.world.press(1002, data=f"cl:{case}", message_id=1)
            await town.settle()
        await town.advance(timedelta(hours=10, minutes=10))
        assert "今早有 3 件事" in seen(town, "王芳")[-1]
        town.world.press(1001, "1")
        await town.settle()
        assert "李建国在办" in seen(town, "王芳")[-1]


@pytest.mark.parametrize("told", [True, False], ids=["told by Telegram", "found when sending"])
async def test_a_group_that_moved_is_found_again(tmp_path: Path, told: bool) -> None:
    """Planted fault: take ``ChatMigrated`` for a bad request (``result_of``), and one of the two orders loses it."""
    async with stage(tmp_path, MONDAY, {"YIXIAN_DIGEST__CHAT_ID": "-4000000001"}) as town:
        await cast(town, WANG, CHEN)
        group = town.world.group("协商群", [1001], kind="group")
        assert group.id == -4000000001
        await town.settle()
        moved = town.world.migrate(group, 1001)
        if not told:
            town.world.queue.drop()
        town.world.say(1001, LAMP)
        await town.settle()
        await town.advance(timedelta(days=1))
        said = [m["text"] for m in town.world.messages(1001, moved) if not m["mine"] and m["text"]]
        assert "日报" in said[-1]
        assert "新事项 1" in said[-1]
        assert "路灯" not in said[-1], "numbers only"


class Seconds:
    """A clock for the pace."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def moments(pace: Pace, clock: Seconds, chats: list[int], count: int) -> dict[int, list[float]]:
    """When ``count`` messages go to each chat, as fast as the pace lets each of them by itself."""
    found: dict[int, list[float]] = {chat: [] for chat in chats}
    free = dict.fromkeys(chats, 0.0)
    for _ in range(count * len(chats)):
        chat = min((c for c in chats if len(found[c]) < count), key=lambda c: free[c])
        clock.now = max(clock.now, free[chat])
        for wait in pace.waits(chat):
            clock.now += wait
        found[chat].append(clock.now)
        free[chat] = clock.now
    return found


def most_within(times: list[float], seconds: float) -> int:
    """The most of them within any such time, which ends just before ``seconds`` are over."""
    return max(sum(start <= other < start + seconds - 1e-6 for other in times) for start in times)


def test_one_chat_hears_one_message_a_second_after_a_short_burst() -> None:
    clock = Seconds()
    times = moments(Pace(Sender(burst=4), clock), clock, [1], 60)[1]
    assert times[:5] == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert all(most_within(times, seconds) <= 4 + seconds for seconds in (1, 5, 20))


def test_all_chats_together_never_hear_more_than_thirty_in_any_second() -> None:
    """Planted fault: a bucket of thirty instead of a window, and there are sixty in the first second."""
    clock = Seconds()
    found = moments(Pace(Sender(), clock), clock, list(range(1, 101)), 6)
    times = sorted(time for chat in found.values() for time in chat)
    assert most_within(times, 1.0) == 30
    assert times[-1] <= 600 / 30 * 1.03, "and as fast as that"


def test_a_group_never_hears_more_than_twenty_in_any_minute() -> None:
    """Planted fault: a bucket with a burst, and there are twenty-four in the first minute."""
    clock = Seconds()
    assert most_within(moments(Pace(Sender(), clock), clock, [-5], 80)[-5], 60.0) == 20


def test_a_group_that_waits_holds_up_nobody() -> None:
    """Planted fault: take the moment among all before the group's has come."""
    clock = Seconds()
    pace = Pace(Sender(per_second=2), clock)
    waiting = [pace.waits(-5) for _ in range(30)]  # for their minute, and have not come to the rest
    assert all(next(waits) + next(waits) >= 0 for waits in waiting)
    assert sum(pace.waits(1)) == 0


def notices(pace: Pace, clock: Seconds, count: int, pause: float = 0.0) -> list[float]:
    """When notices to so many chats go, all of which wait; with a pause in which the program stands still."""
    waiting, found = [pace.waits(chat, lane=2) for chat in range(1000, 1000 + count)], list[float]()
    while waiting:
        waiting = [waits for waits in waiting if next(waits, None) is not None]
        found += [clock.now] * (count - len(waiting) - len(found))
        clock.now += 0.005
        if pause and len(found) >= count // 2:
            clock.now, pause = clock.now + pause, 0.0
    return found


def test_an_answer_goes_before_every_notice_that_waits() -> None:
    """Planted fault: no line in ``Pace``, and whoever asked first goes first."""
    clock = Seconds()
    pace = Pace(Sender(per_second=1), clock)
    assert sum(pace.waits(1)) == 0
    waiting = [pace.waits(chat, lane=2) for chat in range(2, 9)]
    answer = pace.waits(9)
    assert all(next(waits) == 0 and next(waits) > 0 for waits in (*waiting, answer))
    clock.now = 1.03
    assert all(next(waits) > 0 for waits in waiting)
    assert list(answer) == []
    assert all(next(waits) > 1 for waits in waiting)


def test_an_answer_never_waits_long_behind_notices() -> None:
    """Planted fault: notices without their bucket go thirty at once, and then there is no moment for a second."""
    clock = Seconds()
    pace = Pace(Sender(), clock)
    notices(pace, clock, 60)
    before = clock.now
    for wait in pace.waits(1):
        clock.now += wait
    assert clock.now - before < 0.1


def test_whoever_stops_waiting_holds_up_nobody() -> None:
    """Planted fault: leave the ticket in the line."""
    clock = Seconds()
    pace = Pace(Sender(per_second=1), clock)
    assert sum(pace.waits(1)) == 0
    gone = pace.waits(2)
    assert next(gone) == 0 < next(gone)
    gone.close()
    clock.now = 1.03
    assert sum(pace.waits(3)) == 0


def test_notices_use_nearly_all_that_is_allowed_and_never_more() -> None:
    """Planted fault: book moments ahead; those of a pause are used together with those after it."""
    clock = Seconds()
    times = notices(Pace(Sender(), clock), clock, 120, pause=2.0)
    assert most_within(times, 1.0) <= 30
    assert times[-1] <= 2.0 + 120 / 30 / 0.95


def test_silent_chats_are_forgotten() -> None:
    clock = Seconds()
    pace = Pace(Sender(), clock)
    for chat in range(1, 1000):
        clock.now = chat / 10
        for one in (chat, -chat):
            assert sum(pace.waits(one)) == 0
    clock.now = 1000.0
    list(pace.waits(1))
    assert (len(pace._chats), len(pace._groups)) == (1, 0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BadRequest("Message is not modified: x"), Sent),
        (BadRequest("Query is too old and response timeout expired"), TooLate),
        (BadRequest("Message to edit not found"), TooLate),
        (BadRequest("Chat not found"), Unreachable),
        (Forbidden("bot was blocked by the user"), Unreachable),
        (BadRequest("can't parse entities"), Dead),
        (NotSent("no connection"), Later),
        (TimedOut(), Later),
        (NetworkError("Bad Gateway"), Later),
        (InvalidToken(), Later),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value)[:24],
)
def test_failures_are_told_apart(error: BadRequest, kind: type) -> None:
    """A refused token is the operator's to mend: planted fault: let it kill what waits to be said."""
    assert isinstance(result_of(error), kind)


async def test_who_no_longer_leads_sends_nothing_more(tmp_path: Path) -> None:
    """Not even what it has in its hands. Planted fault: no look at ``may_send`` in ``_send_all``."""
    async with stage(tmp_path) as town:
        await cast(town, WANG)
        town.app.sender._may_send = lambda: False
        row = Saying(
            chat=ChatId(1001),
            lane=Lane.ANSWER,
            mode=Mode.SEND,
            kind="Help",
            fields="{}",
            created_at=MONDAY,
            not_before=MONDAY,
        )
        for _ in range(3):
            await town.app.database.run(lambda unit: unit.outbox.add(row))
        town.app.sender._may_send = lambda: not seen(town, "王芳")
        await town.app.sender.drained()
        assert len(seen(town, "王芳")) == 1
        assert await states(town) == {"pending": 2, "sent": 1}
        town.app.sender._may_send = lambda: True
        await town.settle()
        assert len(seen(town, "王芳")) == 3
