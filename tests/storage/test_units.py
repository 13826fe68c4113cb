"""A unit of work is whole or not at all, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import Database, open_database
from storage.schema import upgrade
from storage.tables import metadata
from storage.unit import Unit
from tests.domain.lives import submitted
from tests.postgres import Server

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Database]:
    """A database of the newest version."""
    database = await open_database(url, folder, make=True)
    try:
        await database.schema(upgrade)
        yield database
    finally:
        await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty one."""
    if request.param == "sqlite":
        async with opened("sqlite:///x.db", tmp_path) as found:
            yield found
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as url:
        async with opened(url, tmp_path) as found:
            yield found


async def value(database: Database, name: str) -> str | None:
    """What the settings say."""
    return await database.read(lambda unit: unit.settings.get(name))


def submit(unit: Unit) -> str:
    """A new case; its number."""
    return unit.cases.add(submitted().born(), 2026, NOW, None).number


async def test_what_is_done_is_there_afterwards(database: Database) -> None:
    await database.run(lambda unit: unit.settings.put("a", "1"))
    assert await value(database, "a") == "1"


async def test_a_unit_that_fails_leaves_nothing(database: Database) -> None:
    def fail(unit: Unit) -> None:
        unit.settings.put("a", "1")
        raise LookupError("planted")

    with pytest.raises(LookupError):
        await database.run(fail)
    assert await value(database, "a") is None


async def test_a_part_that_fails_is_undone_by_itself(database: Database) -> None:
    """On PostgreSQL a statement that fails spoils the transaction, but for the savepoint."""

    def half(unit: Unit) -> None:
        unit.settings.put("a", "1")
        with pytest.raises(Exception, match=r"(?i)null"):
            broken_half(unit)
        unit.settings.put("d", "1")

    await database.run(half)
    assert [await value(database, name) for name in "abcd"] == ["1", None, None, "1"]


def broken_half(unit: Unit) -> None:
    """A part that is undone."""
    with unit.savepoint():
        unit.settings.put("b", "1")
        unit.settings.put("c", None)  # type: ignore[arg-type]


async def test_a_caller_that_goes_away_does_not_undo_the_work(database: Database) -> None:
    started = asyncio.create_task(database.run(lambda unit: unit.settings.put("a", "1")))
    await asyncio.sleep(0)
    started.cancel()
    with pytest.raises(asyncio.CancelledError):
        await started
    async with asyncio.timeout(5):
        while await value(database, "a") is None:  # noqa: ASYNC110 - on PostgreSQL another thread does it
            await asyncio.sleep(0.001)


async def test_a_question_sees_one_moment(database: Database) -> None:
    """Planted fault: readers in READ COMMITTED, and the second look sees what was committed in between."""
    loop = asyncio.get_running_loop()
    await database.run(lambda unit: unit.settings.put("a", "1"))

    def look_twice(unit: Unit) -> tuple[str | None, str | None]:
        first = unit.settings.get("a")
        change = database.run(lambda writing: writing.settings.put("a", "2"))
        asyncio.run_coroutine_threadsafe(change, loop).result(5)
        return first, unit.settings.get("a")

    assert await database.read(look_twice) == ("1", "1")
    assert await value(database, "a") == "2"


async def test_a_question_that_fails_does_not_hold_its_connection(database: Database) -> None:
    for _ in range(4):
        with pytest.raises(ZeroDivisionError):
            await database.read(lambda unit: 1 // 0)
    assert await asyncio.gather(*(value(database, "a") for _ in range(4))) == [None] * 4


async def test_questions_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        await database.read(lambda unit: unit.settings.put("a", "1"))


async def test_a_question_reads_a_case_that_is_being_changed(database: Database) -> None:
    """Planted fault: questions lock what they read, and are refused by PostgreSQL."""
    case = await database.run(lambda unit: unit.cases.add(submitted().born(), 2026, NOW, None))
    assert await database.read(lambda unit: unit.cases.get(case.id)) == case
    assert await database.read(lambda unit: unit.cases.by_number("26-0001")) == case


async def test_a_case_is_not_saved_unread(database: Database) -> None:
    """Planted fault: no look at what was locked in ``Cases.save``."""
    case = await database.run(lambda unit: unit.cases.add(submitted().born(), 2026, NOW, None))
    with pytest.raises(LookupError, match="without having been read"):
        await database.run(lambda unit: unit.cases.save(case, NOW, None))


async def test_numbers_are_given_once_and_without_gaps(database: Database) -> None:
    """Planted fault: no lock on the year's numbers, and two cases are given the same one."""

    def submit_and_fail(unit: Unit) -> None:
        submit(unit)
        raise LookupError("planted")

    numbers = await asyncio.gather(*(database.run(submit) for _ in range(20)))
    with pytest.raises(LookupError):
        await database.run(submit_and_fail)
    numbers += [await database.run(submit)]
    assert sorted(numbers) == [f"26-{n:04d}" for n in range(1, 22)]


async def test_an_upgrade_that_fails_leaves_nothing(postgres: Server, tmp_path: Path) -> None:
    """PostgreSQL undoes changes of tables as well. (SQLite's are tested in ``test_schema.py``.)"""
    with postgres.database("template0") as url:
        database = await open_database(url, tmp_path, make=True)
        try:
            with pytest.raises(RuntimeError):
                await database.schema(broken)
            assert tables_of(postgres, url) == 0
            await database.schema(upgrade)
            assert tables_of(postgres, url) == len(metadata.tables) + 1
        finally:
            await database.close()


def broken(connection: object) -> None:
    """An upgrade that fails at its end."""
    upgrade(connection)  # type: ignore[arg-type]
    raise RuntimeError("planted")


def tables_of(postgres: Server, url: str) -> int:
    """How many tables there are."""
    with postgres.at(url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    return int(found[0]) if found else 0
