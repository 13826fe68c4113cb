"""The webhook: only Telegram gets in, and it hears "received" only after the commit."""

import asyncio
import io
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.commands import announce_webhook
from bot.config_errors import ConfigError
from bot.config_sections import Webhook
from bot.web import LARGEST, bound, build_web, receiving, served, serving
from domain.people import Role
from simulator.server import until
from storage.intake import Intake as IntakeShelf
from tests.stage import Role_, Stage, stage
from tests.test_intake import count, message

SECRET = "webhook-secret-of-a-test"
MODE = {
    "YIXIAN_TELEGRAM__MODE": "webhook",
    "YIXIAN_WEBHOOK__SECRET": SECRET,
}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def webhook(folder: Path) -> AsyncIterator[tuple[Stage, aiohttp.ClientSession]]:
    """A bot with its webhook open, and somebody who calls it."""
    settings = Webhook(secret=SECRET, url="https://example.org")  # type: ignore[arg-type]
    async with stage(folder) as town:
        await town.join(Role_("王芳", Role.RESIDENT))
        async with serving(build_web(receiving(town.app.intake, settings)), "127.0.0.1", 0) as port:
            headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as telegram:
                yield town, telegram


async def status(telegram: aiohttp.ClientSession, **more: Any) -> int:
    """What a call is answered."""
    async with telegram.post("/telegram", **more) as answer:
        return answer.status


async def test_an_update_is_a_case_once_it_is_answered(tmp_path: Path) -> None:
    async with webhook(tmp_path) as (town, telegram):
        update = message(town.world, 9, text="城北社区的路灯坏了三天")
        assert await status(telegram, json=update) == 200
        assert await count(town) == 1
        assert await status(telegram, json=update) == 200
        assert await count(town) == 1, "a redelivery changes nothing"


async def test_what_could_not_be_committed_is_asked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted fault: a database that refuses; answering 200 all the same would lose the concern."""

    def refuse(*_: object) -> bool:
        raise OSError("no space left on device")

    async with webhook(tmp_path) as (town, telegram):
        update = message(town.world, 9, text="城北社区的路灯坏了三天")
        with monkeypatch.context() as planted:
            planted.setattr(IntakeShelf, "first_sight", refuse)
            assert await status(telegram, json=update) == 503
        assert await status(telegram, json=update) == 200
        assert await count(town) == 1


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET + "x", "密"])
async def test_without_the_secret_nobody_gets_in(tmp_path: Path, secret: str) -> None:
    async with webhook(tmp_path) as (town, telegram):
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        assert await status(telegram, json=message(town.world, 9, text="路灯坏了三天"), headers=headers) == 403
        assert await count(town) == 0


async def test_what_is_no_update_is_answered_and_dropped(tmp_path: Path) -> None:
    async with webhook(tmp_path) as (town, telegram):
        kind = {"Content-Type": "application/json"}
        assert await status(telegram, data=b"{not json", headers=kind) == 200
        assert await status(telegram, json=[1, 2]) == 200
        assert await status(telegram, data=b"x=1", headers={"Content-Type": "text/plain"}) == 415
        assert await status(telegram, data=io.BytesIO(b" " * (LARGEST + 1)), headers=kind) == 413
        async with telegram.get("/telegram") as answer:
            assert answer.status == 405
        async with telegram.get("/healthz") as answer:
            assert await answer.text() == "ok\n"
        assert await count(town) == 0


async def test_many_people_at_once_are_all_taken(tmp_path: Path) -> None:
    async with webhook(tmp_path) as (town, telegram):
        updates = [message(town.world, n, 5000 + n, text="城北社区的路灯坏了三天") for n in range(40)]
        answers = await asyncio.gather(*(status(telegram, json=update) for update in updates))
        assert set(answers) == {200}
        assert await count(town) == 40


async def test_a_mountain_of_brackets_is_counted_and_dropped(tmp_path: Path) -> None:
    """Planted fault: expect ``ValueError`` only; Python says ``RecursionError``, and it would come for ever."""
    async with webhook(tmp_path) as (town, telegram):
        kind = {"Content-Type": "application/json; charset=utf-8"}
        assert await status(telegram, data=io.BytesIO(b"[" * 200_000), headers=kind) == 200
        assert await status(telegram, json=message(town.world, 9, text="城北社区的路灯坏了三天")) == 200
        assert await count(town) == 1


async def test_telegram_delivers_to_the_webhook_and_again_until_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End to end: the simulator calls with the secret, an answer of 503 brings the update again, messages and presses.

    Planted fault: another secret than the one given to ``setWebhook``, or 200 before the commit.
    """
    works, refused = IntakeShelf.first_sight, iter([True, True, True, True])

    def at_first_refuse(self: IntakeShelf, *arguments: Any) -> bool:
        if next(refused, False):
            raise OSError("no space left on device")
        return works(self, *arguments)

    port = free_port()
    mode = {**MODE, "YIXIAN_WEBHOOK__URL": f"http://127.0.0.1:{port}"}
    async with stage(tmp_path, settings=mode) as town:
        await town.join(Role_("王芳", Role.RESIDENT))
        async with serving(build_web(receiving(town.app.intake, town.app.settings.webhook)), "127.0.0.1", port):
            monkeypatch.setattr(IntakeShelf, "first_sight", at_first_refuse)
            await announce_webhook(town.app)
            town.world.say(1001, "城北社区的路灯坏了三天")
            await until(town.world, lambda: "撤回" in str(town.world.messages(1001)[-1]["buttons"]), 10)
            assert "503" in town.world.webhook["last_error_message"]
            town.world.press(1001, "撤回")
            await until(town.world, lambda: "已撤回" in str(town.world.messages(1001)), 10)
            await until(town.world, town.world.idle)
            assert await count(town) == 1


def test_a_port_that_is_taken_is_one_sentence() -> None:
    """Planted fault: let the ``OSError`` out of ``bound``, and the operator reads a traceback."""
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"webhook.port is {port}, but .*in use.*set another"):
            bound("127.0.0.1", port)


async def test_callers_who_come_at_once_are_shared_among_workers() -> None:
    """Two servers on one socket, as two workers have it. Planted fault: no ``backlog``, and one of them takes all.

    Telegram keeps its connections: who has them all has all the work.
    """
    first = bound("127.0.0.1", 0)
    second = first.dup()
    answered: Counter[str] = Counter()

    def worker(name: str) -> Starlette:
        async def answer(_: Request) -> Response:
            answered[name] += 1
            return Response()

        return Starlette(routes=[Route("/", answer)])

    async with served(worker("one"), first) as port, served(worker("two"), second):
        async with asyncio.timeout(10):
            await asyncio.to_thread(call_all, port, 40)
    assert answered.total() == 40
    assert min(answered["one"], answered["two"]) >= 10, answered


def call_all(port: int, count: int) -> None:
    """So many connections, and then a call on each of them."""
    callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for caller in callers:
        with caller:
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert caller.recv(1000).startswith(b"HTTP/1.1 200")
