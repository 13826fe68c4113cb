"""What is SQLite's own: shared commits, one writer, a file for its owner only. Both engines: test_units.py."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite
import pytest
from sqlalchemy import Connection, text

from domain.people import ChatId
from storage.database import open_database
from storage.schema import upgrade
from storage.sqlite import TOGETHER, OneWriter, TransactionLost
from storage.sqlite import SQLiteDatabase as Database
from storage.unit import Unit
from tests.domain.lives import submitted

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database of the newest version."""
    found = await open_database("sqlite:///x.db", tmp_path, make=True)
    await found.schema(upgrade)
    yield found
    await found.close()


async def value(database: Database, name: str) -> str | None:
    """What the settings say."""
    return await database.read(lambda unit: unit.settings.get(name))


async def open_transactions(database: Database) -> int:
    """How many transactions the writer's connection has left open."""
    return await database._writer.run(lambda: int(database._writer.raw.in_transaction))


async def test_a_commit_that_fails_leaves_no_open_transaction(database: Database) -> None:
    """A deferred foreign key fails at COMMIT. Planted fault: without ``roll_back_raw`` the next unit fails too."""

    def scratch(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE b (a INTEGER REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED)"))

    await database.schema(scratch)
    with pytest.raises(Exception, match="FOREIGN KEY"):
        await database.schema(lambda connection: connection.execute(text("INSERT INTO b VALUES (7)")).rowcount)
    assert await open_transactions(database) == 0
    await database.run(lambda unit: unit.settings.put("a", "1"))
    assert await value(database, "a") == "1"


async def test_a_full_disk_harms_only_the_unit_that_hit_it(database: Database) -> None:
    await database.schema(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=90").scalar())

    def fill(unit: Unit) -> None:
        for number in range(200):
            unit.settings.put(f"n{number}", "x" * 4000)

    with pytest.raises(Exception, match="full"):
        await database.run(fill)
    assert await open_transactions(database) == 0
    assert await value(database, "n0") is None
    await database.run(lambda unit: unit.settings.put("a", "1"))
    assert await value(database, "a") == "1"


async def statements(database: Database, seen: list[str]) -> None:
    """What the writer's connection executes from now on."""
    await database._writer.run(lambda: database._writer.raw.set_trace_callback(seen.append))


def put(name: str, text: str = "1") -> Callable[[Unit], None]:
    """A unit that writes one setting."""
    return lambda unit: unit.settings.put(name, text)


def fail(unit: Unit) -> None:
    """A unit that fails after it wrote."""
    unit.settings.put("bad", "1")
    raise LookupError("planted")


async def at_once(database: Database, *works: Callable[[Unit], object]) -> list[object]:
    """What came of units that were asked for in one breath."""
    return await asyncio.gather(*(database.run(work) for work in works), return_exceptions=True)


async def test_units_that_come_at_once_share_a_commit(database: Database) -> None:
    seen: list[str] = []
    await statements(database, seen)
    await at_once(database, *(put(f"n{number}") for number in range(2 * TOGETHER)))
    assert seen.count("COMMIT") == 2
    assert await value(database, "n63") == "1"


async def test_nobody_is_answered_before_the_commit(database: Database, tmp_path: Path) -> None:
    """Planted fault: answer each unit when its savepoint is released."""
    other = sqlite3.connect(tmp_path / "x.db")

    async def written(name: str) -> bool:
        await database.run(put(name))
        return other.execute("SELECT 1 FROM settings WHERE name = ?", [name]).fetchone() is not None

    assert all(await asyncio.gather(*(written(f"n{number}") for number in range(100))))
    other.close()


async def test_one_that_fails_among_others_takes_nobody_with_it(database: Database) -> None:
    """Planted fault: without ROLLBACK TO, what it wrote stays; without savepoints all are undone."""
    seen: list[str] = []
    await statements(database, seen)
    found = await at_once(database, put("a"), fail, put("b"))
    assert [type(one) for one in found] == [type(None), LookupError, type(None)]
    assert [await value(database, name) for name in ("a", "bad", "b")] == ["1", None, "1"]
    assert seen.count("COMMIT") == 1


async def test_a_commit_that_fails_is_only_the_fault_of_one(database: Database) -> None:
    """Planted fault: without doing them again alone, everybody fails with the one that broke the constraint."""

    def scratch(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE a (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE b (a INTEGER REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED)"))

    def dangle(unit: Unit) -> None:
        unit.settings.put("bad", "1")
        unit.settings._connection.execute(text("INSERT INTO b VALUES (7)"))

    await database.schema(scratch)
    found = await at_once(database, put("a"), dangle, put("b"))
    assert [one is None for one in found] == [True, False, True]
    assert [await value(database, name) for name in ("a", "bad", "b")] == ["1", None, "1"]


async def test_a_transaction_that_sqlite_undoes_is_done_again_one_by_one(database: Database) -> None:
    """As a broken disk may do in the middle. Planted fault: without ``TransactionLost`` the first unit is forgotten."""

    def lose(unit: Unit) -> None:
        unit.settings.put("bad", "1")
        unit.settings._connection.exec_driver_sql("ROLLBACK")

    found = await at_once(database, put("a"), lose, put("b"))
    assert [type(one) for one in found] == [type(None), TransactionLost, type(None)]
    assert [await value(database, name) for name in ("a", "bad", "b")] == ["1", None, "1"]


async def test_closing_waits_for_the_line(tmp_path: Path) -> None:
    database = await open_database("sqlite:///x.db", tmp_path, make=True)
    await database.schema(upgrade)
    waiting = [asyncio.create_task(database.run(put(f"n{number}"))) for number in range(3 * TOGETHER)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*waiting) == [None] * len(waiting)
    with pytest.raises(ValueError, match="closed"):
        await database.run(put("late"))


async def test_units_that_come_at_once_are_done_one_after_another(database: Database) -> None:
    """Planted fault: with two writers, both read the same count."""

    def count(unit: Unit) -> None:
        unit.settings.put("n", str(int(unit.settings.get("n") or 0) + 1))

    await asyncio.gather(*(database.run(count) for _ in range(50)))
    assert await value(database, "n") == "50"


async def test_only_sqlite_files_are_opened(tmp_path: Path) -> None:
    for url in ("postgresql://host/x", "sqlite://"):
        with pytest.raises(ValueError, match="sqlite:///FILE"):
            await open_database(url, tmp_path)


async def test_the_writer_takes_the_lock_at_once(database: Database, tmp_path: Path) -> None:
    """Planted fault: a deferred BEGIN reads first and fails when it turns into a writer."""

    def locked(unit: Unit) -> bool:
        other = sqlite3.connect(tmp_path / "x.db", timeout=0)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        finally:
            other.close()
        return False

    assert await database.run(locked)


async def test_numbers_are_given_once_and_without_gaps(database: Database) -> None:
    def submit(unit: Unit) -> str:
        return unit.cases.add(submitted().born(), 2026, NOW, None).number

    def submit_and_fail(unit: Unit) -> None:
        submit(unit)
        raise LookupError("planted")

    numbers = await asyncio.gather(*(database.run(submit) for _ in range(20)))
    with pytest.raises(LookupError):
        await database.run(submit_and_fail)
    numbers += [await database.run(submit)]
    assert sorted(numbers) == [f"26-{n:04d}" for n in range(1, 22)]
    assert await database.run(lambda unit: unit.cases.add(submitted().born(), 2027, NOW, None).number) == "27-0001"


async def test_a_case_comes_back_as_it_was_stored(database: Database) -> None:
    stored = await database.run(lambda unit: unit.cases.add(submitted().born(), 2026, NOW, None))
    assert await database.read(lambda unit: unit.cases.get(stored.id)) == stored
    assert await database.read(lambda unit: unit.cases.by_number("26-0001")) == stored
    for nonsense in ("", "26", "26-", "x-1", "26-99999999999999", "²6-1"):
        assert await database.read(lambda unit, text=nonsense: unit.cases.by_number(text)) is None  # type: ignore[misc]


async def test_the_file_is_for_its_owner_only(database: Database, tmp_path: Path) -> None:
    await database.run(lambda unit: unit.people.add(ChatId(1), "王芳", "zh", NOW))
    for name in ("x.db", "x.db-wal", "x.db-shm"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


async def test_the_disk_is_told_to_be_sure(database: Database) -> None:
    settings = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    for name, wanted in settings.items():
        found = await database.schema(lambda c, n=name: c.exec_driver_sql(f"PRAGMA {n}").scalar())  # type: ignore[misc]
        assert found == wanted


def test_aiosqlite_still_has_what_we_rely_on() -> None:
    """``storage/database.py`` queues whole units of work on aiosqlite's thread, and shares its connection."""
    assert asyncio.iscoroutinefunction(aiosqlite.Connection._execute)
    assert isinstance(vars(aiosqlite.Connection)["_conn"], property)
    assert issubclass(OneWriter, aiosqlite.Connection)
