"""The running bot behind nginx or Caddy, as ``deploy/`` shows them: only Telegram's path is let through, over TLS.

The servers read their examples with another name, port and certificate, and nothing else changed. Planted faults:
``location /`` with ``proxy_pass``, and everybody reads /metrics; no ``client_max_body_size``, and the bot has to refuse
what is too large; ``handle /telegram*``, and more than the one path is let through.
"""

import asyncio
import io
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from bot.web import LARGEST
from simulator.server import build, serving, until
from simulator.world import World
from tests.stage import TOKEN
from tests.test_commands import Call, call, config, made, receipts, running_bot  # noqa: F401 - fixtures
from tests.test_deploy import DEPLOY, ran, tool
from tests.test_intake import message
from tests.test_web import MODE, SECRET, free_port

HTTP = """{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""
"""What is around a server block in a distribution's nginx.conf."""
OPTIONS = """{{
	admin off
	auto_https disable_redirects
	storage file_system {folder}
	default_bind 127.0.0.1
}}
"""
"""Nothing listens but the one port, and nothing is written elsewhere."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for 127.0.0.1, which nobody signed."""
    key, found = folder / "key.pem", folder / "cert.pem"
    done = ran(tool("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key),
               "-out", str(found))  # fmt: skip
    assert done.returncode == 0, done.stderr
    return key, found


def example(name: str, *changes: tuple[str, str]) -> str:
    """A server's example with what is this machine's own; each of it stands there."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, bot: int) -> list[str]:
    """How nginx is started with its example."""
    key, found = certificate(folder)
    there = "/etc/letsencrypt/live/bot.example.org"
    server = example("nginx.conf", ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("bot.example.org", "127.0.0.1"),
                     ("/etc/letsencrypt/live/127.0.0.1/fullchain.pem", str(found)),
                     ("/etc/letsencrypt/live/127.0.0.1/privkey.pem", str(key)),
                     ("127.0.0.1:8080", f"127.0.0.1:{bot}"))  # fmt: skip
    assert there not in server
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(HTTP.format(user=user, folder=folder, server=server), encoding="utf-8")
    return [tool("nginx", "nginx-light"), "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"]


def caddy(folder: Path, port: int, bot: int) -> list[str]:
    """How Caddy is started with its example."""
    key, found = certificate(folder)
    site = example("Caddyfile", ("bot.example.org {", f"https://127.0.0.1:{port} {{\n\ttls {found} {key}"),
                   ("127.0.0.1:8080", f"127.0.0.1:{bot}"))  # fmt: skip
    (folder / "Caddyfile").write_text(OPTIONS.format(folder=folder) + site, encoding="utf-8")
    return [tool("caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@asynccontextmanager
async def in_front(command: list[str], folder: Path, port: int) -> AsyncIterator[None]:
    """That server, once it listens."""
    home = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, env=home, stdout=said, stderr=said)
    try:
        async with asyncio.timeout(30):
            while not await listens(port):
                assert process.returncode is None, (folder / "said").read_text("utf-8")
                await asyncio.sleep(0.05)  # another program begins to listen
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def listens(port: int) -> bool:
    """Whether somebody takes calls there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


ELSEWHERE = ["/", "/metrics", "/healthz", "/healthz/ready", "/telegram/", "/telegram/x", "/telegramx", "/Telegram",
             "//metrics", "/telegram/..%2fmetrics", "/telegram/../metrics"]  # fmt: skip


REFUSED = {nginx: {413}, caddy: {413, 502}}
"""How too much is refused: Caddy 2.6 breaks off what it passes on, and calls that a bad gateway."""


@pytest.mark.parametrize("server", REFUSED, ids=["nginx", "caddy"])
async def test_only_telegram_reaches_the_running_bot(
    config: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Callable[[Path, int, int], list[str]],
) -> None:
    port, inner = free_port(), free_port()
    command = server(tmp_path, port, inner)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))  # the simulated Telegram trusts it
    world = World(token=TOKEN)
    world.person(1001, "王芳")
    outside = f"https://127.0.0.1:{port}"
    more = {**MODE, "YIXIAN_WEBHOOK__URL": outside, "YIXIAN_WEBHOOK__PORT": str(inner), "YIXIAN_METRICS__ENABLED": "1"}
    async with (
        serving(build(world, page=None)) as address,
        in_front(command, tmp_path, port),
        running_bot(config, world, address, **more),
    ):
        await until(world, lambda: world.called("setWebhook"), 30)
        world.say(1001, "城北社区的路灯坏了三天")
        await until(world, lambda: world.idle() and receipts(world, 1001), 30)
        assert [await got(f"http://127.0.0.1:{inner}", path) for path in ("/metrics", "/healthz")] == [200, 200]
        assert {path: await got(outside, path) for path in ELSEWHERE} == dict.fromkeys(ELSEWHERE, 404)
        found = await posts(outside, world)
        assert found.pop("too large") in REFUSED[server]
        assert found == {"right": 200, "wrong": 403, "none": 403, "large": 200}
        assert [call["ok"] for call in world.called("setWebhook")] == [True]


async def got(server: str, path: str) -> int:
    """How somebody who asks for a page is answered."""
    async with browser("") as client, client.get(URL(server + path, encoded=True)) as answer:
        return answer.status


async def posts(server: str, world: World) -> dict[str, int]:
    """How posts to Telegram's path are answered, by secret and size."""
    small = {**message(world, 7, text="/help")}
    bodies = {
        "large": {**small, "filling": "x" * (LARGEST * 9 // 10)},
        "too large": {**small, "filling": "x" * LARGEST},
    }
    secrets = {"wrong": SECRET[:-1], "none": ""}
    found = {}
    for name in ("right", "wrong", "none", "large", "too large"):
        sent = io.BytesIO(json.dumps(bodies.get(name, small)).encode())
        async with browser(secrets.get(name, SECRET)) as client, client.post(f"{server}/telegram", data=sent) as answer:
            found[name] = answer.status
    return found


def browser(secret: str) -> aiohttp.ClientSession:
    """Somebody with or without the secret, who trusts the certificate and takes paths as they are."""
    headers = {"Content-Type": "application/json", **({"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {})}
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    return aiohttp.ClientSession(headers=headers, connector=connector)
