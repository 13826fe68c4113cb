"""``move``: every row arrives as it was, whole or not at all, and no bot starts on the old file again."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine

from bot.commands import move
from bot.config import ConfigError, Settings, load
from bot.config_example import render_example, write_config
from bot.opening import open_storage
from simulator.server import build, serving, until
from simulator.world import World
from storage import moving
from storage.database import open_database
from storage.tables import metadata
from tests.domain.lives import MONDAY
from tests.postgres import Server
from tests.stage import TOKEN
from tests.test_commands import receipts, run, running_bot
from tests.test_conversations import FOLDER, play


@pytest.fixture
def empty(postgres: Server) -> Iterator[str]:
    """The address of a database without any table."""
    with postgres.database("template0") as url:
        yield url


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration in a folder of its own."""
    (tmp_path / "bot").mkdir()
    return write_config(tmp_path / "bot", render_example())


@pytest.fixture
async def lived(tmp_path: Path, config: Path) -> Settings:
    """A file with the rows of a whole talk, and something in every other table."""
    await play(FOLDER / "main.chat", tmp_path, False)
    (tmp_path / "yixian.db").rename(config.parent / "yixian.db")
    with closing(sqlite3.connect(config.parent / "yixian.db")) as file:
        for table in metadata.tables:
            fill(file, table)
        file.commit()
    return load(config, {})


def fill(file: sqlite3.Connection, table: str) -> None:
    """A row, where the talk left none."""
    if file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]:  # noqa: S608 - our own tables
        return
    columns = [(name, kind) for _, name, kind, *_ in file.execute(f"PRAGMA table_info({table})")]
    values = [
        "2026-11-23" if kind == "DATE" else "路灯" if "CHAR" in kind or kind == "TEXT" else 1 for _, kind in columns
    ]
    file.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(values))})", values)  # noqa: S608


async def rows_at(url: str, folder: Path) -> int:
    """How many cases are there."""
    database = await open_database(url, folder)
    try:
        return sum((await database.read(lambda unit: unit.board.count_by_state())).values())
    finally:
        await database.close()


def tables_at(postgres: Server, url: str) -> int:
    """How many tables there are."""
    with postgres.at(url) as connection:
        return int(connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()[0])  # type: ignore[index]


async def test_every_row_arrives_and_numbers_go_on(lived: Settings, empty: str) -> None:
    """Planted faults: leave a table out, or do not set the numbering, and the next row has an id that is taken."""
    found = await move(lived, empty)
    assert found.keys() == metadata.tables.keys()
    with closing(sqlite3.connect(lived.database_file)) as file:
        counts = {name: file.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in found}  # noqa: S608
    assert {**found, "settings": found["settings"] + 1} == counts, "the mark is the file's only new row"
    assert min(found.values()) > 0
    database = await open_database(empty, Path())
    try:
        await database.run(lambda unit: unit.errands.add("set_menus", "{}", MONDAY, once="more"))
    finally:
        await database.close()


async def test_no_bot_starts_on_what_was_moved(lived: Settings, empty: str) -> None:
    """Planted fault: no ``refuse_moved``, and a bot that starts by itself writes to the file."""
    await move(lived, empty)
    with pytest.raises(ConfigError, match=r"everything was moved: set it to postgresql\+psycopg://"):
        await open_storage(lived)


async def test_a_target_that_is_not_empty_is_left_alone(lived: Settings, postgres: Server) -> None:
    with postgres.database() as url, pytest.raises(ConfigError, match="it is not empty"):
        await move(lived, url)


async def test_a_row_that_is_not_as_it_was_undoes_everything(lived: Settings, empty: str, postgres: Server) -> None:
    """Planted fault: ``compared`` compares keys only."""
    engine = create_engine(f"sqlite:///{lived.database_file}")

    def with_a_fault(target: Connection) -> int:
        with engine.connect() as source:
            moving.copy_all(source, target)
            target.exec_driver_sql("UPDATE cases SET text = text || '!' WHERE id = 1")
            return moving.compared(metadata.tables["cases"], source, target)

    with pytest.raises(moving.NotMoved, match="a row of cases is not as it was: id 1"):
        moving.at(empty, with_a_fault)
    engine.dispose()
    assert tables_at(postgres, empty) == 0


async def test_what_postgresql_refuses_undoes_everything(lived: Settings, empty: str, postgres: Server) -> None:
    """A NUL among the last table's words. Planted fault: commit after every table."""
    with closing(sqlite3.connect(lived.database_file)) as file:
        file.execute("UPDATE visits SET note = 'a' || char(0)")
        file.commit()
    with pytest.raises(ConfigError, match=r"PostgreSQL says no \(DataError\); nothing was changed"):
        await move(lived, empty)
    assert tables_at(postgres, empty) == 0


async def test_a_server_that_is_not_there_stops_nobody(lived: Settings) -> None:
    with pytest.raises(ConfigError, match=r"nothing was changed, and the bot can be started") as refusal:
        await move(lived, "postgresql+psycopg://me:geheim@127.0.0.1:9/none")
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize("url", ["sqlite:///other.db", "postgresql://h/d", "nonsense"])
async def test_only_postgresql_is_moved_to(lived: Settings, url: str) -> None:
    with pytest.raises(ConfigError, match="it must be postgresql"):
        await move(lived, url)


async def test_a_bot_that_runs_is_stopped_moved_and_goes_on(config: Path, empty: str) -> None:
    """Somebody speaks before, and somebody in the middle of it; nobody is lost, nobody told twice."""
    world = World(token=TOKEN)
    for number in (1001, 1002):
        world.person(number, f"居民{number}")
    async with serving(build(world, page=None)) as address:
        more = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, "YIXIAN_TELEGRAM__BASE_URL": address}
        assert (await run("init", "--database", "--config", str(config), **more)).code == 0
        async with running_bot(config, world, address) as process:
            world.say(1001, "城北社区的路灯坏了三天")
            await until(world, lambda: receipts(world, 1001), 20)
            done = await run("move", "--config", str(config), "--to", empty, **more)
            world.say(1002, "城北社区的井盖坏了三天")
            assert (done.code, "✓ cases: 1" in done.out) == (0, True)
            assert await asyncio.wait_for(process.wait(), 10) == 0
        refused = await run("run", "--config", str(config), **more)
        assert (refused.code, "everything was moved" in refused.err) == (2, True)
        async with running_bot(config, world, address, YIXIAN_STORAGE__URL=empty):
            await until(world, lambda: world.idle() and receipts(world, 1002), 30)
    assert [receipts(world, number) for number in (1001, 1002)] == [1, 1]
    assert await rows_at(empty, config.parent) == 2
