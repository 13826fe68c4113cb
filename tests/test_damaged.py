"""``doctor``, ``backup`` and ``restore --verify`` on what they are there to diagnose: findings and sentences.

Files are damaged at many places, by a seed; rows hold what nobody wrote into them.
"""

import asyncio
import json
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import opening, restoring
from bot.config import ConfigError, Settings, load
from bot.config_example import EXAMPLE
from bot.control import listening, only_one, socket_path
from bot.diagnosis import doctor
from bot.findings import Finding, Level, surely
from domain.people import Role
from storage.backup import BadCopy, back_up
from storage.database import Unavailable, open_database
from tests.postgres import Server
from tests.stage import TOKEN, Role_, stage
from tests.test_commands import ANY_YEAR, Call, call, config, made  # noqa: F401 - fixtures
from tests.test_right_database import sql, statements

VARIANTS = 40
PAGE = 4096


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with rows in most tables, once for all who damage a copy."""
    folder = tmp_path_factory.mktemp("lived")

    async def live() -> None:
        async with stage(folder) as town:
            await town.join(Role_("王芳", Role.RESIDENT))
            await town.join(Role_("陈静", Role.COORDINATOR))
            for words in ("路灯坏了三天", "井盖坏了", "楼道里堆满了东西"):
                town.world.say(1001, words)
                await town.settle()
                town.world.press(1001, "马上发出") if words.startswith("路") else None
                await town.settle()
            await town.app.database.run(lambda unit: [unit.settings.put(f"ballast{n}", "字" * 2000) for n in range(40)])

    asyncio.run(live())
    return folder / "yixian.db"


@pytest.fixture
def settings(lived: Path, tmp_path: Path) -> Settings:
    """Those of a bot on a copy of it."""
    (tmp_path / "bot").mkdir()
    shutil.copy(lived, tmp_path / "bot" / "yixian.db")
    return settings_in(tmp_path / "bot")


def settings_in(folder: Path, **more: str) -> Settings:
    """The example's, in that folder."""
    where = {"YIXIAN_STORAGE__URL": f"sqlite:///{folder / 'yixian.db'}", "YIXIAN_STORAGE__FOLDER": str(folder)}
    return load(EXAMPLE, {**where, **ANY_YEAR, **more})


def bad(findings: list[Finding]) -> dict[str, str]:
    """What must be mended."""
    return {finding.subject: finding.text for finding in findings if finding.bad}


def damaged(content: bytes, seed: int) -> bytes:
    """Pages set to zero, to noise, with single bits turned, or cut off."""
    chance = random.Random(seed)
    pages, found = len(content) // PAGE, bytearray(content)
    match seed % 4:
        case 0:
            for _ in range(chance.randint(1, 5)):
                start = chance.randrange(pages) * PAGE
                found[start : start + PAGE] = bytes(PAGE)
        case 1:
            start = chance.randrange(len(found) - PAGE)
            found[start : start + PAGE] = chance.randbytes(PAGE)
        case 2:
            for _ in range(chance.randint(20, 2000)):
                found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
        case _:
            del found[chance.randrange(1, len(found)) :]
    return bytes(found)


@pytest.mark.parametrize("seed", range(VARIANTS))
async def test_a_damaged_file_is_diagnosed(settings: Settings, seed: int, tmp_path: Path) -> None:
    """Planted faults: let ``DatabaseError`` out of ``check``, or out of a subject of ``doctor``."""
    path = settings.database_file
    assert path is not None
    content = damaged(path.read_bytes(), seed)
    path.write_bytes(content)
    found = bad(await doctor(settings, deep=True, offline=True))
    assert path.read_bytes() == content, "nothing is changed"
    assert not list(path.parent.glob("yixian.db-*"))
    refused = refusal(lambda: back_up(path, tmp_path / "copy.db"))
    assert bool(refused) <= bool(found), "doctor finds what a backup is refused for"
    assert "\n" not in refusal(lambda: restoring.verify(path))
    noticed = refusal(lambda: opening.refuse_unusable(settings, whole=True))
    assert "\n" not in noticed
    if not noticed:
        await (await opening.open_storage(settings)).close()


def refusal(work: Callable[[], object]) -> str:
    """The sentence with which it is refused; empty where it is not."""
    try:
        work()
    except (BadCopy, ConfigError) as error:
        return str(error)
    return ""


ROWS = {
    "UPDATE cases SET state = 'nonsense'": "journal",
    "UPDATE cases SET since = 'yesterday'": "journal rows",
    "UPDATE cases SET text = CAST(x'ff' AS TEXT)": "journal",
    "UPDATE cases SET handling = 7, urgent = 'x'": "journal rows",
    "UPDATE journal SET data = '{'": "journal",
    "UPDATE journal SET data = '[]'": "journal",
    "UPDATE journal SET kind = 'Unheard'": "journal",
    "DELETE FROM journal": "journal",
    "UPDATE people SET roles = 'king'": "people",
    "UPDATE outbox SET state = 'pending', not_before = 9e15, fields = '{'": "words",
    "UPDATE outbox SET state = 'pending', not_before = 9e15, kind = 'Unheard'": "words",
    "UPDATE outbox SET state = 'pending', not_before = 9e15, lane = 99": "words",
    "UPDATE outbox SET state = 'pending', not_before = 'soon', created_at = 'soon'": "rows",
    "INSERT INTO settings VALUES ('backup:failed', '{')": "backup",
    "INSERT INTO settings VALUES ('watch:disk', '[1]')": "alarms",
    "INSERT INTO settings VALUES ('alarm:dead', 'x')": "alarms",
    "INSERT OR REPLACE INTO settings VALUES ('bot_id', 'nobody')": "owner",
    "INSERT INTO quarantine VALUES (1, 'AB12', 5, '{}', 'ValueError', 'never')": "quarantine rows",
    "DROP INDEX ix_cases_next_at": "",
}


@pytest.mark.parametrize("statement", ROWS)
async def test_a_row_that_cannot_be_read_is_a_finding(settings: Settings, statement: str) -> None:
    """And the other subjects are looked at all the same. Planted fault: one snapshot for all of them."""
    path = settings.database_file
    assert path is not None
    sql(path, statement)
    found = await doctor(settings, deep=True, offline=True)
    assert set(bad(found)) == set(ROWS[statement].split()), bad(found)
    assert all("keep a " in text for text in bad(found).values())
    assert {"migrations", "owner", "file", "bot", "calendar"} <= {finding.subject for finding in found}


@pytest.mark.parametrize("statement", [name for name, subject in ROWS.items() if "journal" in subject])
def test_a_copy_with_such_a_row_is_refused_in_a_sentence(settings: Settings, statement: str, tmp_path: Path) -> None:
    path = settings.database_file
    assert path is not None
    sql(path, statement)
    with pytest.raises(BadCopy, match=r"is not what its journal tells|cannot be read"):
        back_up(path, tmp_path / "copy.db")
    with pytest.raises(ConfigError, match="must not be restored"):
        restoring.verify(path)


def test_a_row_that_cannot_be_read_on_a_server(config: Path, call: Call, postgres: Server) -> None:  # noqa: F811
    """Each subject has a transaction of its own there, too."""
    with postgres.database() as url:
        statements(postgres, url, ("INSERT INTO settings VALUES ('backup:failed', '{')",))
        ran = call("doctor", "--offline", "--config", str(config), **ANY_YEAR, YIXIAN_STORAGE__URL=url)
    assert (ran.code, ran.err) == (1, "")
    assert "✗ backup: a row cannot be read (JSONDecodeError at " in ran.out
    assert "✓ cases" in ran.out


# -- around the database


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """The data folder is another one than the database's."""
    return tmp_path / "data"


def elsewhere(settings: Settings, folder: Path, **more: str) -> Settings:
    """Those settings with that data folder."""
    url = settings.storage.url
    return load(EXAMPLE, {"YIXIAN_STORAGE__URL": url, "YIXIAN_STORAGE__FOLDER": str(folder), **ANY_YEAR, **more})


async def test_a_data_folder_that_is_missing_or_none(settings: Settings, folder: Path) -> None:
    """Planted fault: ``os.stat`` of whatever is named."""
    assert "does not exist" in bad(await doctor(elsewhere(settings, folder), offline=True))["folder"]
    folder.write_text("a file")
    found = bad(await doctor(elsewhere(settings, folder), offline=True))
    assert "is no folder" in found["folder"]
    assert "look at storage.folder" in found["bot"]
    assert folder.read_text() == "a file"


async def test_a_lock_that_is_held_by_somebody_who_does_not_listen(settings: Settings) -> None:
    """Looking takes no lock. Planted fault: look for the socket only."""
    with only_one(settings.data_folder):
        found = {finding.subject: finding for finding in await doctor(settings, offline=True)}
        assert found["lock"].level is Level.WARNING
    assert "lock" not in {finding.subject for finding in await doctor(settings, offline=True)}


async def test_a_socket_that_is_dead_or_says_nonsense(settings: Settings) -> None:
    """Left by a kill; or a program of another kind. Planted fault: parse whatever is answered."""
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(socket_path(settings.data_folder)))
    dead.close()
    found = {finding.subject: finding for finding in await doctor(settings, offline=True)}
    assert "does not run" in found["bot"].text
    socket_path(settings.data_folder).unlink()

    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"<html>\n")
        writer.close()

    server = await asyncio.start_unix_server(nonsense, socket_path(settings.data_folder))
    try:
        assert "did not answer" in bad(await doctor(settings, offline=True))["bot"]
    finally:
        server.close()
        await server.wait_closed()


async def test_a_bot_of_another_version_that_answers_something_else(settings: Settings) -> None:
    """Planted fault: take its answer for one of ours."""

    async def answer(*_: object) -> dict[str, str]:
        return {"health": "well"}

    async with listening(settings.data_folder, answer):
        assert "bot" in bad(await doctor(settings, offline=True))


def test_an_error_nobody_foresaw_is_a_finding_with_its_place() -> None:
    """It is not swallowed: it is bad, and says where. Planted fault: return nothing."""

    def fails() -> Iterator[Finding]:
        raise ZeroDivisionError("王芳 said this")

    found = surely("disk", fails)
    assert [(one.subject, one.bad) for one in found] == [("disk", True)]
    assert "ZeroDivisionError at tests/test_damaged.py:" in found[0].text
    assert "王芳" not in found[0].text
    assert "does not answer" in surely("x", lambda: raised(Unavailable("OperationalError")))[0].text
    assert (
        "cannot be looked at (No such file" in surely("x", lambda: raised(FileNotFoundError(2, "No such file")))[0].text
    )


def raised(error: Exception) -> list[Finding]:
    """Nothing."""
    raise error


def test_findings_for_programs_stay_json(config: Path, call: Call) -> None:  # noqa: F811
    """Whatever is damaged, and whatever the logs say of it."""
    (config.parent / "yixian.db").write_bytes(b"x" * 9000)
    ran = call("doctor", "--json", "--config", str(config), **ANY_YEAR, YIXIAN_LOGS__LEVEL="debug")
    assert {entry["subject"] for entry in json.loads(ran.out) if entry["level"] == "error"} == {"database"}


async def test_a_good_file_stays_good(settings: Settings) -> None:
    """Or the tests above would show nothing."""
    assert bad(await doctor(settings, deep=True, offline=True)) == {}
    opening.refuse_unusable(settings, whole=True)
    database = await open_database(settings.database_url, settings.home)
    await database.close()
    with_token = settings_in(settings.data_folder, YIXIAN_TELEGRAM__TOKEN=TOKEN)
    await (await opening.open_storage(with_token)).close()
