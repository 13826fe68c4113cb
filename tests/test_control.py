"""The running bot's socket and lock: one program at a time, commands for the owner only, every answer one sentence."""

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import control
from bot.commands import Commands, ask, back_up, prepare
from bot.config import ConfigError, Settings, load
from bot.config_example import EXAMPLE
from bot.control import LINE_LIMIT, ask_running, asked_or_alone, held, listening, only_one, socket_path, taken
from domain.people import Role
from tests.stage import Role_, stage

MEMBER = {"role": "member", "name": "李建国", "communities": ["城北社区"], "sector": ""}


async def echo(command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A bot that says what it was asked."""
    return {"command": command, **arguments}


async def test_a_command_reaches_the_running_bot(tmp_path: Path) -> None:
    async with listening(tmp_path, echo):
        answers = await asyncio.gather(*(ask_running(tmp_path, "x", {"n": n}) for n in range(20)))
        assert answers == [{"command": "x", "n": n} for n in range(20)]


async def test_where_no_bot_runs_nobody_answers(tmp_path: Path) -> None:
    """Also where one was killed and its socket is left. Planted fault: do not expect ``ConnectionRefusedError``."""
    assert await ask_running(tmp_path, "x", {}) is None
    async with listening(tmp_path, echo):
        os.link(socket_path(tmp_path), tmp_path / "left")
    (tmp_path / "left").rename(socket_path(tmp_path))
    assert await ask_running(tmp_path, "x", {}) is None
    async with listening(tmp_path, echo):
        assert await ask_running(tmp_path, "x", {}) == {"command": "x"}


async def test_the_socket_is_for_its_owner_only_and_goes_with_the_bot(tmp_path: Path) -> None:
    """Planted fault: no ``umask`` around ``start_unix_server``."""
    async with listening(tmp_path, echo):
        assert stat.S_IMODE(socket_path(tmp_path).stat().st_mode) == 0o600
    assert not socket_path(tmp_path).exists()


async def test_a_refusal_comes_back_as_its_sentence(tmp_path: Path) -> None:
    async def refuse(command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise ConfigError("--name is empty.")

    async with listening(tmp_path, refuse):
        with pytest.raises(ConfigError, match="--name is empty"):
            await ask_running(tmp_path, "invite", {})


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b"[]\n", b'{"command": "x"}\n', b"{}\n"])
async def test_nonsense_is_answered_and_the_bot_goes_on(tmp_path: Path, line: bytes) -> None:
    async with listening(tmp_path, echo):
        reader, writer = await asyncio.open_unix_connection(socket_path(tmp_path))
        writer.write(line)
        assert b'"error"' in await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert await ask_running(tmp_path, "x", {}) == {"command": "x"}


async def test_a_bot_that_breaks_off_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A fault of ours in the middle of a command. Planted fault: parse the empty answer, and it is a traceback."""

    async def break_off(command: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise asyncio.CancelledError

    async with listening(tmp_path, break_off):
        with pytest.raises(ConfigError, match="did not answer") as ended:
            await ask_running(tmp_path, "x", {})
    assert ended.value.code == 1, "the next one may be answered"


async def test_a_line_without_end_is_cut_off(tmp_path: Path) -> None:
    """Planted fault: read to the end of the stream, and it fills the memory."""
    async with listening(tmp_path, echo):
        reader, writer = await asyncio.open_unix_connection(socket_path(tmp_path))
        writer.write(b"x" * (4 * LINE_LIMIT))
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        assert await ask_running(tmp_path, "x", {}) == {"command": "x"}


def test_one_program_holds_the_lock(tmp_path: Path) -> None:
    """Planted fault: no ``flock``, and two bots write to one file."""
    with only_one(tmp_path), pytest.raises(ConfigError, match="already running"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


async def test_an_invitation_made_through_the_running_bot_makes_a_member(tmp_path: Path) -> None:
    """Nobody needs to confirm what the operator made."""
    async with stage(tmp_path) as town:
        await town.join(Role_("陈静", Role.COORDINATOR))
        commands = Commands(town.app.database, town.app.settings, town.clock)
        async with listening(town.app.settings.data_folder, commands):
            answer = await ask(town.app.settings, "invite", MEMBER)
            assert answer["username"] == "yixian_bot"
            with pytest.raises(ConfigError, match="--community"):
                await ask(town.app.settings, "invite", {**MEMBER, "communities": ["不存在"]})
            with pytest.raises(ConfigError, match="knows no command"):
                await ask(town.app.settings, "unheard_of", {})
        town.world.person(2001, "李建国")
        town.world.start(2001, answer["payload"])
        await town.settle()
        staff = await town.app.database.read(lambda unit: unit.people.staff(Role.MEMBER))
        assert [(person.chat, person.name) for person in staff] == [(2001, "李建国")]


@contextlib.asynccontextmanager
async def waiting(command: Coroutine[Any, Any, Any], capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Any]:
    """A command that has begun to wait, while this program has the lock and does not listen."""
    task, told = asyncio.create_task(command), ""
    async with asyncio.timeout(10):
        while "waiting for" not in told:
            assert not task.done(), task
            told += capsys.readouterr().err
            await asyncio.sleep(0)
    yield task
    assert (told + capsys.readouterr().err).count("\n") == 1, "it is said once"


def settings_in(folder: Path) -> Settings:
    """The settings of a bot that does not answer."""
    database = f"sqlite:///{folder / 'yixian.db'}"
    return load(EXAMPLE, {"YIXIAN_STORAGE__URL": database, "YIXIAN_STORAGE__FOLDER": str(folder)})


@pytest.mark.parametrize("command", [lambda found: ask(found, "x", {"to": ""}), lambda found: back_up(found, None)])
async def test_a_bot_that_starts_is_waited_for(
    command: Callable[[Settings], Coroutine[Any, Any, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the lock first, and listens when it knows Telegram. Planted fault: ask once, and the lock is held."""
    settings = settings_in(tmp_path)
    await prepare(settings)
    with only_one(tmp_path):
        async with waiting(command(settings), capsys) as task, listening(tmp_path, echo):
            assert (await task)["to"] == ""


async def alone(folder: Path) -> bool:
    """Whether a command is done here, with the lock held."""
    async with asked_or_alone(folder, "x", {}) as answer:
        return answer is None and held(folder)


async def test_a_bot_that_stops_is_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has the lock for a while when it listens no more; then the command is done here."""
    with contextlib.ExitStack() as stack:
        assert taken(stack, tmp_path)
        async with waiting(alone(tmp_path), capsys) as task:
            stack.close()
            assert await task


async def test_a_bot_that_starts_waits_for_a_command_and_not_for_a_bot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or ``invite`` between a stop and a start would end the bot for good. Planted fault: ``only_one`` in ``run``."""

    async def started() -> bool:
        async with control.alone(tmp_path):
            return held(tmp_path)

    with contextlib.ExitStack() as stack:
        assert taken(stack, tmp_path)
        async with waiting(started(), capsys) as task:
            stack.close()
            assert await task
    with only_one(tmp_path):
        async with listening(tmp_path, echo):
            with pytest.raises(ConfigError, match="the bot is already running here; stop it first"):
                await started()


async def test_a_bot_that_never_appears_is_not_waited_for_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a command; systemd starts the bot again. Planted fault: a plain ``ConfigError``, and it stays down."""
    monkeypatch.setattr(control, "ANSWERS_WITHIN", 0.0)
    for waits in (asked_or_alone(tmp_path, "x", {}), control.alone(tmp_path)):
        with only_one(tmp_path), pytest.raises(ConfigError, match="lock is held, but nobody answers: look") as ended:
            async with waits:
                pass
        assert ended.value.code == 1


async def test_looking_at_the_lock_makes_nothing(tmp_path: Path) -> None:
    assert not held(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with only_one(tmp_path):
        assert held(tmp_path)
    assert not held(tmp_path)
