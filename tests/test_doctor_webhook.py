"""``doctor`` and the webhook: one address for Telegram, the bot and its operator, and whoever answers there is known.

The servers are real ones on 127.0.0.1; what each of them does wrong is told apart, and nobody else is blamed for it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot import commands, diagnosis_webhook
from bot.commands import announce_webhook, keep_webhook
from bot.config import ConfigError, Settings, load
from bot.config_example import EXAMPLE
from bot.control import only_one
from bot.diagnosis_webhook import answering, delivering
from bot.findings import Finding, Level
from bot.web import bound, build_web, receiving, serving
from domain.people import Role
from simulator.server import build, until
from simulator.server import serving as telegram_at
from simulator.world import World
from tests.stage import TOKEN, Role_, stage
from tests.test_commands import ANY_YEAR, Call, call, config, made  # noqa: F401 - fixtures
from tests.test_deploy import ran, tool
from tests.test_web import MODE, SECRET, free_port

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def called_at(url: str, folder: Path, secret: str = SECRET, path: str = "/telegram") -> Settings:
    """The settings of a bot in webhook mode with a Bot API server of its own, as plain HTTP is allowed there only."""
    return load(
        EXAMPLE,
        {
            **MODE,
            "YIXIAN_WEBHOOK__SECRET": secret,
            "YIXIAN_WEBHOOK__URL": url,
            "YIXIAN_WEBHOOK__PATH": path,
            "YIXIAN_TELEGRAM__BASE_URL": "http://127.0.0.1:1",
            "YIXIAN_STORAGE__FOLDER": str(folder),
        },
    )


@asynccontextmanager
async def answered_by(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Somebody's server; its address."""
    runner = web.ServerRunner(web.Server(handler))  # type: ignore[arg-type]
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        port = runner.addresses[0][1]
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}/telegram"
    finally:
        await runner.cleanup()


def saying(status: int, **headers: str) -> Handler:
    """A server that always says the same."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text="<html>", headers=headers)

    return answer


@pytest.mark.parametrize(
    ("url", "path", "address"),
    [
        ("https://bot.example.org/telegram", "/telegram", "https://bot.example.org/telegram"),
        ("https://bot.example.org", "/telegram", "https://bot.example.org/telegram"),
        ("https://bot.example.org/", "/telegram", "https://bot.example.org/telegram"),
        ("https://bot.example.org:8443/bots/one", "/one", "https://bot.example.org:8443/bots/one"),
    ],
)
def test_an_address_is_the_whole_one_or_names_a_server(url: str, path: str, address: str, tmp_path: Path) -> None:
    """Planted fault: add the path always, as before, and the page's own example becomes …/telegram/telegram."""
    assert called_at(url, tmp_path, path=path).webhook.address == address


async def test_the_bot_as_the_page_sets_it_up_hears_and_doctor_agrees(tmp_path: Path) -> None:
    """The whole address is configured. Planted fault: ``announce_webhook`` adds the path, and every update is a 404."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/telegram"
    async with stage(tmp_path, settings={**MODE, "YIXIAN_WEBHOOK__URL": address}) as town:
        await town.join(Role_("王芳", Role.RESIDENT))
        settings = town.app.settings
        async with serving(build_web(receiving(town.app.intake, settings.webhook)), "127.0.0.1", port):
            await announce_webhook(town.app)
            assert town.world.webhook["url"] == address
            town.world.say(1001, "城北社区的路灯坏了三天")
            await until(town.world, lambda: "撤回" in str(town.world.messages(1001)[-1]["buttons"]), 10)
            info = {name: value for name, value in town.world.webhook.items() if name != "secret_token"}
            found = [*delivering(settings, info, NOW), await answering(settings)]
            assert "last_error_message" not in info
    assert [finding.line() for finding in found] == [
        f"✓ webhook: Telegram delivers to {address}, 0 waiting",
        f"✓ webhook: this bot answers at {address}, and asks for the secret",
    ]


# -- telling Telegram


async def test_an_address_that_telegram_refuses_ends_the_program_with_a_sentence(tmp_path: Path) -> None:
    """Planted fault: let the ``BadRequest`` out, and the operator reads a traceback."""
    mode = {**MODE, "YIXIAN_WEBHOOK__URL": "http://bot.example.org"}
    sentence = "webhook.url is 'http://bot.example.org/telegram', but Telegram refuses it"
    async with stage(tmp_path, settings=mode) as town, asyncio.timeout(30):
        town.world.own_server = False
        with pytest.raises(ConfigError, match=rf"{sentence} \(.*https url must be provided.*set one that it takes"):
            await keep_webhook(town.app, asyncio.Event())


async def test_telegram_is_told_again_where_it_may_yet_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many calls, a fault of Telegram's, a name that its name servers do not know yet. Planted fault for each."""
    monkeypatch.setattr(commands, "LONGEST_PAUSE", 0)
    mode = {**MODE, "YIXIAN_WEBHOOK__URL": "https://bot.invalid"}
    async with stage(tmp_path, settings=mode) as town:
        town.world.chaos.script("setWebhook", "429")
        town.world.chaos.script("setWebhook", "500")
        term = asyncio.Event()
        telling = asyncio.create_task(keep_webhook(town.app, term))
        await until(town.world, lambda: len(town.world.called("setWebhook")) > 3, 10)
        term.set()
        await telling


# -- what Telegram says


def test_what_telegram_says_is_compared_with_ours(tmp_path: Path) -> None:
    polling, called = load(EXAMPLE, {}), called_at("https://bot.example.org", tmp_path)
    ours = "https://bot.example.org/telegram"
    failed = int((NOW - timedelta(minutes=5)).timestamp())
    lately = {"url": ours, "last_error_date": failed, "pending_update_count": 3}

    def lines(settings: Settings, **info: object) -> list[str]:
        return [finding.line() for finding in delivering(settings, info, NOW)]

    assert lines(polling, url="") == []
    assert lines(polling, url="https://x") == [
        "✗ webhook: one is set although the bot polls: start the bot, which takes it away"
    ]
    assert lines(called, url=ours) == [f"✓ webhook: Telegram delivers to {ours}, 0 waiting"]
    assert lines(called, url=f"{ours}/telegram") == [
        f"✗ webhook: Telegram delivers to {ours}/telegram and not to {ours}: restart the bot"
    ]
    assert lines(called, url="") == [f"✗ webhook: Telegram delivers nowhere and not to {ours}: restart the bot"]
    assert lines(called, **lately, last_error_message="Wrong response from the webhook: 404 Not Found") == [
        "! webhook: Telegram could not deliver at 08:55Z (Wrong response from the webhook: 404 Not Found); 3 wait"
    ]
    assert lines(called, url=ours, pending_update_count=500) == [
        "! webhook: 500 updates wait at Telegram: see in the bot's log what keeps it"
    ]


# -- who answers


async def found_at(url: str, folder: Path, *, runs: bool = True) -> Finding:
    """What doctor finds, while a bot runs here or not."""
    settings = called_at(url, folder)
    if not runs:
        return await answering(settings)
    with only_one(folder):
        return await answering(settings)


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (saying(404), "another server answers there (HTTP 404): let it hand /telegram on to http://127.0.0.1:8080"),
        (saying(200), "another server answers there (HTTP 200)"),
        (saying(403), "something in front of the bot turns callers away (HTTP 403)"),
        (saying(301, Location="https://www.example.org/"), "it redirects to https://www.example.org/, and Telegram"),
        (saying(502), "the server in front does not reach the bot (HTTP 502): let it hand /telegram on to"),
    ],
)
async def test_another_server_is_known_by_what_it_says(handler: Handler, words: str, tmp_path: Path) -> None:
    """Planted fault: take any 403 for ours, without looking for the sign."""
    async with answered_by(handler) as url:
        found = await found_at(url, tmp_path)
    assert found.level is Level.ERROR
    assert found.text.startswith(f"webhook.url is '{url}', but {words}")


async def test_an_address_that_leads_to_another_path_of_the_bot(tmp_path: Path) -> None:
    """A proxy that cuts the path off. Planted fault: a 404 without a sign, and it is said to be another server's."""
    async with serving(build_web(), "127.0.0.1", 0) as port:
        found = await found_at(f"http://127.0.0.1:{port}/telegram", tmp_path)
    assert "this program is asked for another path there (HTTP 404)" in found.text


async def test_a_bot_with_another_secret(tmp_path: Path) -> None:
    """Planted fault: do not ask a second time, and a secret that was changed without a restart goes unnoticed."""
    mode = {**MODE, "YIXIAN_WEBHOOK__URL": "http://127.0.0.1:1"}
    async with (
        stage(tmp_path, settings=mode) as town,
        serving(build_web(receiving(town.app.intake, town.app.settings.webhook)), "127.0.0.1", 0) as port,
    ):
        found = await answering(called_at(f"http://127.0.0.1:{port}", tmp_path, secret="another-secret-of-a-test"))
    assert found.level is Level.ERROR
    assert "another webhook.secret than this one: restart the bot" in found.text


async def test_the_secret_goes_only_to_where_this_program_answered(tmp_path: Path) -> None:
    heard: list[str] = []

    async def listens(request: web.Request) -> web.StreamResponse:
        heard.extend(value for name, value in request.headers.items() if value == SECRET)
        heard.append(request.path)
        return web.Response(status=403)

    async with answered_by(listens) as url:
        assert (await found_at(url, tmp_path)).bad
    assert heard == ["/telegram"]


async def test_nobody_is_blamed_for_a_bot_that_does_not_run(tmp_path: Path) -> None:
    """Neither the server in front that says 502, nor the port that nobody listens at. Planted fault: do not look."""
    closed = f"http://127.0.0.1:{free_port()}/telegram"
    async with answered_by(saying(502)) as url:
        lines = [(await found_at(at, tmp_path, runs=False)).line() for at in (url, closed)]
        assert [line.partition(" for the bot, ")[2] for line in lines] == [
            "which does not run here: start it, then look again"
        ] * 2
        while_it_runs = await found_at(closed, tmp_path)
    assert while_it_runs.bad
    assert "no connection can be made (" in while_it_runs.text
    async with answered_by(saying(404)) as url:
        assert (await found_at(url, tmp_path, runs=False)).bad, "another server is one whoever runs"


async def test_a_name_that_is_not_known(tmp_path: Path) -> None:
    found = await found_at("https://bot.yixian.invalid/telegram", tmp_path)
    assert "the name bot.yixian.invalid is not known: make its A or AAAA record" in found.text


async def test_somebody_who_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis_webhook, "LIMIT_SECONDS", 0.2)
    with bound("127.0.0.1", 0) as listener:
        found = await found_at(f"http://127.0.0.1:{listener.getsockname()[1]}/telegram", tmp_path)
    assert "there is no answer within 0 s: open port" in found.text


async def test_somebody_who_speaks_no_http(tmp_path: Path) -> None:
    async def mumble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(mumble, "127.0.0.1", 0)
    async with server:
        found = await found_at(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/telegram", tmp_path)
    assert "the connection breaks off (" in found.text


async def test_tls_that_is_not_spoken_or_not_to_be_trusted(tmp_path: Path) -> None:
    async with answered_by(saying(403)) as url:
        plain = await found_at(url.replace("http:", "https:"), tmp_path)
    assert "no TLS is spoken there: let the server in front listen with TLS" in plain.text
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    done = ran(tool("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", str(key), "-out", str(certificate))  # fmt: skip
    assert done.returncode == 0, done.stderr
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with answered_by(saying(403), context) as url:
        found = await found_at(url, tmp_path)
    assert "its certificate is not accepted (self-signed certificate): give the server in front one for" in found.text


async def test_the_command_looks_at_both(config: Path, call: Call) -> None:  # noqa: F811
    """Planted fault: leave ``answering`` out of ``examine``."""
    async with telegram_at(build(World(token=TOKEN), page=None)) as telegram, answered_by(saying(404)) as url:
        more = {**MODE, "YIXIAN_WEBHOOK__URL": url, "YIXIAN_TELEGRAM__BASE_URL": telegram}
        more["YIXIAN_TELEGRAM__TOKEN"] = TOKEN
        looked = await asyncio.to_thread(call, "doctor", "--config", str(config), **ANY_YEAR, **more)
        alone = await asyncio.to_thread(call, "doctor", "--offline", "--config", str(config), **ANY_YEAR, **more)
    assert looked.code == 1
    assert "✗ webhook: Telegram delivers nowhere and not to" in looked.out
    assert "another server answers there (HTTP 404)" in looked.out
    assert "webhook" not in alone.out
