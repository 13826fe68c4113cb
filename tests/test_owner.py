"""A database is one bot's: another one is refused, and takes its place only where it is told to."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.config import load
from bot.config_example import EXAMPLE
from bot.opening import adopt
from domain.cases import CaseId
from domain.people import Role
from storage.database import open_database
from storage.moving import MOVED_TO
from tests.stage import MONDAY, TOKEN, Role_, stage
from tests.test_commands import ANY_YEAR, Call, call, config, made  # noqa: F401 - fixtures
from tests.test_right_database import sql

OTHER = "4200002:a-token-of-another-bot-of-the-simulator"
ANEW = "4200001:a-new-token-of-the-same-bot-as-it-is-revoked"
OURS = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, **ANY_YEAR}
THEIRS = {"YIXIAN_TELEGRAM__TOKEN": OTHER, **ANY_YEAR}
WANG, CHEN = Role_("王芳", Role.RESIDENT), Role_("陈静", Role.COORDINATOR)


@pytest.fixture
def path(config: Path) -> Path:  # noqa: F811
    """The database of that configuration, which is bot 4200001's."""
    found = config.parent / "yixian.db"
    sql(
        found,
        "INSERT INTO settings VALUES ('bot_id', '4200001')",
        "INSERT INTO settings VALUES ('bot_username', 'one')",
    )
    return found


COMMANDS = (
    ("run",),
    ("invite", "--role", "member", "--name", "李建国"),
    ("digest",),
    ("migrate",),
    ("outbox", "show"),
    ("quarantine", "show"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_another_bots_database_is_refused(config: Path, path: Path, call: Call, command: tuple[str, ...]) -> None:  # noqa: F811
    """Planted fault: no ``refuse_others``."""
    before = path.read_bytes()
    ran = call(*command, "--config", str(config), **THEIRS)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert (
        "telegram.token is that of bot 4200002, but the database at sqlite:///yixian.db is that of bot 4200001"
        in ran.err
    )
    assert f"python -m bot adopt --from 4200001 --config {config}" in ran.err
    assert OTHER not in ran.err
    assert path.read_bytes() == before


def test_doctor_says_whose_it_is(config: Path, path: Path, call: Call) -> None:  # noqa: F811
    assert "✓ owner: that of bot 4200001 (@one)" in call("doctor", "--offline", "--config", str(config), **OURS).out
    ran = call("doctor", "--offline", "--config", str(config), **THEIRS)
    assert (ran.code, "✗ owner: telegram.token is that of bot 4200002" in ran.out) == (1, True)


def test_a_new_token_of_the_same_bot_just_works(config: Path, path: Path, call: Call) -> None:  # noqa: F811
    """Planted fault: compare whole tokens."""
    assert call("digest", "--config", str(config), **{**OURS, "YIXIAN_TELEGRAM__TOKEN": ANEW}).code == 0


def test_a_database_from_before_is_that_of_the_bot_whose_updates_it_took(config: Path, call: Call) -> None:  # noqa: F811
    """The newest ones; a command without a token took some as bot 0. Planted fault: look at ``settings`` only."""
    path = config.parent / "yixian.db"
    sql(path, "INSERT INTO updates VALUES (7, 1, 1)", "INSERT INTO updates VALUES (4200001, 2, 2)")
    sql(path, "INSERT INTO updates VALUES (0, 3, 3)")
    assert call("digest", "--config", str(config), **OURS).code == 0
    assert "is that of bot 4200001:" in call("digest", "--config", str(config), **THEIRS).err


def test_a_database_that_no_bot_ran_on_is_anybodys(config: Path, call: Call) -> None:  # noqa: F811
    for token in (OURS, THEIRS):
        assert call("digest", "--config", str(config), **token).code == 0
    refused = call("adopt", "--from", "4200001", "--config", str(config), **THEIRS)
    assert (refused.code, "is no bot's yet" in refused.err) == (2, True)


async def test_the_first_bot_that_runs_on_it_is_its_owner(tmp_path: Path) -> None:
    """Once Telegram has said that the token is right. Planted fault: no ``claim`` in ``introduce``."""
    async with stage(tmp_path) as town:
        await town.app.database.run(lambda unit: unit.settings.put("bot_id", ""))  # as a database from before
    async with stage(tmp_path) as town:
        assert await town.app.database.read(lambda unit: unit.settings.get("bot_id")) == "4200001"


@pytest.mark.parametrize(
    ("before", "token", "words"),
    [
        ("7", THEIRS, "--from is 7, but the database is that of bot 4200001 (@one)"),
        ("4200001", OURS, "is that of bot 4200001 (@one) already"),
        ("4200001", ANY_YEAR, "telegram.token is missing"),
    ],
)
def test_what_adopt_refuses(
    config: Path,  # noqa: F811
    path: Path,
    call: Call,  # noqa: F811
    before: str,
    token: dict[str, str],
    words: str,
) -> None:
    ran = call("adopt", "--from", before, "--config", str(config), **token)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT value FROM settings WHERE name = 'bot_id'").fetchone() == ("4200001",)


def test_what_was_moved_is_adopted_where_it_is_now(config: Path, path: Path, call: Call) -> None:  # noqa: F811
    sql(path, f"INSERT INTO settings VALUES ('{MOVED_TO}', 'postgresql+psycopg://h/d')")  # noqa: S608 - our own words
    ran = call("adopt", "--from", "4200001", "--config", str(config), **THEIRS)
    assert (ran.code, "everything was moved" in ran.err) == (2, True)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_another_bot_goes_on_where_one_is_gone(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """A concern, and the coordinator's card of it; the bot is deleted at @BotFather, and a new one has its place.

    The new bot counts its messages from 1 again: a reply to its first one is no reply to the old bot's.
    Planted fault: keep ``messages`` and ``cards`` (``give_to``), and new cards are drawn into messages of others.
    """
    if engine == "sqlite":
        await gone_on(tmp_path, f"sqlite:///{tmp_path / 'yixian.db'}")
    else:
        with request.getfixturevalue("postgres").database() as url:
            await gone_on(tmp_path, url)


async def gone_on(folder: Path, url: str) -> None:
    """The two lives of one place."""
    async with stage(folder, url=url) as town:
        await town.join(WANG)
        await town.join(CHEN)
        town.world.say(1001, "城北社区的路灯坏了三天")
        await town.settle()
        town.world.press(1001, "马上发出")
        await town.settle()
        assert any("26-0001" in m["text"] for m in town.world.messages(1002))
    settings = load(
        EXAMPLE, {"YIXIAN_TELEGRAM__TOKEN": OTHER, "YIXIAN_STORAGE__URL": url, "YIXIAN_STORAGE__FOLDER": str(folder)}
    )
    assert str(await adopt(settings, 4200001, MONDAY)) == "bot 4200001 (@yixian_bot)"
    database = await open_database(url, folder)
    try:
        assert await database.read(lambda unit: [unit.messages.about(1001, n) for n in range(9)]) == [None] * 9  # type: ignore[arg-type]
        assert await database.read(lambda unit: unit.messages.cards(CaseId(1))) == []
        assert str(await database.read(lambda unit: unit.owner.found())) == "bot 4200002"
    finally:
        await database.close()
    await second_life(folder, url)


async def second_life(folder: Path, url: str) -> None:
    """The new bot, which has told nobody anything yet: the same case, and a new card of it."""
    async with stage(folder, url=url, token=OTHER) as town:
        for number, name in ((1001, "王芳"), (1002, "陈静")):
            town.world.person(number, name)
        town.world.start(1002)
        town.world.say(1002, "/case 26-0001")
        await town.settle()
        assert any("路灯" in m["text"] and m["buttons"] for m in town.world.messages(1002))
        town.world.say(1001, "幼儿园门口的井盖也坏了")
        await town.settle()
        assert any("26-0001" in m["text"] for m in town.world.messages(1001) if not m["mine"])
        card = town.world.messages(1002)[-1]
        assert "井盖" in card["text"], "the new card is drawn anew, and nothing else"
        assert not any("井盖" in m["text"] for m in town.world.messages(1002)[:-1])
