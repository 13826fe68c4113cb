"""There is always a backup, and it restores to the same truth."""

import asyncio
import json
import shutil
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command

from bot import backups, restoring
from bot.config import ConfigError, load
from bot.config_example import EXAMPLE
from domain.cases import CaseId
from domain.people import Role
from handlers.operator import failures
from simulator.server import until
from storage import schema
from storage.backup import BadCopy, back_up, check, opened
from storage.database import open_database
from tests.stage import MONDAY, Role_, Stage, stage

WANG = Role_("王芳", Role.RESIDENT)
CHEN = Role_("陈静", Role.COORDINATOR)
LAMP = "城北社区的路灯坏了三天"
NIGHTLY = {"YIXIAN_BACKUP__KEEP": "3"}


@asynccontextmanager
async def town_with_cases(folder: Path, **settings: str) -> AsyncIterator[Stage]:
    """A town in which something was reported, with a picture, and settled."""
    async with stage(folder, settings={**NIGHTLY, **settings}) as town:
        await town.join(WANG)
        await town.join(CHEN)
        town.world.say(1001, LAMP)
        await town.settle()
        town.world.photo(1001, "这里")
        await town.settle()
        await town.app.tick()
        await town.settle()
        yield town


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}  # noqa: S608
    connection.close()
    return found


# -- under load


async def test_a_copy_made_under_load_is_one_moment_and_true(tmp_path: Path) -> None:
    """Turns go on while pages are copied. Planted fault: no ``BEGIN`` around ``backup`` (storage/backup.py): every
    commit begins the copy anew, and under load it does not end.
    """
    people, stopping = range(5001, 5061), asyncio.Event()

    async def load_on(town: Stage) -> int:
        written = 0
        while not stopping.is_set():
            await town.app.database.run(lambda unit, n=written: unit.settings.put("load", str(n)))  # type: ignore[misc]
            written += 1
        return written

    async with town_with_cases(tmp_path) as town:
        await town.app.database.run(lambda unit: [unit.settings.put(f"ballast{n}", "y" * 40_000) for n in range(300)])
        for number in people:
            town.world.person(number, f"居民{number}")
            town.world.say(number, LAMP)
        load = asyncio.create_task(load_on(town))
        try:
            made = await asyncio.wait_for(backups.make(town.app.settings, tmp_path / "copy.db"), 60)
        finally:
            stopping.set()
            written = await load
        await town.settle()
        assert written > 1, "it was under load"
        assert made["cases"] >= 1
    assert check(tmp_path / "copy.db").cases == made["cases"]
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("copy*")) == ["copy.db"]


async def test_a_backup_restores_to_the_same_truth(tmp_path: Path) -> None:
    """Every row of every table, pictures' ids and journal included; and the bot goes on from there.

    Planted fault: copy the file instead of using SQLite's way (``copy``), and what is still in the log is missing.
    """
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with town_with_cases(tmp_path / "a") as town:
        await town.app.sender.drained()
        await backups.make(town.app.settings, tmp_path / "copy.db")
        before = rows_of(tmp_path / "a" / "yixian.db")
    assert len(before["cases"]) == 1
    assert len(before["attachments"]) == 1
    assert len(before["journal"]) >= 2
    settings = town.app.settings.model_copy(
        update={"storage": town.app.settings.storage.model_copy(update={
            "url": f"sqlite:///{tmp_path / 'b' / 'yixian.db'}", "folder": str(tmp_path / "b")})}
    )  # fmt: skip
    checked, aside = restoring.restore(settings, tmp_path / "copy.db", MONDAY)
    assert (checked.cases, aside) == (1, None)
    assert rows_of(tmp_path / "b" / "yixian.db") == before
    async with stage(tmp_path / "b") as again:
        case = await again.app.database.read(lambda unit: unit.cases.get(CaseId(1)))
        assert case is not None
        assert case.text.startswith(LAMP)
        assert await again.app.database.read(lambda unit: unit.journal.replay(CaseId(1))) == case


# -- what must not be trusted


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and a good copy of it, once for all who damage theirs."""
    folder = tmp_path_factory.mktemp("lived")

    async def make() -> None:
        async with town_with_cases(folder) as town:
            await backups.make(town.app.settings, folder / "copy.db")

    asyncio.run(make())
    return folder


@pytest.fixture
def copy(lived: Path, tmp_path: Path) -> Path:
    """A good copy, and beside it the database."""
    for path in lived.glob("*.db*"):
        shutil.copy(path, tmp_path)
    return tmp_path / "copy.db"


def changed(path: Path, *statements: str) -> None:
    """SQL on a copy."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE cases SET state = 'closed'", "is not what its journal tells"),
        ("UPDATE cases SET text = 'x'", "is not what its journal tells"),
        ("DELETE FROM journal WHERE id = 1", "is not what its journal tells"),
        ("DELETE FROM cases", "tells of a case that is not there"),
        ("UPDATE alembic_version SET version_num = '9999'", "version 9999"),
        ("DROP TABLE alembic_version", "none of this program's"),
    ],
)
def test_a_copy_that_is_not_true_is_refused(copy: Path, statement: str, why: str) -> None:
    """Planted fault: no ``replayed`` in ``check``."""
    changed(copy, statement)
    with pytest.raises(BadCopy, match=why):
        check(copy)
    with pytest.raises(ConfigError, match="must not be restored"):
        restoring.verify(copy)


def test_a_damaged_file_is_refused(copy: Path, tmp_path: Path) -> None:
    """A page overwritten, half a file, something else. Planted fault: no ``integrity_check``."""
    whole = copy.read_bytes()
    size = int.from_bytes(whole[16:18], "big")
    for number, content in enumerate([
        whole[: 3 * size] + bytes([7]) * size + whole[4 * size :],
        whole[: len(whole) // 2 // size * size],
        b"no database at all" * 1000,
        b"",
    ]):  # fmt: skip
        bad = tmp_path / f"bad{number}.db"
        bad.write_bytes(content)
        with pytest.raises(BadCopy):
            check(bad)


async def test_what_cannot_be_trusted_gets_no_name(copy: Path, tmp_path: Path) -> None:
    """The original is damaged: no backup, an error, nothing left. Planted fault: rename before the check."""
    changed(copy, "DELETE FROM journal WHERE id = 1")
    with pytest.raises(BadCopy):
        back_up(copy, tmp_path / "second.db")
    assert not list(tmp_path.glob("second*"))


def test_restoring_refuses_what_is_bad_and_changes_nothing(copy: Path, tmp_path: Path) -> None:
    changed(copy, "DELETE FROM cases")
    settings = settings_in(tmp_path)
    before = rows_of(tmp_path / "yixian.db")
    with pytest.raises(ConfigError, match="must not be restored"):
        restoring.restore(settings, copy, MONDAY)
    assert rows_of(tmp_path / "yixian.db") == before


# -- of another version


@pytest.fixture
def old(copy: Path) -> Path:
    """That copy, as a program of the first version made it."""
    with opened(copy, "") as connection:
        command.downgrade(schema.config(connection), "0001")
    return copy


def test_a_copy_of_an_older_version_is_checked_as_it_will_be_and_stays_as_it_is(old: Path, tmp_path: Path) -> None:
    """A copy of it is upgraded and played again. Planted fault: upgrade the file itself."""
    before, beside = old.read_bytes(), sorted(tmp_path.iterdir())
    checked = restoring.verify(old)
    assert (checked.version, checked.cases) == ("0001", 1)
    assert restoring.version_told(checked) == f"version 0001, which becomes {schema.HEAD} when the bot starts"
    assert (old.read_bytes(), sorted(tmp_path.iterdir())) == (before, beside)
    assert back_up(old, tmp_path / "again.db").version == "0001"


@pytest.mark.parametrize("statement", ["DELETE FROM journal WHERE id = 1", "UPDATE cases SET text = 'x'"])
def test_a_copy_of_an_older_version_that_is_not_true_is_refused(old: Path, statement: str) -> None:
    """Planted fault: play only what is of this version."""
    changed(old, statement)
    with pytest.raises(ConfigError, match="is not what its journal tells"):
        restoring.verify(old)


async def test_a_copy_of_an_older_version_is_restored_and_goes_on(old: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    restoring.restore(settings_in(tmp_path / "b"), old, MONDAY)
    async with stage(tmp_path / "b") as again:
        case = await again.app.database.read(lambda unit: unit.cases.get(CaseId(1)))
        assert case is not None
        assert case.text.startswith(LAMP)
        assert await again.app.database.read(lambda unit: unit.operations.version()) == schema.HEAD


def test_a_copy_of_a_newer_version_is_refused(copy: Path) -> None:
    """Nobody knows here what is in it. Planted fault: take it for an older one."""
    changed(copy, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match=f"it has version 9999, and this program knows {schema.HEAD} and older"):
        restoring.verify(copy)


def settings_in(folder: Path, **more: str):  # type: ignore[no-untyped-def]
    """Settings of a bot in that folder."""
    where = {"YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'yixian.db'}", "YIXIAN_STORAGE__FOLDER": str(folder)}
    return load(EXAMPLE, {**where, **more})


async def test_restoring_puts_the_present_database_aside_with_what_is_in_its_log(copy: Path, tmp_path: Path) -> None:
    """Killed without a checkpoint before. Planted fault: rename the file without its log (``fold_log``)."""
    database = await open_database("sqlite:///yixian.db", tmp_path)
    await database.run(lambda unit: unit.settings.put("later", "1"))
    for ending in ("", "-wal", "-shm"):  # as a kill leaves it
        shutil.copy(tmp_path / f"yixian.db{ending}", tmp_path / f"killed.db{ending}")
    await database.close()
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"killed.db{ending}").replace(tmp_path / f"yixian.db{ending}")
    _, aside = restoring.restore(settings_in(tmp_path), copy, MONDAY)
    assert aside is not None
    assert not list(tmp_path.glob("yixian.db-*")), "a log of the old one beside the new one would be read into it"
    assert ("later", "1") in rows_of(aside)["settings"]
    assert ("later", "1") not in rows_of(tmp_path / "yixian.db")["settings"]


# -- every night


async def test_every_night_once_and_so_many_are_kept(tmp_path: Path) -> None:
    """Planted fault: no ``prune``; ask again on every tick (``nightly_backup``)."""
    async with town_with_cases(tmp_path) as town:
        folder = town.app.settings.backup_folder
        assert not backups.kept(folder), "a new installation starts with the next night"
        for _ in range(5):
            await town.advance(timedelta(days=1))
        found = backups.kept(folder)
        local = [town.app.charter.calendar.local(backup.at) for backup in found]
        assert [f"{at:%m-%d}" for at in local] == ["11-28", "11-27", "11-26"]
        assert {stat.S_IMODE(backup.path.stat().st_mode) for backup in found} == {0o600}
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert all(check(backup.path).cases == 1 for backup in found)


async def test_late_rather_than_never(tmp_path: Path) -> None:
    """Down from evening to noon, for a week: one backup after the start, not seven, not none."""
    async with town_with_cases(tmp_path):
        pass
    async with stage(tmp_path, MONDAY + timedelta(days=7, hours=3), NIGHTLY) as town:
        for _ in range(3):
            await town.app.tick()
            await town.settle()
        assert [backup.at for backup in backups.kept(town.app.settings.backup_folder)] == [town.clock.now()]


async def test_other_files_are_not_touched(tmp_path: Path) -> None:
    (tmp_path / "yixian-20200101T000000Z.db.mine").write_text("mine")
    (tmp_path / "other.db").write_text("mine")
    for hour in range(5):
        (tmp_path / f"yixian-20260101T0{hour}0000Z.db").write_text("x")
    backups.prune(tmp_path, 2, datetime.now(UTC))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other.db",
        "yixian-20200101T000000Z.db.mine",
        "yixian-20260101T030000Z.db",
        "yixian-20260101T040000Z.db",
    ]


# -- handed on


async def handed_on(tmp_path: Path, code: str, *more: str, patience: str = "30s") -> Path:
    """A nightly backup with a command that runs that Python."""
    command = json.dumps([sys.executable, "-c", code, *more])
    async with town_with_cases(tmp_path, YIXIAN_BACKUP__COMMAND=command, YIXIAN_BACKUP__PATIENCE=patience) as town:
        await backups.nightly(town.app.settings, town.clock.now())
        return backups.kept(town.app.settings.backup_folder)[0].path


COPY = (
    "import shutil, sys, os; assert not [n for n in os.environ if n.startswith('YIXIAN_')]; shutil.copy(*sys.argv[1:])"
)


async def test_a_backup_is_handed_to_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its path and name, without our settings. Planted fault: pass the environment on, and the token with it."""
    monkeypatch.setenv("YIXIAN_TELEGRAM__TOKEN", "1:secret")
    made = await handed_on(tmp_path, COPY, "{file}", f"{tmp_path}/{{name}}.copy")
    assert (tmp_path / f"{made.name}.copy").read_bytes() == made.read_bytes()


async def test_the_path_comes_last_where_nothing_asks_for_it(tmp_path: Path) -> None:
    assert backups.filled(("age", "-r", "{name}"), Path("/x/y.db")) == ["age", "-r", "y.db", "/x/y.db"]
    assert backups.filled(("cp", "{file}", "/to"), Path("/x/y.db")) == ["cp", "/x/y.db", "/to"]


@pytest.mark.parametrize(
    ("code", "patience", "why"),
    [
        ("import sys; sys.exit(3)", "30s", "ended with 3"),
        ("import time; time.sleep(600)", "1s", "took longer"),
    ],
)
async def test_a_command_that_fails_is_a_failed_backup(tmp_path: Path, code: str, patience: str, why: str) -> None:
    """Also one that hangs. Planted fault: ignore its exit code."""
    with pytest.raises(backups.BackupFailed, match=why):
        await handed_on(tmp_path, code, patience=patience)


async def test_a_command_that_is_not_there_is_one_too(tmp_path: Path) -> None:
    async with town_with_cases(tmp_path, YIXIAN_BACKUP__COMMAND='["/nowhere/age"]') as town:
        with pytest.raises(backups.BackupFailed, match="cannot be run"):
            await backups.keep_up(town.app.settings, town.app.database, town.clock)
        assert "cannot be run" in await town.app.database.read(lambda unit: failures(unit).why)
        await town.advance(timedelta(minutes=61))
        assert await town.app.database.read(lambda unit: failures(unit).count) == 2, "tried again after an hour"


async def test_a_stop_does_not_wait_for_a_long_backup(tmp_path: Path) -> None:
    """Its row stays, and it is made after the next start. Planted fault: wait for slow errands in ``Errands.run``."""
    slow = json.dumps([sys.executable, "-c", "import time; time.sleep(600)"])
    async with town_with_cases(tmp_path, YIXIAN_BACKUP__COMMAND=slow) as town:
        town.clock.advance(timedelta(days=1))
        await town.app.tick()
        town.app.errands.wake()
        async with asyncio.timeout(30):
            while not backups.kept(town.app.settings.backup_folder):  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.05)
        town.world.start(1001)  # errands that are not slow go on meanwhile
        menus = town.world.called
        await until(town.world, lambda: [c for c in menus("setMyCommands") if "chat_id" in str(c["params"])], 10)
        leaving = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - leaving < 8
    database = await open_database("sqlite:///yixian.db", tmp_path)
    try:
        due = await database.read(lambda unit: [e.kind for e in unit.errands.due(MONDAY + timedelta(days=2))])
    finally:
        await database.close()
    assert "backup" in due, "a menu may be done and not yet written down"
