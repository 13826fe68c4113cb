"""What cannot even be set aside stops nobody while others commit; while nothing can be committed everything waits.

Real constraints in the real databases refuse the rows; the disk, the lock and the lost server are those of the other
tests here. Fails on planted faults: skip the proof (``Aside.prove``), and what a full disk refused is acknowledged;
take the first step down only (``APOLOGIES``), and one update is fetched for ever.
"""

import asyncio
import errno
import json
import logging
import os
import stat
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

import bot.aside
import bot.health
import bot.intake
import storage.sqlite
from bot.aside import QUARANTINED, UNSTORED
from bot.commands import announce_webhook
from bot.config import ConfigError
from bot.diagnosis import examine
from bot.intake import PATIENCE
from bot.kept_words import KeptWords
from bot.operations import Operations
from bot.waiting import LATE
from bot.web import build_web, receiving, serving
from domain.people import Role
from simulator.server import until
from storage.cases import Cases
from storage.intake import Intake as IntakeShelf
from storage.intake import Unstored
from tests.faults.disk import Disk
from tests.faults.nursery import concern
from tests.faults.test_disk import Trouble
from tests.postgres import Server
from tests.stage import Role_, Stage, stage
from tests.test_intake import count, message
from tests.test_metrics import metrics_of
from tests.test_web import MODE, free_port

WANG = Role_("王芳", Role.RESIDENT)
OPERATOR = 9001
BATCH = 10
OTHERS = range(2001, 2001 + 2 * BATCH + 5)
"""More than two batches of people who have nothing to do with it."""
SETTINGS = {"YIXIAN_INTAKE__BATCH": str(BATCH), "YIXIAN_OPERATOR__CHAT_ID": str(OPERATOR)}
NOWHERE = 2**70
"""A chat that no column holds: its turn fails on both engines, and so does an apology to it."""
WORDS = "城北社区的路灯坏了三天"

REFUSALS = {
    "the apology": None,
    "its words": ("NEW.raw <> ''", "raw = ''"),
    "any row": ("NEW.id IS NOT NULL OR 1", "update_id IS NULL"),
}
"""What the database refuses: a trigger's condition on SQLite, a constraint on PostgreSQL."""


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    """Every failure is told at length."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not taken is asked for again at once, not after a second."""
    monkeypatch.setattr(bot.intake, "FIRST_REST", 0.01)
    monkeypatch.setattr(bot.intake, "LONGEST_REST", 0.02)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A file's, or an empty database's address."""
    if request.param == "sqlite":
        yield ""
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as found:
        yield found


@asynccontextmanager
async def inhabited(folder: Path, url: str = "", **settings: str) -> AsyncIterator[Stage]:
    """A town with somebody and the operator; it never waits longer than a test may."""
    async with stage(folder, url=url, settings={**SETTINGS, **settings}) as town:
        await town.join(WANG)
        person = town.world.person(OPERATOR, "运维", "zh")
        person.started = True
        town.world.private(person)
        for number in OTHERS:
            town.world.person(number, f"居民{number}")
        await town.settle()
        async with asyncio.timeout(60):
            yield town


async def refuse(town: Stage, what: str) -> None:
    """The database takes this no more, of any update."""
    if REFUSALS[what] is None:
        return
    trigger, constraint = REFUSALS[what] or ("", "")
    planted = (
        f"CREATE TRIGGER refuse BEFORE INSERT ON quarantine WHEN {trigger} BEGIN SELECT RAISE(ABORT, 'planted'); END"
        if town.app.database.engine_name == "SQLite"
        else f"ALTER TABLE quarantine ADD CONSTRAINT refuse CHECK ({constraint})"
    )
    await town.app.database.schema(lambda connection: connection.exec_driver_sql(planted).rowcount)


async def relent(town: Stage) -> None:
    """It takes everything again."""
    mended = (
        "DROP TRIGGER refuse"
        if town.app.database.engine_name == "SQLite"
        else "ALTER TABLE quarantine DROP CONSTRAINT refuse"
    )
    await town.app.database.schema(lambda connection: connection.exec_driver_sql(mended).rowcount)


def poison(town: Stage, update_id: int = 77, number: int = NOWHERE) -> dict[str, Any]:
    """An update that fails wherever it is handled."""
    return message(town.world, update_id, number, text=WORDS)


def delivered(town: Stage, update: dict[str, Any]) -> None:
    """Telegram has it for the bot, with the next number."""
    town.world.queue.inject({name: value for name, value in update.items() if name != "update_id"})


def everybody_speaks(town: Stage) -> None:
    """The others' concerns."""
    for number in OTHERS:
        town.world.say(number, concern(number))


async def shown(town: Stage, code: str = "") -> dict[str, Any]:
    """As ``quarantine show --raw``."""
    return await Operations(town.app.settings, town.app.turns).known["quarantine_show"]({"code": code, "raw": True})


async def told(town: Stage) -> list[str]:
    """What ``doctor`` says of the quarantine."""
    found = await examine(town.app.settings, town.app.database, town.clock.now(), deep=False, offline=True)
    return [finding.text for finding in found if finding.subject == "quarantine" and finding.bad]


@pytest.mark.parametrize("what", REFUSALS)
async def test_others_are_served_behind_what_cannot_be_stored(tmp_path: Path, url: str, what: str) -> None:
    """Batch after batch; it is acknowledged, its words are kept, and whoever looks is told."""
    async with inhabited(tmp_path, url) as town:
        await refuse(town, what)
        delivered(town, poison(town))
        everybody_speaks(town)
        with capture_logs() as lines:
            await town.settle()
        line = ("critical", UNSTORED) if what == "any row" else ("error", QUARANTINED)
        assert line in [(line["log_level"], line["event"]) for line in lines]
        assert await count(town) == len(OTHERS)
        assert not town.world.pending_updates()
        answer = await shown(town)
        assert len(answer["lines"]) == len(await told(town)) == 1
        assert json.loads(answer["raw"][0])["message"]["text"] == WORDS
        in_file = what != "the apology"
        assert ("aside" in answer["lines"][0], "aside" in (await told(town))[0]) == (in_file, in_file)
        await town.app.tick()
        await town.settle()
        alarm = "存不下" if what == "any row" else "已隔离"
        assert [alarm in text["text"] for text in town.world.messages(OPERATOR) if not text["mine"]] == [True]
        unstored = f"\nyixian_updates_unstored {float(what == 'any row')}\n"
        assert unstored in (await metrics_of(town).page()).decode()


async def test_an_apology_that_cannot_be_said_keeps_nobody_from_quarantine(tmp_path: Path, url: str) -> None:
    """A press whose number holds what neither engine stores: first its turn fails, then the answer to it."""

    def press(number: int) -> dict[str, Any]:
        user = {"id": 1001, "is_bot": False, "first_name": "王芳"}
        where = {"message_id": 2, "date": 1, "chat": {"id": 1001, "type": "private"}}
        return {"update_id": number, "callback_query": {
            "id": "\x00\ud800", "from": user, "chat_instance": "1", "data": "hp", "message": where,
        }}  # fmt: skip

    async with inhabited(tmp_path, url) as town:
        assert await town.app.intake.take(press(78))
        assert json.loads((await shown(town))["raw"][0]) == press(78)


async def test_words_in_a_file_are_for_their_owner_and_handled_once(tmp_path: Path, url: str) -> None:
    """``quarantine retry`` finds them; a redelivery afterwards changes nothing."""
    async with inhabited(tmp_path, url) as town:
        await refuse(town, "any row")
        with pytest.MonkeyPatch.context() as planted:
            planted.setattr(Cases, "add", lambda *_: 1 / 0)
            assert await town.app.intake.take(poison(town, number=1001))
        (path,) = (tmp_path / "aside").iterdir()
        assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
        operations = Operations(town.app.settings, town.app.turns).known
        assert await operations["quarantine_retry"]({"code": path.stem}) == {"error": ""}
        assert await town.app.intake.take(poison(town, number=1001))
        await town.settle()
        assert await count(town) == 1
        assert (await shown(town))["lines"] == await told(town) == list((tmp_path / "aside").iterdir()) == []


async def test_where_the_words_cannot_be_kept_either_that_is_told(tmp_path: Path) -> None:
    """And ``drop`` ends it. No folder can be made where a file lies."""
    (tmp_path / "aside").touch()
    async with inhabited(tmp_path) as town:
        await refuse(town, "any row")
        assert await town.app.intake.take(poison(town))
        (line,) = (await shown(town))["lines"]
        assert "its words lost" in line
        assert "its words lost" in (await told(town))[0]
        operations = Operations(town.app.settings, town.app.turns).known
        with pytest.raises(ConfigError, match="words are lost"):
            await operations["quarantine_retry"]({"code": line.split()[0]})
        await operations["quarantine_drop"]({"code": line.split()[0]})
        assert await told(town) == []


def test_words_that_were_written_in_part_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fills while they are written. Planted fault: leave the file."""
    words, refusing = KeptWords(tmp_path), [True]
    sync = os.fsync

    def full(handle: int) -> None:
        if refusing:
            raise OSError(errno.ENOSPC, "no space left on device")
        sync(handle)

    monkeypatch.setattr(os, "fsync", full)
    assert not words.keep("AB12", {"text": WORDS})
    assert (words.codes(), words.read("AB12")) == ([], "")
    refusing.clear()
    assert words.keep("AB12", {"text": WORDS})
    assert not words.keep("AB12", {})
    assert json.loads(words.read("AB12")) == {"text": WORDS}, "and what was there already stays"


async def test_two_of_one_code_keep_the_words_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are 65536 codes. Planted faults: say of one that the other's words are its own; let go of both."""
    monkeypatch.setattr(bot.aside.secrets, "token_hex", lambda size: "ab12" * (size // 2))
    others = {"text": "别人的话"}

    def refused(*_: object) -> None:
        raise OSError("no space left on device")

    async with inhabited(tmp_path) as town:
        words = KeptWords(tmp_path)
        assert words.keep("AB12", others)
        await refuse(town, "any row")
        with monkeypatch.context() as planted:
            planted.setattr(IntakeShelf, "put_unstored", refused)
            assert not await town.app.intake.take(poison(town))
        assert words.codes() == ["AB12"]
        assert await town.app.intake.take(poison(town))
        answer = await shown(town)
        assert json.loads(answer["raw"][0])["message"]["text"] == WORDS
        assert json.loads(words.read("AB12")) == others


async def test_one_alarm_is_settled_while_another_is_raised(tmp_path: Path, postgres: Server) -> None:
    """By another worker. Planted fault: no lock in ``settle_unstored``, and what it read is written over the other."""
    meeting, keep = threading.Barrier(2), IntakeShelf._keep

    def late(shelf: IntakeShelf, unstored: Unstored) -> None:
        with suppress(threading.BrokenBarrierError):  # with the lock only one gets here
            meeting.wait(0.3)
        keep(shelf, unstored)

    with postgres.database() as url:
        async with inhabited(tmp_path, url) as town:
            await refuse(town, "any row")
            assert await town.app.intake.take(poison(town, 77))
            (before,) = (await shown(town))["lines"]
            drop = Operations(town.app.settings, town.app.turns).known["quarantine_drop"]
            with pytest.MonkeyPatch.context() as planted:
                planted.setattr(IntakeShelf, "_keep", late)
                await asyncio.gather(
                    drop({"code": before.split()[0]}),
                    town.app.intake.take(poison(town, 78)),
                )
            (after,) = (await shown(town))["lines"]
            assert "update 78 " in after
            assert (await town.app.database.read(lambda unit: unit.intake.unstored())).count == 2


async def test_doctor_sees_words_that_belong_to_nothing_or_lie_open(tmp_path: Path) -> None:
    """Left behind by a program that died at the wrong moment."""
    async with inhabited(tmp_path) as town:
        assert KeptWords(tmp_path).keep("AB12", poison(town))
        KeptWords(tmp_path).path("AB12").chmod(0o644)
        found = await examine(town.app.settings, town.app.database, town.clock.now(), deep=False, offline=True)
        spoken_of = [finding.subject for finding in found if "AB12.json" in finding.text]
        assert spoken_of == ["quarantine", "permissions"]


async def test_what_becomes_impossible_on_the_last_step_is_not_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm itself cannot be committed. Planted fault: keep the file, and words lie there that came again."""

    def refused(*_: object) -> None:
        raise OSError("no space left on device")

    async with inhabited(tmp_path) as town:
        await refuse(town, "any row")
        with monkeypatch.context() as planted:
            planted.setattr(IntakeShelf, "put_unstored", refused)
            assert not await town.app.intake.take(poison(town))
        assert KeptWords(tmp_path).codes() == []
        assert await town.app.intake.take(poison(town))
        assert len(KeptWords(tmp_path).codes()) == 1


async def test_two_deliveries_at_once_keep_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first meets a full disk and is over before the second, which is set aside.

    Planted fault: hand the raw update over by its number, and the first one takes it away from the second.
    """
    works = IntakeShelf.first_sight

    def refused(*_: object) -> bool:
        raise OSError("no space left on device")

    async with inhabited(tmp_path) as town:
        update = poison(town, number=1001)

        async def first() -> bool:
            taken = await town.app.intake.take(update)
            monkeypatch.setattr(IntakeShelf, "first_sight", works)
            return taken

        monkeypatch.setattr(Cases, "add", lambda *_: 1 / 0)
        monkeypatch.setattr(IntakeShelf, "first_sight", refused)
        assert await asyncio.gather(first(), town.app.intake.take(update)) == [False, True]
        assert json.loads((await shown(town))["raw"][0]) == update


# -- while nothing can be committed


def spoken(town: Stage) -> None:
    """A poisonous update, and people who each say two things."""
    delivered(town, poison(town))
    for number in OTHERS[:BATCH]:
        town.world.say(number, concern(number))
        town.world.say(number, "还有2号楼")


async def not_taken(town: Stage, many: int) -> None:
    """Wait until so many updates were tried and not taken."""
    while town.app.intake.waiting.backlog().not_taken < many:  # noqa: ASYNC110 - nobody else is told of it
        await asyncio.sleep(0.01)
    await town.app.intake.free.wait()


async def in_vain(town: Stage) -> None:
    """Nothing is acknowledged, and while nothing can be committed it is not asked for again."""
    waiting = len(town.world.pending_updates())
    await not_taken(town, BATCH)
    asked = len(town.world.called("getUpdates"))
    assert [await town.app.turns.aside.commits() for _ in range(5)] == [False] * 5
    assert (len(town.world.called("getUpdates")), len(town.world.pending_updates())) == (asked, waiting)


async def heard_of(town: Stage, number: int) -> list[str]:
    """The lines of somebody's only case."""
    (case,) = await town.app.database.read(lambda unit: unit.cases.of_reporter(unit.people.by_chat(number).id))  # type: ignore[arg-type,union-attr]
    return case.text.splitlines()


async def all_is_taken(town: Stage) -> None:
    """Each concern is one case, the second words behind the first; and the poisonous update is set aside whole."""
    await town.settle()
    assert await count(town) == BATCH
    for number in OTHERS[:BATCH]:
        assert await heard_of(town, number) == [concern(number), "还有2号楼"]
    answer = await shown(town)
    assert [json.loads(raw)["message"]["text"] for raw in answer["raw"]] == [WORDS]
    assert town.app.intake.waiting.backlog().not_taken == 0
    assert KeptWords(town.app.settings.data_folder).codes() == []


@asynccontextmanager
async def on_a_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Stage, Disk]]:
    """That town, with its database on a disk that can fail."""
    disk = Disk()
    with monkeypatch.context() as patched:
        patched.setattr(storage.sqlite, "connect", disk.connect)
        async with inhabited(folder) as town:
            yield town, disk
    disk.close()


async def test_a_full_disk_makes_everything_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with on_a_disk(tmp_path, monkeypatch) as (town, disk):
        disk.trouble = Trouble("write", apsw.FullError)
        spoken(town)
        await in_vain(town)
        disk.trouble = lambda _, __: None
        await all_is_taken(town)


async def test_room_that_comes_back_at_any_moment_finds_nothing_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one write that fails, after two …: a good update is never set aside, a poisonous one only whole."""
    async with on_a_disk(tmp_path, monkeypatch) as (town, disk):
        people = OTHERS[:12]
        for times, number in enumerate(people, 1):
            disk.trouble = Trouble("write", apsw.FullError, many=times)
            delivered(town, poison(town))
            town.world.say(number, concern(number))
            await town.settle()
        assert await count(town) == len(people)
        words = [json.loads(raw)["message"]["text"] for raw in (await shown(town))["raw"]]
        assert words == [WORDS] * len(people)
        assert KeptWords(tmp_path).codes() == []


async def test_a_database_that_is_read_only_makes_everything_wait(tmp_path: Path) -> None:
    async with inhabited(tmp_path) as town:
        raw = town.app.database._writer.raw  # type: ignore[attr-defined]
        raw.execute("PRAGMA query_only=ON")
        spoken(town)
        await in_vain(town)
        raw.execute("PRAGMA query_only=OFF")
        await all_is_taken(town)


async def test_a_locked_postgresql_makes_everything_wait(tmp_path: Path, postgres: Server) -> None:
    with postgres.database() as url:
        async with inhabited(tmp_path, f"{url}&options=-c%20lock_timeout%3D20ms") as town:
            town.app.database._patience = 0.05  # type: ignore[attr-defined]
            with postgres.at(url) as other, other.transaction():
                other.execute("LOCK TABLE updates IN ACCESS EXCLUSIVE MODE")
                spoken(town)
                await in_vain(town)
            await all_is_taken(town)


async def test_what_was_said_later_is_not_taken_before_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room comes back just before the second of two messages. Planted fault: no ``held`` in ``Intake.poll``."""
    works, room = IntakeShelf.first_sight, iter([False] * 4)

    def first_sight(self: IntakeShelf, bot: int, update_id: int, now: datetime) -> bool:
        if update_id != later and not next(room, True):
            raise OSError("no space left on device")
        return works(self, bot, update_id, now)

    async with inhabited(tmp_path) as town:
        town.world.say(1001, WORDS)
        town.world.say(1001, "还有2号楼")
        later = town.world.pending_updates()[-1]["update_id"]
        monkeypatch.setattr(IntakeShelf, "first_sight", first_sight)
        await town.settle()
        assert await heard_of(town, 1001) == [WORDS, "还有2号楼"]


async def test_a_chat_that_stays_locked_does_not_hold_up_the_others(tmp_path: Path, postgres: Server) -> None:
    """First it is waited for, as nothing is wrong with it; then it is set aside, and a retry finds it."""
    with postgres.database() as url:
        async with inhabited(tmp_path, f"{url}&options=-c%20lock_timeout%3D20ms") as town:
            town.app.database._patience = 0.05  # type: ignore[attr-defined]
            with postgres.at(url) as other:
                other.execute("SELECT pg_advisory_lock(1001)")
                town.world.say(1001, WORDS)
                everybody_speaks(town)
                await not_taken(town, 1)
                assert (await shown(town))["lines"] == [], "it waits"
                town.app.intake.waiting.now = later(town, PATIENCE + 1)
                await town.settle()
            (line,) = (await shown(town))["lines"]
            retried = await Operations(town.app.settings, town.app.turns).known["quarantine_retry"](
                {"code": line.split()[0]}
            )
            assert (retried, await count(town)) == ({"error": ""}, len(OTHERS) + 1)


# -- by webhook


@asynccontextmanager
async def by_webhook(folder: Path, url: str = "") -> AsyncIterator[Stage]:
    """That town, to which Telegram delivers over a few connections."""
    port = free_port()
    mode = {**MODE, "YIXIAN_WEBHOOK__URL": f"http://127.0.0.1:{port}"}
    async with (
        inhabited(folder, url, **mode) as town,
        serving(build_web(receiving(town.app.intake, town.app.settings.webhook)), "127.0.0.1", port),
    ):
        await announce_webhook(town.app)
        yield town


async def test_by_webhook_it_is_acknowledged_and_others_are_served(tmp_path: Path, url: str) -> None:
    async with by_webhook(tmp_path, url) as town:
        await refuse(town, "any row")
        for _ in range(3):
            delivered(town, poison(town))
        everybody_speaks(town)
        await until(town.world, town.world.idle, 30)
        await town.settle()
        assert not town.world.pending_updates()
        assert await count(town) == len(OTHERS)
        assert len((await shown(town))["lines"]) == 3


async def test_by_webhook_everything_waits_for_a_postgresql_that_is_away(tmp_path: Path, postgres: Server) -> None:
    """The server has thrown everybody out and lets nobody in; afterwards Telegram delivers again."""
    with postgres.database() as url:
        name = make_url(url).database
        async with by_webhook(tmp_path, url) as town:
            town.app.database._patience = 0.05  # type: ignore[attr-defined]
            postgres.admin(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            postgres.admin(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608
            spoken(town)
            await until(town.world, lambda: "503" in town.world.webhook.get("last_error_message", ""), 10)
            assert not await town.app.turns.aside.commits()
            assert len(town.world.pending_updates()) == 2 * BATCH + 1
            postgres.admin(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
            await until(town.world, lambda: not town.world.pending_updates(), 30)
            await all_is_taken(town)


# -- whether it is ready


def later(town: Stage, seconds: float) -> Any:
    """A watch that is so much ahead."""
    now = town.app.intake.waiting.now
    return lambda: now() + seconds


async def checks(town: Stage) -> dict[str, bool]:
    """What ``/healthz/ready`` says, asked anew."""
    return {check.name: check.ok for check in await town.app.health()}


async def test_ready_means_that_a_write_commits_and_nothing_waits_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted faults: ask the database without writing; forget what was not taken."""
    monkeypatch.setattr(bot.health, "WRITES_EVERY", 0.0)
    async with inhabited(tmp_path) as town:
        assert all((await checks(town)).values())
        raw = town.app.database._writer.raw  # type: ignore[attr-defined]
        raw.execute("PRAGMA query_only=ON")
        assert not await town.app.intake.take(message(town.world, 5, 1001, text=WORDS))
        found = await checks(town)
        assert (found["database"], found["writes"], found["updates"]) == (True, False, True)
        town.app.intake.waiting.now = later(town, LATE)
        assert not (await checks(town))["updates"]
        numbers = (await metrics_of(town).page()).decode()
        assert "\nyixian_updates_not_taken 1.0\n" in numbers
        assert "\nyixian_updates_waiting_seconds 6" in numbers
        raw.execute("PRAGMA query_only=OFF")
        assert await town.app.intake.take(message(town.world, 5, 1001, text=WORDS))
        assert all((await checks(town)).values())


async def test_being_asked_often_writes_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: prove on each call. By SQLite's own count of changed rows."""
    monkeypatch.setattr(bot.health, "WRITES_EVERY", 3600.0)
    async with inhabited(tmp_path) as town:
        await checks(town)
        raw = town.app.database._writer.raw  # type: ignore[attr-defined]
        before = raw.total_changes
        assert before > 0
        for found in await asyncio.gather(*(checks(town) for _ in range(20))):
            assert found["writes"]
        assert raw.total_changes == before


async def test_what_another_worker_took_does_not_wait_here(tmp_path: Path) -> None:
    """Telegram delivers to any of them. Planted fault: no ``forget``, and a worker is never ready again."""
    async with inhabited(tmp_path) as town:
        waiting, intake = town.app.intake.waiting, town.app.intake
        for update_id in (5, 6, NOWHERE):
            waiting.begin(update_id)
            waiting.end(update_id, taken=False)
        await town.app.database.run(lambda unit: unit.intake.first_sight(town.app.turns.bot, 5, town.clock.now()))
        waiting.now = later(town, LATE)
        assert (await intake.backlog()).not_taken == 2
        waiting.now = later(town, timedelta(days=1).total_seconds())
        assert (await intake.backlog()).not_taken == 0
