"""Commands that write: through the running bot's socket, or, where none runs, on the database itself under the lock.

One program at a time holds ``lock``; ``bot.sock`` is for its owner only (0600). Both lie in the data folder. A command
is one line of JSON, and so is its answer.
"""

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from bot.config_errors import ConfigError, Passing
from storage.unit import Unit

Answer = dict[str, Any]
Command = Callable[[Unit, Mapping[str, Any]], Answer]

LINE_LIMIT = 64 * 1024
PATIENCE = 20.0
"""Seconds a command waits for the running bot's answer."""
ANSWERS_WITHIN = 30.0
"""Seconds in which a program that has the lock begins to answer, or ends."""
PAUSE = 0.1


def socket_path(folder: Path) -> Path:
    """Where the running bot listens."""
    return folder / "bot.sock"


def running_already(folder: Path) -> str:
    """For whoever needs the bot's folder alone."""
    return f"{folder / 'lock'} is held: the bot is already running here; stop it first."


class Held(ConfigError):
    """Another program has the lock."""


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock. Raises ``Held`` where another program holds it, ``ConfigError`` where there can be none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(
            f"storage.folder is {folder}, but no lock can be made there ({error.strerror}): "
            "give the folder to whoever runs the bot, or name another."
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Held(running_already(folder)) from None
        yield
    finally:
        os.close(handle)


def taken(stack: ExitStack, folder: Path) -> bool:
    """Take the lock until the stack is left; False where another program holds it."""
    try:
        stack.enter_context(only_one(folder))
    except Held:
        return False
    return True


def held(folder: Path) -> bool:
    """Whether another program holds the lock; none is made."""
    try:
        handle = os.open(folder / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


class Wait:
    """For a program that has the lock and does not answer: a bot that starts or stops, or a command at work."""

    def __init__(self, folder: Path) -> None:
        self._lock = folder / "lock"
        self._since: float | None = None

    async def a_moment(self) -> None:
        """Told once, to whoever gave the command. Raises ``Passing`` after ``ANSWERS_WITHIN`` seconds."""
        if self._since is None:
            self._since = monotonic()
            print(f"{self._lock} is held: waiting for the bot, {ANSWERS_WITHIN:.0f} s at most", file=sys.stderr)  # noqa: T201
        if monotonic() - self._since >= ANSWERS_WITHIN:
            raise Passing(
                f"{self._lock} is held, but nobody answers: look into the bot's log, whether it waits for Telegram, "
                "then try again."
            )
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def asked_or_alone(
    folder: Path, command: str, arguments: Mapping[str, Any], patience: float = PATIENCE
) -> AsyncIterator[Answer | None]:
    """The running bot's answer; None, with the lock held until left, where no bot runs.

    A bot has the lock before it listens, and still when it listens no more: it is waited for. Raises ``ConfigError``
    where it refuses, or does not answer.
    """
    wait = Wait(folder)
    with ExitStack() as stack:
        while (answer := await ask_running(folder, command, arguments, patience)) is None and not taken(stack, folder):
            await wait.a_moment()
        yield answer


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[None]:
    """Hold the lock until left, as soon as a command that has it is done. Raises ``ConfigError`` where a bot runs.

    A bot that is started again must not end because somebody's command came between.
    """
    wait = Wait(folder)
    with ExitStack() as stack:
        while not taken(stack, folder):
            if await ask_running(folder, "health", {}) is not None:
                raise ConfigError(running_already(folder))
            await wait.a_moment()
        yield


@asynccontextmanager
async def listening(folder: Path, run: Callable[[str, Mapping[str, Any]], Any]) -> AsyncIterator[None]:
    """Take commands while the bot runs. ``run`` is awaited with a command's name and arguments."""
    path = socket_path(folder)
    path.unlink(missing_ok=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await answered(await reader.readline(), run)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        finally:
            writer.close()

    before = os.umask(0o177)
    try:
        server = await asyncio.start_unix_server(serve, path, limit=LINE_LIMIT)
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
        path.unlink(missing_ok=True)


async def answered(line: bytes, run: Callable[[str, Mapping[str, Any]], Any]) -> Answer:
    """A command's answer, or its error in one sentence."""
    try:
        asked = json.loads(line)
        done: Answer = await run(str(asked["command"]), asked["arguments"])
    except (ConfigError, ValueError, KeyError, TypeError) as error:
        return {"error": str(error)}
    return {"done": done}


async def ask_running(
    folder: Path, command: str, arguments: Mapping[str, Any], patience: float = PATIENCE
) -> Answer | None:
    """Ask the running bot; None where none runs. Raises ``ConfigError`` where it refuses or does not answer."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket_path(folder), limit=LINE_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError):
        return None
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"{socket_path(folder)} cannot be spoken to ({why}): look at storage.folder.") from None
    try:
        writer.write(json.dumps({"command": command, "arguments": dict(arguments)}).encode() + b"\n")
        await writer.drain()
        async with asyncio.timeout(patience):
            line = await reader.readline()
        answer = json.loads(line)
    except (TimeoutError, OSError, ValueError):
        answer = None
    finally:
        writer.close()
    if not isinstance(answer, dict):
        raise Passing(f"the bot at {socket_path(folder)} did not answer: look into its log, then try again.")
    if "error" in answer:
        raise ConfigError(answer["error"])
    done: Answer = answer["done"]
    return done
