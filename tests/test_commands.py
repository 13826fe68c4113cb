"""The command line as an operator meets it: a program of its own, the simulator for a Telegram."""

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.clock import SystemClock
from bot.sender import BATCH
from bot.version import version
from simulator.server import build, serving, until
from simulator.world import World
from storage.database import open_database
from tests.stage import TOKEN
from tests.test_web import MODE, free_port

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """The process's environment without anything of ours."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("YIXIAN_")}
    return {**plain, "PYTHONPATH": str(ROOT), **more}


async def start(*arguments: str, **more: str) -> asyncio.subprocess.Process:
    """``python -m bot …``."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=ROOT,
        env=environment(**more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def within(*arguments: str, **more: str) -> Ran:
    """A command within this process, where starting another would only take time."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name in [name for name in os.environ if name.startswith("YIXIAN_")]:
            patch.delenv(name)
        for name, value in more.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["bot", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())


async def run(*arguments: str, **more: str) -> Ran:
    """A command from its start to its end, beside what else happens here."""
    return await asyncio.to_thread(within, *arguments, **more)


Call = Callable[..., Ran]


@pytest.fixture
def call() -> Call:
    """A command within this process."""
    return within


ANY_YEAR = {"YIXIAN_GROUP__COUNTRY": "DE"}
"""A country whose holidays are known for every year, or the tests would fail each January until China's are."""

INIT = ("--coordinator", "3001", "--name", "陈静")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ``init`` leaves it, to be copied."""
    folder = tmp_path_factory.mktemp("made") / "new"
    ran = within("init", "--dir", str(folder), *INIT)
    assert ran.code == 0, ran.err
    return folder


@pytest.fixture
def config(made: Path, tmp_path: Path) -> Path:
    """The configuration in a copy of that folder."""
    shutil.copytree(made, tmp_path / "bot")
    return tmp_path / "bot" / "config.toml"


async def test_init_writes_everything_a_bot_needs(config: Path, call: Call) -> None:
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    database = await open_database("sqlite:///yixian.db", config.parent)
    try:
        staff = await database.read(lambda unit: unit.people.staff())
    finally:
        await database.close()
    assert [(person.chat, person.name, sorted(person.roles)) for person in staff] == [(3001, "陈静", ["coordinator"])]
    again = call("init", "--dir", str(config.parent), "--coordinator", "1")
    assert (again.code, again.out) == (2, "")
    assert "is there already" in again.err


def contents(folder: Path) -> list[tuple[str, bytes]]:
    """Every file but the lock, which holds nothing."""
    return sorted((path.name, path.read_bytes()) for path in folder.iterdir() if path.name != "lock")


@pytest.mark.parametrize(
    ("arguments", "more", "named"),
    [
        (["run", "--config", "{}/config.toml"], {}, "telegram.token"),
        (["run", "--config", "{}/config.toml"], {"YIXIAN_INTAKE__SETTLE": "soon"}, "intake.settle"),
        (["run", "--config", "{}/config.toml"], {"YIXIAN_NONSENSE__X": "1"}, "nonsense"),
        (["run", "--config", "{}/nothing.toml"], {}, "nothing.toml"),
        (
            ["invite", "--config", "{}/config.toml", "--role", "member", "--name", "x", "--community", "?"],
            {},
            "--community",
        ),
        (["invite", "--config", "{}/config.toml", "--role", "member", "--name", " "], {}, "--name"),
        (["digest", "--config", "{}/config.toml", "--period", "hourly"], {}, "--period"),
        (["init", "--dir", "{}/other", "--coordinator", "0"], {}, "--coordinator"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_mistake_is_one_sentence_and_changes_nothing(
    config: Path, call: Call, arguments: list[str], more: dict[str, str], named: str
) -> None:
    """Planted fault: let ``ConfigError`` out of ``main``, and it is a traceback."""
    before = contents(config.parent)
    ran = call(*(argument.format(config.parent) for argument in arguments), **more)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert named in ran.err
    assert contents(config.parent) == before


@asynccontextmanager
async def running_bot(
    config: Path, world: World, address: str, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot as ``run`` starts it, once it listens to its Telegram. It runs on real time, so no hour is quiet."""
    awake = {"YIXIAN_QUIET__START": "00:00", "YIXIAN_QUIET__END": "00:00"}
    more = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, "YIXIAN_TELEGRAM__BASE_URL": address, **awake, **settings}
    process = await start("run", "--config", str(config), **more)
    try:
        await until(world, lambda: world.called("getUpdates") or (config.parent / "bot.sock").exists(), 30)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_whole_way_from_init_to_a_claimed_case(config: Path) -> None:
    """An operator's first hour, with an invitation through the running bot and a polite stop."""
    world = World(token=TOKEN)
    for number, name in ((1001, "王芳"), (2001, "李建国"), (3001, "陈静")):
        world.person(number, name)
    async with serving(build(world, page=None)) as address, running_bot(config, world, address) as process:
        more = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, "YIXIAN_TELEGRAM__BASE_URL": address}
        invited = await run(
            "invite", "--config", str(config), "--role", "member", "--name", "李建国", "--community", "城北社区", **more
        )
        assert invited.out.startswith("https://t.me/yixian_bot?start=i_")
        world.start(2001, invited.out.strip().partition("start=")[2])
        world.start(3001)
        world.say(1001, "城北社区的路灯坏了三天")
        await until(world, lambda: any("马上发出" in str(m["buttons"]) for m in world.messages(1001)), 10)
        world.press(1001, "马上发出")
        await until(world, lambda: any("派给李建国" in str(m["buttons"]) for m in world.messages(3001)), 10)
        world.press(3001, "派给李建国")
        await until(world, lambda: any("签收" in str(m["buttons"]) for m in world.messages(2001)), 10)
        second = await run("run", "--config", str(config), **more)
        assert second.code == 2
        assert "already running" in second.err
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0
    printed = await run("digest", "--config", str(config))
    assert "新事项 1" in printed.out
    well = await run("doctor", "--config", str(config), **ANY_YEAR)
    assert (well.code, "✗" in well.out) == (0, False)


def receipts(world: World, number: int) -> int:
    """How often somebody was told that their concern has arrived."""
    return sum("已收到" in m["text"] for m in world.messages(number) if not m["mine"])


async def test_a_polite_stop_under_load_loses_nothing_and_copies_nothing(config: Path) -> None:
    """Stopped in the middle of it by SIGTERM, and started again.

    Planted fault: cancel the sender at once in ``stop`` of ``bot/app.py``, and somebody is told twice.
    """
    world = World(token=TOKEN)
    numbers = range(1, 2 * BATCH + 1)
    for number in numbers:
        world.person(number, f"居民{number}")
    async with serving(build(world, page=None)) as address:
        async with running_bot(config, world, address) as process:
            for number in numbers:
                world.say(number, "城北社区的路灯坏了三天")
            await until(world, lambda: any(receipts(world, number) for number in numbers), 20)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0
        assert sum(receipts(world, number) for number in numbers) < len(numbers), "it was in the middle of it"
        world.calls.clear()
        async with running_bot(config, world, address):
            await until(world, lambda: world.idle() and all(receipts(world, number) for number in numbers), 30)
    assert {receipts(world, number) for number in numbers} == {1}


async def test_the_program_takes_webhooks(config: Path) -> None:
    port = free_port()
    world = World(token=TOKEN)
    world.person(1001, "王芳")
    more = {**MODE, "YIXIAN_WEBHOOK__URL": f"http://127.0.0.1:{port}", "YIXIAN_WEBHOOK__PORT": str(port)}
    async with serving(build(world, page=None)) as address, running_bot(config, world, address, **more) as process:
        await until(world, lambda: world.called("setWebhook"), 20)
        world.say(1001, "城北社区的路灯坏了三天")
        await until(world, lambda: world.idle() and receipts(world, 1001), 20)
        assert not world.called("getUpdates")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 10) == 0


def test_doctor_names_what_is_wrong_and_ends_with_1(config: Path, call: Call) -> None:
    """An update that was set aside. Planted fault: exit 0 whatever was found."""
    assert call("doctor", "--config", str(config), **ANY_YEAR).code == 0
    asyncio.run(set_something_aside(config.parent))
    ill = call("doctor", "--config", str(config), **ANY_YEAR)
    assert ill.code == 1
    assert "✗ quarantine: update 77, code 7F2A, RuntimeError" in ill.out


async def set_something_aside(folder: Path) -> None:
    """What a turn that fails three times leaves behind."""
    database = await open_database("sqlite:///yixian.db", folder)
    try:
        now = SystemClock().now()
        await database.run(lambda unit: unit.intake.quarantine("7F2A", 77, {}, "RuntimeError", now))
    finally:
        await database.close()


def test_a_link_can_be_made_while_no_bot_runs(config: Path, call: Call) -> None:
    who = ("--role", "observer", "--name", "赵敏")
    made = call("invite", "--config", str(config), *who, YIXIAN_TELEGRAM__USERNAME="yixian_bot")
    assert made.code == 0
    assert made.out.startswith("https://t.me/yixian_bot?start=i_")


async def test_a_refused_token_ends_the_program_with_a_sentence(config: Path) -> None:
    async with serving(build(World(token=TOKEN), page=None)) as address:
        ran = await run(
            "run",
            "--config",
            str(config),
            YIXIAN_TELEGRAM__TOKEN="4200002:another-token-than-the-one-it-knows",
            YIXIAN_TELEGRAM__BASE_URL=address,
        )
    assert ran.code == 2
    assert "telegram.token" in ran.err
    assert "another-token" not in ran.err


async def test_a_token_that_is_revoked_meanwhile_ends_the_program_with_a_sentence(config: Path) -> None:
    """Planted fault: no ``EndPointNotFound`` in ``call`` (``bot/request.py``): it polls for ever."""
    world = World(token=TOKEN)
    world.person(1001, "王芳")
    async with serving(build(world, page=None)) as address, running_bot(config, world, address) as process:
        world.chaos.script("getUpdates", "401", times=9)
        world.say(1001, "/help")
        assert await asyncio.wait_for(process.wait(), 20) == 2


def test_a_broken_template_of_the_deployment_does_not_start(config: Path, call: Call) -> None:
    broken = config.parent / "words" / "zh" / "concern"
    broken.mkdir(parents=True)
    (broken / "joined.j2").write_text("hello\n{% if %}", encoding="utf-8")
    ran = call("run", "--config", str(config), YIXIAN_TEMPLATES__OVERLAY="words", YIXIAN_TELEGRAM__TOKEN=TOKEN)
    assert ran.code == 2
    assert "concern/joined.j2 line 2" in ran.err


async def test_the_version_is_said() -> None:
    said, _ = await asyncio.wait_for((await start("--version")).communicate(), 60)
    assert said.decode() == f"{version()}\n"
