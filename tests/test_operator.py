"""The operator hears before the residents do: at once, at most hourly, in counts and codes, never in people's words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.health import Check
from bot.watch import Watch
from domain.people import ChatId, Role
from handlers.operator import DISK, QuarantineAlarm, backup_failed, put_reading
from storage.cases import Cases
from storage.outbox import Lane, Mode, Saying
from storage.unit import Unit
from tests.stage import MONDAY, Role_, Stage, stage

CHEN = Role_("陈静", Role.COORDINATOR)
WANG = Role_("王芳", Role.RESIDENT)
OPERATOR = 9001
LAMP = "城北社区的路灯坏了三天"


@asynccontextmanager
async def town(folder: Path, start: datetime = MONDAY, **settings: str) -> AsyncIterator[Stage]:
    """A town with an operator, who is not one of the group's people."""
    chat = {"YIXIAN_OPERATOR__CHAT_ID": str(OPERATOR)}
    async with stage(folder, start, {**chat, **settings}) as found:
        person = found.world.person(OPERATOR, "运维", "zh")
        person.started = True
        found.world.private(person)
        await found.join(WANG)
        await found.join(CHEN)
        yield found


def heard(place: Stage) -> list[str]:
    """What the operator was told."""
    return [m["text"] for m in place.world.messages(OPERATOR) if not m["mine"]]


async def passes(place: Stage, delta: timedelta = timedelta()) -> None:
    """Some time, and the clock's turn."""
    place.clock.advance(delta)
    await place.app.tick()
    await place.settle()


async def set_aside(place: Stage, count: int, number: int = 100) -> None:
    """Updates in quarantine."""

    def work(unit: Unit) -> None:
        for n in range(count):
            unit.intake.quarantine(f"{number + n:04X}", number + n, {"text": LAMP}, "ValueError", place.clock.now())

    await place.app.database.run(work)


async def test_quarantine_is_told_at_once_and_then_hourly_with_the_count(tmp_path: Path) -> None:
    """A poisonous update of somebody's, through the whole program.

    Planted faults: tell on every tick (no ``AT_MOST``); forget the mark, and the count starts from the beginning.
    """
    async with town(tmp_path) as place:
        with pytest.MonkeyPatch.context() as planted:
            planted.setattr(Cases, "add", lambda *_: 1 / 0)
            place.world.say(1001, LAMP)
            await place.settle()
        await passes(place)
        assert len(heard(place)) == 1
        assert "有 1 条" in heard(place)[0]
        assert "quarantine show" in heard(place)[0]
        for minute in range(5):
            await set_aside(place, 2, 200 + 10 * minute)
            await passes(place, timedelta(minutes=10))
        assert len(heard(place)) == 1, "at most hourly"
        await passes(place, timedelta(minutes=11))
        assert len(heard(place)) == 2
        assert "有 10 条" in heard(place)[1], "what happened meanwhile is counted into the next one"
        await passes(place, timedelta(hours=3))
        assert len(heard(place)) == 2, "nothing new, nothing to tell"
        assert LAMP not in "".join(heard(place))


async def test_a_message_that_was_given_up_is_told(tmp_path: Path) -> None:
    """Planted fault: count alarms as well, and one that cannot be sent brings the next for ever."""
    async with town(tmp_path) as place:
        await give_up(place, "Unheard", 1)
        await passes(place)
        assert len(heard(place)) == 1
        assert "有 1 条消息没能发出" in heard(place)[0]
        await give_up(place, QuarantineAlarm.__name__, 3)
        for _ in range(3):
            await passes(place, timedelta(hours=1))
        assert len(heard(place)) == 1, "alarms that cannot be sent are no reason for another"
        await give_up(place, "Unheard", 2)
        await passes(place)
        assert "有 2 条消息没能发出" in heard(place)[1]


async def give_up(place: Stage, kind: str, count: int) -> None:
    """Messages that cannot be sent: of an unknown kind, or without their fields."""

    now = place.clock.advance(timedelta(minutes=1))

    def work(unit: Unit) -> None:
        for _ in range(count):
            unit.outbox.add(
                Saying(
                    chat=ChatId(1001),
                    lane=Lane.NOTICE,
                    mode=Mode.SEND,
                    kind=kind,
                    fields="{}",
                    created_at=now,
                    not_before=now,
                )
            )

    await place.app.database.run(work)
    await place.settle()


async def test_a_failed_backup_is_told_with_its_reason(tmp_path: Path) -> None:
    """The whole way: night, errand, a folder that cannot be written. Planted fault: swallow ``BackupFailed``."""
    (tmp_path / "file").write_text("no folder")
    more = {"YIXIAN_BACKUP__KEEP": "3", "YIXIAN_BACKUP__FOLDER": "file"}
    async with town(tmp_path, **more) as place:
        await passes(place)
        await passes(place, timedelta(days=1))
        await passes(place)
        assert len(heard(place)) == 1
        assert "备份失败 1 次" in heard(place)[0]
        assert "File exists" in heard(place)[0]


async def test_a_backup_that_is_owed_is_told_once_a_day(tmp_path: Path) -> None:
    """Asked for, and nothing was heard of it: the program was killed each time, say."""
    async with town(tmp_path, YIXIAN_BACKUP__KEEP="3") as place:
        await passes(place)
        place.app.errands._kinds["backup"] = never
        await passes(place, timedelta(days=1))
        assert heard(place) == []
        await passes(place, timedelta(hours=3))
        assert len(heard(place)) == 1
        assert "上一份在 27 小时前" in heard(place)[0]
        for _ in range(10):
            await passes(place, timedelta(hours=1))
        assert len(heard(place)) == 1


async def never(_: dict[str, Any]) -> None:
    """An errand that ends without having done anything."""


async def test_a_full_disk_is_told_once_until_it_is_full_again(tmp_path: Path) -> None:
    """Planted fault: no mark for lasting states, and it is told every hour."""
    async with town(tmp_path) as place:

        async def disk(percent: int | None) -> None:
            await place.app.database.run(partial(_put, percent, place.clock.now()))

        await disk(93)
        for _ in range(6):
            await passes(place, timedelta(minutes=30))
        assert len(heard(place)) == 1
        assert "93%" in heard(place)[0]
        await disk(None)
        await passes(place, timedelta(minutes=5))
        await disk(97)
        await passes(place)
        assert len(heard(place)) == 2
        await passes(place, timedelta(days=1, minutes=1))
        assert len(heard(place)) == 3, "told again after a day"


def _put(percent: int | None, now: datetime, unit: Unit) -> None:
    put_reading(unit, DISK, percent, now)


async def test_the_disk_is_measured_and_an_outbox_that_is_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: measure the age by ``not_before`` alone, which moves with every try."""
    async with town(tmp_path) as place:
        watch = Watch(place.app.settings, place.app.database, place.clock, place.app.health)
        monkeypatch.setattr("bot.watch.disk_usage", lambda _: Usage(100, 95, 5))
        place.world.chaos.script("sendMessage", "500", times=6)
        place.world.say(1001, LAMP)
        await place.settle()
        for _ in range(5):
            place.clock.advance(timedelta(minutes=4))
            await place.app.sender.drained()
        await watch.look()
        await place.app.tick()
        await passes(place, timedelta(minutes=15))
        assert any("95%" in text for text in heard(place))
        assert any("已等 20 分钟" in text for text in heard(place))
        await watch.look()
        late = await place.app.database.read(lambda unit: unit.settings.get("watch:outbox"))
        assert late == "", "all is sent"


class Usage:
    """What ``shutil.disk_usage`` says."""

    def __init__(self, total: int, used: int, free: int) -> None:
        self.total, self.used, self.free = total, used, free


async def test_a_start_without_a_stop_is_told_and_a_polite_one_is_not(tmp_path: Path) -> None:
    """Planted fault: no ``stopped`` on leaving, and every restart is an alarm."""
    async with town(tmp_path) as place:
        await passes(place)
        assert heard(place) == []
    async with town(tmp_path) as place:
        await passes(place)
        assert heard(place) == [], "it was stopped politely"
        await place.app.database.run(lambda unit: unit.settings.put("run", "running"))
        place.app.failure = RuntimeError("a part of the program ended")
    async with town(tmp_path) as place:
        await passes(place)
        assert len(heard(place)) == 1
        assert "没有正常停止" in heard(place)[0]


async def test_without_a_chat_nobody_is_told(tmp_path: Path) -> None:
    async with town(tmp_path, YIXIAN_OPERATOR__CHAT_ID="0") as place:
        await set_aside(place, 1)
        await passes(place)
        assert heard(place) == []


async def test_a_failure_in_one_reason_has_words_of_ours_only(tmp_path: Path) -> None:
    """In both languages; the reason is escaped."""
    async with town(tmp_path, YIXIAN_GROUP__LANGUAGES='["en", "zh"]') as place:
        await place.app.database.run(lambda unit: backup_failed(unit, "a < b", place.clock.now()))
        await passes(place)
        assert "1 backup(s) failed" in heard(place)[0]
        assert "a < b" in heard(place)[0]


# -- the heartbeat


@asynccontextmanager
async def monitor(status: int = 200) -> AsyncIterator[tuple[str, list[str]]]:
    """A service that waits for heartbeats: its address, and what it got."""
    got: list[str] = []

    async def beat(request: web.Request) -> web.Response:
        got.append(request.path)
        return web.Response(status=status)

    application = web.Application()
    application.router.add_get("/ping/abc", beat)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}/ping/abc", got
    finally:
        await runner.cleanup()


async def test_a_heartbeat_comes_as_long_as_all_is_well(tmp_path: Path) -> None:
    """Planted fault: beat without asking ``ready``."""
    async with (
        monitor() as (address, got),
        stage(tmp_path, settings={"YIXIAN_OPERATOR__HEARTBEAT_URL": address}) as place,
    ):
        async with asyncio.timeout(10):
            while not got:  # noqa: ASYNC110 - another task beats
                await asyncio.sleep(0.02)
        count = len(got)

        async def ill() -> list[Check]:
            return [Check("database", False, "does not answer")]

        await Watch(place.app.settings, place.app.database, place.clock, ill).beat()
        assert len(got) == count
        await Watch(place.app.settings, place.app.database, place.clock, place.app.health).beat()
        assert len(got) == count + 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x", "http://nowhere.invalid/x"])
async def test_a_heartbeat_that_cannot_be_made_is_only_a_line_in_the_log(tmp_path: Path, address: str) -> None:
    async with stage(tmp_path, settings={"YIXIAN_OPERATOR__HEARTBEAT_URL": address}) as place:
        await place.app.watch.beat()
        await place.settle()
        assert not place.app.stopping.is_set()


def test_aiohttp_is_what_the_heartbeat_uses() -> None:
    """It reads no proxy of the environment, as nothing of ours does."""
    assert aiohttp.ClientSession.__init__.__kwdefaults__["trust_env"] is False
