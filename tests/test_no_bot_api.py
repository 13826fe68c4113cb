"""What answers at ``telegram.base_url`` is no Bot API server: one sentence at the start, by ``invite`` and ``doctor``.

A Bot API server that is down for a while is waited for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot import app as composition
from bot.app import running
from bot.clock import SystemClock
from bot.commands import doctor, invite, run
from bot.config import ConfigError, load
from bot.config_example import EXAMPLE
from bot.request import is_telegrams
from domain.people import Role
from simulator.server import build, serving
from simulator.world import World
from tests.stage import TOKEN
from tests.test_commands import ANY_YEAR, config, made  # noqa: F401 - fixtures

OTHERS = {
    "a page": (200, "<html>It works!"),
    "a page that is not there": (404, "<html>Not Found"),
    "a page to log in": (401, "<html>Who are you?"),
    "a redirect": (301, "<html>Moved"),
    "other JSON": (200, '{"hello": 1}'),
    "JSON that says no": (404, '{"error": "no such thing"}'),
    "JSON that says yes": (200, '{"ok": true, "result": "yes"}'),
    "a list": (200, "[]"),
}


@asynccontextmanager
async def another_server(status: int, text: str) -> AsyncIterator[str]:
    """A server of something else; its address."""

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text=text, headers={"Location": "/x"} if status == 301 else {})

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("other", OTHERS)
async def test_it_is_one_sentence_whoever_asks(config: Path, other: str) -> None:  # noqa: F811
    """Planted fault: PTB's own reading. Then it waits for ever, blames the token, or ends with a traceback."""
    status, text = OTHERS[other]
    async with another_server(status, text) as address, asyncio.timeout(30):
        more = {"YIXIAN_TELEGRAM__TOKEN": TOKEN, "YIXIAN_TELEGRAM__BASE_URL": address, **ANY_YEAR}
        settings = load(config, more)
        sentence = (
            f"telegram.base_url is '{address}', but what answers there is no Bot API server (HTTP {status}): "
            "set it to https://api.telegram.org, or to a server of your own"
        )
        for command in (run(settings), invite(settings, Role.OBSERVER, "赵敏", [], "")):
            with pytest.raises(ConfigError) as told:
                await command
            assert str(told.value) == f"{sentence}."
        found = [finding.line() for finding in await doctor(settings)]
    assert f"✗ telegram: {sentence}" in found
    assert not [line for line in found if "token" in line]


@pytest.mark.parametrize("fault", ["500", "429", "reset"])
async def test_one_that_is_down_for_a_while_is_waited_for(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault for 429: expect ``NetworkError`` only, and Telegram's "not so fast" ends the program."""
    monkeypatch.setattr(composition, "LONGEST_PAUSE", 0)
    world = World(token=TOKEN)
    world.chaos.script("getMe", fault, times=2)
    async with serving(build(world, page=None)) as address:
        settings = load(
            EXAMPLE,
            {
                "YIXIAN_TELEGRAM__TOKEN": TOKEN,
                "YIXIAN_TELEGRAM__BASE_URL": address,
                "YIXIAN_STORAGE__URL": f"sqlite:///{tmp_path / 'yixian.db'}",
                "YIXIAN_STORAGE__FOLDER": str(tmp_path),
            },
        )
        async with running(settings, SystemClock(), poll=False, tick=False, make=True) as app:
            assert app.bot.username == "yixian_bot"
    assert len(world.called("getMe")) == 3


def test_a_page_of_what_stands_before_one_that_is_down_is_waited_for() -> None:
    assert is_telegrams("getMe", 502, None)
    assert not is_telegrams("getMe", 200, None)
