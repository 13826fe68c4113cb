"""The right database or none: whatever lies in its place is told in one sentence and exit code 2, and nothing is made.

Each damage meets each command. ``doctor`` tells the same as a finding, and ends with 1.
"""

import asyncio
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import opening
from bot.config import ConfigError, load
from bot.config_example import render_example, write_config
from simulator.server import build, serving
from simulator.world import World
from storage import file
from storage.database import open_database
from tests.postgres import Server
from tests.stage import TOKEN
from tests.test_commands import ANY_YEAR, Call, call, config, made  # noqa: F401 - fixtures
from tests.test_web import MODE

NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:9/none"
KNOWN = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, **ANY_YEAR}

COMMANDS = {
    "run": ("run",),
    "invite": ("invite", "--role", "member", "--name", "李建国"),
    "digest": ("digest",),
    "migrate": ("migrate",),
    "backup": ("backup",),
    "outbox show": ("outbox", "show"),
    "outbox retry": ("outbox", "retry", "--all"),
    "quarantine show": ("quarantine", "show"),
    "quarantine retry": ("quarantine", "retry", "AB12"),
    "quarantine drop": ("quarantine", "drop", "AB12"),
    "move": ("move", "--to", NOWHERE),
    "adopt": ("adopt", "--from", "1"),
}


# -- a file


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to the file, and words of the sentence that follows: what there is, and what helps."""

    do: Callable[[Path], object]
    words: tuple[str, str]


def put(path: Path, content: bytes) -> None:
    """Something else in its place, and no log."""
    path.write_bytes(content)


def sql(path: Path, *statements: str) -> None:
    """Statements on the file, which is whole again afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def overwrite(path: Path, start: int, content: bytes) -> None:
    """Bytes in the middle of it."""
    with path.open("r+b") as found:
        found.seek(start)
        found.write(content)


def a_folder(path: Path) -> None:
    """A folder of that name."""
    path.unlink()
    path.mkdir()


def another_programs(path: Path) -> None:
    """A database of a program that has its versions from Alembic, too."""
    path.unlink()
    sql(path, "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('0001')")
    sql(path, "CREATE TABLE songs (name)")


def cut(path: Path) -> None:
    """Half of it."""
    os.truncate(path, path.stat().st_size // 2)


def killed(path: Path) -> None:
    """As a kill leaves it: what was written last is in the log only."""
    beside = path.with_name("copied")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT OR REPLACE INTO settings VALUES ('later', '1')")
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{beside}{ending}")
    for ending in ("", "-wal"):
        Path(f"{beside}{ending}").replace(f"{path}{ending}")


def cut_with_a_log(path: Path) -> None:
    """Killed, and then cut: the page that is missing is not in the log either."""
    killed(path)
    os.truncate(path, path.stat().st_size - 4096)


def emptied_with_a_log(path: Path) -> None:
    """SQLite would throw away the log of a file that is empty."""
    killed(path)
    os.truncate(path, 0)


def with_a_false_log(path: Path) -> None:
    """Bytes of something else where the log was."""
    killed(path)
    overwrite(path.with_name(path.name + "-wal"), 0, b"no log at all")


MAKE, RESTORE = "python -m bot init --database --config", "python -m bot restore FILE --config"
DAMAGES = {
    "missing": Damage(Path.unlink, ("does not exist", MAKE)),
    "empty": Damage(lambda path: put(path, b""), ("has 0 bytes", MAKE)),
    "without tables": Damage(lambda path: (path.unlink(), sql(path, "VACUUM")), ("it has no tables", MAKE)),
    "a folder": Damage(a_folder, ("is a folder", "storage.url")),
    "another program's": Damage(another_programs, ("another program's", "set storage.url")),
    "newer": Damage(
        lambda path: sql(path, "UPDATE alembic_version SET version_num = '9999'"), ("version 9999", "make upgrade")
    ),
    "of no version": Damage(lambda path: sql(path, "DELETE FROM alembic_version"), ("of which version", RESTORE)),
    "of two versions": Damage(
        lambda path: sql(path, "INSERT INTO alembic_version VALUES ('0001')"), ("of which version", RESTORE)
    ),
    "without a version": Damage(lambda path: sql(path, "DROP TABLE alembic_version"), ("is missing", RESTORE)),
    "without a table": Damage(lambda path: sql(path, "DROP TABLE relays"), ("the table relays is missing", RESTORE)),
    "without a column": Damage(
        lambda path: sql(path, "ALTER TABLE calls DROP COLUMN reminded"), ("column calls.reminded is missing", RESTORE)
    ),
    "no database": Damage(lambda path: put(path, b"no database at all " * 5000), ("does not begin as", RESTORE)),
    "head overwritten": Damage(lambda path: overwrite(path, 0, bytes(64)), ("does not begin as", RESTORE)),
    "schema overwritten": Damage(lambda path: overwrite(path, 100, b"\xff" * 900), ("is damaged", RESTORE)),
    "cut in half": Damage(cut, ("is damaged", RESTORE)),
    "cut off after a kill": Damage(cut_with_a_log, ("is cut off", RESTORE)),
    "emptied, with a log": Damage(emptied_with_a_log, ("its log beside it is not", RESTORE)),
    "with a false log": Damage(with_a_false_log, ("its log, does not begin", RESTORE)),
}


@pytest.fixture
def path(config: Path) -> Path:  # noqa: F811
    """The database of that configuration."""
    return config.parent / "yixian.db"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file there, lock and logs too. The index of a log is SQLite's own scratch paper."""
    found = (one for one in folder.rglob("*") if one.is_file() and not one.name.endswith("-shm"))
    return {str(one.relative_to(folder)): one.read_bytes() for one in found}


EACH_WAY = ("run", "migrate", "backup", "outbox show")
"""Commands that come to the database each in a way of its own; the others share theirs."""
EACH_PLACE = ("missing", "empty", "a folder", "newer", "cut in half")


@pytest.mark.parametrize(
    ("damage", "command"),
    [(damage, command) for damage in DAMAGES for command in COMMANDS if damage in EACH_PLACE or command in EACH_WAY],
)
def test_a_file_that_is_not_the_right_one(config: Path, path: Path, call: Call, damage: str, command: str) -> None:  # noqa: F811
    """Planted faults: touch the file before it is opened; take the lock before it is looked at."""
    DAMAGES[damage].do(path)
    before = contents(config.parent)
    ran = call(*COMMANDS[command], "--config", str(config), **KNOWN)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.err
    assert ran.err.startswith("storage.url is sqlite:///yixian.db, and that database is ") or damage == "newer"
    for words in DAMAGES[damage].words:
        assert words in ran.err
    assert contents(config.parent) == before


@pytest.mark.parametrize("deep", [(), ("--deep",)], ids=["", "deep"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_doctor_says_what_is_wrong_with_the_file(
    config: Path,  # noqa: F811
    path: Path,
    call: Call,  # noqa: F811
    damage: str,
    deep: tuple[str, ...],
) -> None:
    """And looks at everything else. Planted fault: open what is damaged for work."""
    DAMAGES[damage].do(path)
    before = contents(config.parent)
    ran = call("doctor", *deep, "--config", str(config), **ANY_YEAR)
    assert (ran.code, ran.err) == (1, "")
    subject = "migrations" if damage == "newer" else "database"
    line = next(line for line in ran.out.splitlines() if line.startswith(f"✗ {subject}: "))
    for words in DAMAGES[damage].words:
        assert words in line
    assert "backup:" in ran.out
    assert "token:" in ran.out
    assert contents(config.parent) == before


def test_a_backup_is_put_into_the_place_of_each(config: Path, path: Path, call: Call, tmp_path: Path) -> None:  # noqa: F811
    """What the sentences recommend works, whatever is there; a log that was left is put aside with it."""
    shutil.copy(path, tmp_path / "good.db")
    for name, damage in DAMAGES.items():
        shutil.copy(tmp_path / "good.db", path)
        damage.do(path)
        ran = call("restore", str(tmp_path / "good.db"), "--config", str(config), **KNOWN)
        if name == "a folder":
            assert (ran.code, ran.err.count("\n")) == (2, 1)
            path.rmdir()
            continue
        assert (ran.code, ran.err) == (0, ""), name
        assert not list(config.parent.glob("yixian.db-*")), name
        assert call("migrate", "--config", str(config), **KNOWN).code == 0, name
        for aside in config.parent.glob("yixian.db.before-*"):
            aside.unlink()


def test_after_a_kill_everything_is_right(config: Path, path: Path, call: Call) -> None:  # noqa: F811
    """Its pages are in the log. Planted fault: count the file's pages only, or open it as if it had no log."""
    whole = path.stat().st_size
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute("CREATE TABLE more AS SELECT randomblob(100000) AS more")
        shutil.copy(path, path.with_name("a"))
        shutil.copy(f"{path}-wal", path.with_name("b"))
    path.with_name("a").replace(path)
    path.with_name("b").replace(f"{path}-wal")
    assert path.stat().st_size == whole
    assert call("doctor", "--config", str(config), **ANY_YEAR).code == 0
    assert call("digest", "--config", str(config), **KNOWN).code == 0
    assert path.stat().st_size > whole, "now it is in the file"


def test_a_file_that_grows_while_it_is_looked_at_is_whole(
    config: Path,  # noqa: F811
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bot at work brings its log into the file and begins it anew. Planted fault: the file's length of before."""
    looked, before = file.refuse_headless, path.stat().st_size
    with closing(sqlite3.connect(path, isolation_level=None)) as bot:
        bot.execute("CREATE TABLE more (more)")

        def meanwhile(*arguments: Any) -> None:
            looked(*arguments)
            bot.execute("INSERT INTO more VALUES (randomblob(100000))")
            bot.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        monkeypatch.setattr(file, "refuse_headless", meanwhile)
        file.look(path, whole=True)
        assert path.stat().st_size > before + 100_000


def test_a_page_overwritten_in_the_middle_is_noticed_at_the_start(config: Path, path: Path, call: Call) -> None:  # noqa: F811
    """Planted fault: ``whole`` is not asked for by ``run``."""
    overwrite(path, root_of(path, "cases"), bytes([7]) * 4096)
    for command in ("run", "backup"):
        ran = call(*COMMANDS[command], "--config", str(config), **KNOWN)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert "damaged" in ran.err
    ran = call("doctor", "--deep", "--config", str(config), **ANY_YEAR)
    assert ran.code == 1
    assert "✗ database: storage.url is sqlite:///yixian.db, and it is damaged" in ran.out
    assert "✗ pages: " in ran.out


def root_of(path: Path, name: str) -> int:
    """Where the first page of a table or an index begins."""
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [name]).fetchone()[0]
    return int(page - 1) * 4096


async def test_what_is_found_only_later_ends_in_a_sentence_too(
    config: Path,  # noqa: F811
    path: Path,
    call: Call,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in a file that is too large to be looked through. Planted fault: no ``told`` around a command."""
    monkeypatch.setattr(file, "LOOKED_THROUGH", 0)
    overwrite(path, root_of(path, "sqlite_autoindex_people_1"), bytes([7]) * 4096)
    async with serving(build(World(token=TOKEN), page=None)) as address:
        where = {**KNOWN, "YIXIAN_TELEGRAM__BASE_URL": address, "YIXIAN_LOGS__LEVEL": "error"}
        ran = await asyncio.to_thread(call, "run", "--config", str(config), **where)
    assert (ran.code, ran.err.count("\n")) == (2, 1), ran.err
    assert "is damaged (SQLITE_CORRUPT" in ran.err
    assert RESTORE in ran.err


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///yixian.db?mode=ro"])
def test_an_address_that_names_no_file(config: Path, call: Call, url: str) -> None:  # noqa: F811
    before = contents(config.parent)
    for command in ("run", "digest", "migrate", "outbox show"):
        ran = call(*COMMANDS[command], "--config", str(config), **KNOWN, YIXIAN_STORAGE__URL=url)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "it must be sqlite:///FILE" in ran.err
    assert contents(config.parent) == before
    assert call("doctor", "--config", str(config), **ANY_YEAR, YIXIAN_STORAGE__URL=url).code == 1


# -- whoever may not read or write


@pytest.fixture
def somebody(config: Path) -> Iterator[Path]:  # noqa: F811
    """The configuration of somebody who is not root; root may do everything."""
    import importlib.readers  # noqa: F401 - of a Python that may be root's alone

    if os.geteuid():
        yield config
        return
    number = 65534
    for place in (config.parent, *config.parent.rglob("*")):
        os.chown(place, number, number)
    for folder in config.parent.parents:
        if folder.stat().st_mode & 0o007 != 0o007 and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    os.seteuid(number)
    try:
        yield config
    finally:
        os.seteuid(0)


CLOSED = {
    "the file cannot be read": ("yixian.db", 0o000),
    "the file cannot be written": ("yixian.db", 0o400),
    "the folder cannot be written": (".", 0o500),
}


@pytest.mark.parametrize("command", ["run", "digest", "migrate", "backup", "outbox show", "doctor"])
@pytest.mark.parametrize("closed", CLOSED)
def test_a_file_that_is_closed_to_us(somebody: Path, call: Call, closed: str, command: str) -> None:  # noqa: F811
    """Planted fault: ``os.access`` with the real user instead of the effective one."""
    before = contents(somebody.parent)
    name, mode = CLOSED[closed]
    place = somebody.parent / name
    usual = place.stat().st_mode
    place.chmod(mode)
    try:
        ran = call(*COMMANDS.get(command, (command,)), "--config", str(somebody), **KNOWN, **OFFLINE)
    finally:
        place.chmod(usual)
    said = ran.out if command == "doctor" else ran.err
    assert ran.code == (1 if command == "doctor" else 2), ran.err
    assert "is closed to us" in said
    assert "chown" in said
    assert contents(somebody.parent) == before


OFFLINE = {"YIXIAN_TELEGRAM__BASE_URL": "http://127.0.0.1:9"}


# -- PostgreSQL


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What a database on a server is made of, what is done to it, and words of the sentence."""

    template: str
    do: tuple[str, ...]
    words: tuple[str, str]


TEMPLATE = "yixian_template"
PG_RESTORE = "pg_restore"
ELSEWHERE = {
    "empty": Elsewhere("template0", (), ("it has no tables", "init --database")),
    "another program's": Elsewhere(
        "template0", ("CREATE TABLE songs (name text)",), ("another program's", "storage.url")
    ),
    "newer": Elsewhere(
        TEMPLATE, ("UPDATE alembic_version SET version_num = '9999'",), ("version 9999", "make upgrade")
    ),
    "of no version": Elsewhere(TEMPLATE, ("DELETE FROM alembic_version",), ("of which version", PG_RESTORE)),
    "without a table": Elsewhere(TEMPLATE, ("DROP TABLE relays",), ("relays is missing", PG_RESTORE)),
    "without a column": Elsewhere(
        TEMPLATE, ("ALTER TABLE calls DROP reminded",), ("calls.reminded is missing", PG_RESTORE)
    ),
}
SHARED = [name for name in COMMANDS if name not in ("backup", "move")]


def statements(postgres: Server, url: str, do: tuple[str, ...]) -> None:
    """What is done to it."""
    with postgres.at(url) as connection:
        for statement in do:
            connection.execute(statement.encode())


@pytest.mark.parametrize("damage", ELSEWHERE)
def test_a_server_without_the_right_one(config: Path, call: Call, postgres: Server, damage: str) -> None:  # noqa: F811
    """Every command, and ``doctor``. Planted fault: bring up whatever is there."""
    found = ELSEWHERE[damage]
    with postgres.database(found.template) as url:
        statements(postgres, url, found.do)
        before = tables(postgres, url)
        there = {**KNOWN, "YIXIAN_STORAGE__URL": url}
        workers = {**MODE, **there, "YIXIAN_WEBHOOK__URL": "https://bot.example.org"}
        several = ("run", "--workers", "2", "--config", str(config))
        for ran in (
            *(call(*COMMANDS[name], "--config", str(config), **there) for name in SHARED),
            call(*several, **workers),
        ):
            assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.err
            assert all(words in ran.err for words in found.words), ran.err
        seen = call("doctor", "--offline", "--config", str(config), **there)
        assert (seen.code, seen.err) == (1, "")
        assert all(words in seen.out for words in found.words)
        assert tables(postgres, url) == before


def tables(postgres: Server, url: str) -> list[str]:
    """What is there."""
    with postgres.at(url) as connection:
        return [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


@pytest.mark.parametrize(
    ("url", "words"),
    [(NOWHERE, "nobody listens there"), ("postgresql+psycopg://me:geheim@nowhere.invalid/x", "no such host is known")],
)
def test_a_server_that_is_away(config: Path, call: Call, url: str, words: str) -> None:  # noqa: F811
    """It may be there the next time: systemd tries again after 1. Planted fault: a plain ``ConfigError``."""
    there = {**KNOWN, "YIXIAN_STORAGE__URL": url}
    ran = call("digest", "--config", str(config), **there)
    seen = call("doctor", "--offline", "--config", str(config), **there)
    assert (ran.code, ran.err.count("\n"), seen.code, seen.err) == (1, 1, 1, "")
    for said in (ran.err, seen.out):
        assert words in said
        assert "geheim" not in said


@pytest.mark.parametrize("unknown", ["database", "username"])
def test_a_server_that_knows_no_such_database_or_user(
    config: Path,  # noqa: F811
    call: Call,  # noqa: F811
    postgres: Server,
    unknown: str,
) -> None:
    """It will not know it the next time either. Planted fault: whatever a server says passes."""
    url = postgres.url("postgres").set(**{unknown: "nobody_knows"}).render_as_string(hide_password=False)
    ran = call("run", "--config", str(config), **KNOWN, YIXIAN_STORAGE__URL=url)
    assert (ran.code, ran.err.count("\n")) == (2, 1), ran.err
    assert "knows no such database, or no such user" in ran.err


@pytest.mark.parametrize(
    ("said", "words", "stays"),
    [
        ('FATAL:  password authentication failed for user "yixian"', "refuses the user or the password", True),
        ("fe_sendauth: no password supplied", "wants a password", True),
        ("FATAL:  the database system is starting up", "it is starting", False),
        ("FATAL:  sorry, too many clients already", "no connection left", False),
    ],
)
def test_what_a_server_refuses_and_what_passes(said: str, words: str, stays: bool) -> None:
    """The servers of the tests trust everybody, so by the words that libpq has for it."""
    from sqlalchemy.exc import OperationalError

    from storage.postgresql import refusal, refused

    error = OperationalError("", {}, psycopg.OperationalError(f"connection failed: {said}"))
    assert words in refusal(error)
    assert refused(error) is stays


# -- made by who is asked to


def made_anew(config: Path, call: Call, **more: str) -> None:  # noqa: F811
    """``init --database``, and what it refuses."""
    first = call("init", "--database", "--config", str(config), **KNOWN, **more)
    assert (first.code, first.err) == (0, "")
    settings = load(config, {**KNOWN, **more})

    async def looked_at() -> tuple[list[int], str]:
        database = await open_database(settings.database_url, settings.home)
        try:
            staff = await database.read(lambda unit: [int(person.chat) for person in unit.people.staff()])
            return staff, str(await database.read(lambda unit: unit.owner.found()))
        finally:
            await database.close()

    assert asyncio.run(looked_at()) == ([3001], "bot 4200001"), "the coordinators of the file, and the token's bot"
    again = call("init", "--database", "--config", str(config), **KNOWN, **more)
    assert (again.code, again.out, again.err.count("\n")) == (2, "", 1)
    assert "is there already" in again.err


@pytest.mark.parametrize("damage", ["missing", "empty", "without tables"])
def test_init_makes_the_database_of_a_configuration(config: Path, path: Path, call: Call, damage: str) -> None:  # noqa: F811
    DAMAGES[damage].do(path)
    made_anew(config, call)
    assert path.stat().st_mode & 0o777 == 0o600 or damage != "missing"


def test_init_makes_it_on_a_server(config: Path, call: Call, postgres: Server) -> None:  # noqa: F811
    with postgres.database("template0") as url:
        made_anew(config, call, YIXIAN_STORAGE__URL=url)


@pytest.mark.parametrize("damage", sorted({*DAMAGES} - {"missing", "empty", "without tables"}))
def test_init_leaves_alone_what_is_there(config: Path, path: Path, call: Call, damage: str) -> None:  # noqa: F811
    """Planted fault: take what cannot be read for nothing."""
    DAMAGES[damage].do(path)
    before = contents(config.parent)
    ran = call("init", "--database", "--config", str(config), **KNOWN)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert contents(config.parent) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["init"], "--dir is missing"),
        (["init", "--dir", "{}/new"], "--coordinator is 0"),
        (["init", "--database", "--config", "{}/none.toml"], "no such file"),
        (["init", "--database", "--config", "{}/config.toml", "--dir", "{}/new"], "--database takes --config only"),
        (["init", "--database", "--config", "{}/config.toml", "--coordinator", "5"], "roster.coordinators"),
    ],
)
def test_what_init_is_told_goes_together(config: Path, call: Call, arguments: list[str], words: str) -> None:  # noqa: F811
    before = contents(config.parent)
    ran = call(*(argument.format(config.parent) for argument in arguments), **KNOWN)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.err
    assert words in ran.err
    assert contents(config.parent) == before


def test_where_init_cannot_make_the_database_it_writes_no_configuration(tmp_path: Path, call: Call) -> None:  # noqa: F811
    """Or a second try would be refused. Planted fault: leave config.toml there."""
    there = {"YIXIAN_STORAGE__URL": f"sqlite:///{tmp_path}/not/mounted/yixian.db"}
    ran = call("init", "--dir", str(tmp_path / "new"), "--coordinator", "3001", **there)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "make it, or mount it" in ran.err
    assert contents(tmp_path) == {}
    assert call("init", "--dir", str(tmp_path / "new"), "--coordinator", "3001").code == 0


def test_nothing_is_left_of_a_database_that_could_not_be_made_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: leave the file."""
    settings = load(write_config(tmp_path, render_example()), {})

    def fails(*_: object) -> bool:
        raise ConfigError("the disk is full.")

    monkeypatch.setattr("storage.schema.begin", fails)
    with pytest.raises(ConfigError):
        asyncio.run(opening.make_storage(settings))
    assert sorted(contents(tmp_path)) == ["config.toml"]


def names(path: Path) -> list[str]:
    """The tables of a file; raises where there is none."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


async def whole(folder: Path) -> Path:
    """Another bot's database."""
    folder.mkdir()
    await (await opening.make_storage(load(write_config(folder, render_example()), {}))).close()
    return folder / "yixian.db"


async def another_init(path: Path) -> None:
    """A second ``init`` was quicker."""
    await (await opening.make_storage(load(path.with_name("config.toml"), {}))).close()


async def a_mounted_disk(path: Path) -> None:
    """There is a bot's database on it."""
    (await whole(path.parent / "disk")).replace(path)


async def another_disk(path: Path) -> None:
    """There is another program's database on it."""
    sql(path.with_name("songs"), "CREATE TABLE songs (name)")
    path.with_name("songs").replace(path)


@pytest.mark.parametrize("appear", [another_init, a_mounted_disk, another_disk])
async def test_a_database_that_appears_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, appear: Callable[[Path], Coroutine[None, None, None]]
) -> None:
    """Between the look and the connection. Planted fault: remove what was not there at the look."""
    settings = load(write_config(tmp_path, render_example()), {})
    path, connect, there = tmp_path / "yixian.db", opening.connected, list[str]()

    async def late(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(opening, "connected", connect)
        await appear(path)
        there.extend(names(path))
        return await connect(*arguments, **more)

    monkeypatch.setattr(opening, "connected", late)
    with pytest.raises(ConfigError, match=r"is there already|another program's"):
        await opening.make_storage(settings)
    assert there
    assert names(path) == there


async def test_a_file_that_has_gone_does_not_come_back_empty(tmp_path: Path) -> None:
    """While the bot runs. Planted fault: ``touch`` in ``connect``."""
    database = await open_database("sqlite:///x.db", tmp_path, make=True)
    try:
        (tmp_path / "x.db").unlink()
        with pytest.raises(Exception, match="unable to open database file"):
            await database.read(lambda unit: unit.settings.get("x"))
        assert not (tmp_path / "x.db").exists()
    finally:
        await database.close()


def test_what_cannot_be_opened_leaves_no_thread_behind(tmp_path: Path) -> None:
    """It would complain, with a traceback, of an event loop that is closed. Planted fault: do not wait for it."""
    before = set(threading.enumerate())
    for _ in range(30):
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            asyncio.run(open_database("sqlite:///none.db", tmp_path))
    assert set(threading.enumerate()) <= before
    assert contents(tmp_path) == {}
