"""The running bot behind nginx or Caddy, as the operator's page and ``deploy/`` show them: set up, called, looked at.

The configuration is the page's, and bot.example.org leads to the server, which reads its example with another port and
certificate, and nothing else changed. Planted faults: tell Telegram another address than the page's, and every update
meets a 404; ``location /`` with ``proxy_pass``, and everybody reads /metrics; no ``client_max_body_size``, and the bot
has to refuse what is too large; ``handle /telegram*``, and more than the one path is let through.
"""

import asyncio
import io
import json
import os
import re
import shlex
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bot.config import load
from bot.diagnosis_webhook import answering
from bot.web import LARGEST
from simulator.server import build, serving, until
from simulator.world import World
from tests.operating import block, deployed
from tests.stage import TOKEN
from tests.test_commands import Call, call, config, made, receipts, running_bot  # noqa: F401 - fixtures
from tests.test_deploy import ran, tool
from tests.test_intake import message
from tests.test_web import free_port

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
	https_port {port}
	auto_https disable_redirects
	storage file_system {folder}
	default_bind 127.0.0.1
}}
"""
"""Nothing listens but the one port, and nothing is written elsewhere."""


NAME = "bot.example.org"
OUTSIDE = f"https://{NAME}"
TOLD = f"{OUTSIDE}/telegram"
"""What Telegram is told, and nothing else."""
WEBHOOK = block("Polling or webhook")
NGINX, CADDY = deployed("nginx.conf"), deployed("Caddyfile")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate for the page's name, which nobody signed."""
    key, found = folder / "key.pem", folder / "cert.pem"
    done = ran(tool("openssl", "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", str(key),
               "-out", str(found))  # fmt: skip
    assert done.returncode == 0, done.stderr
    return key, found


def example(text: str, *changes: tuple[str, str]) -> str:
    """A server's example with what is this machine's own; each of it stands there."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, bot: int) -> list[str]:
    """How nginx is started with its example."""
    key, found = certificate(folder)
    there = f"/etc/letsencrypt/live/{NAME}"
    server = example(NGINX, ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
                     (f"{there}/fullchain.pem", str(found)), (f"{there}/privkey.pem", str(key)),
                     ("127.0.0.1:8080", f"127.0.0.1:{bot}"))  # fmt: skip
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(HTTP.format(user=user, folder=folder, server=server), encoding="utf-8")
    return [tool("nginx", "nginx-light"), "-c", str(folder / "nginx.conf"), "-p", str(folder), "-g", "daemon off;"]


def caddy(folder: Path, port: int, bot: int) -> list[str]:
    """How Caddy is started with its example."""
    key, found = certificate(folder)
    site = example(CADDY, (f"{NAME} {{", f"{NAME} {{\n\ttls {found} {key}"),
                   ("127.0.0.1:8080", f"127.0.0.1:{bot}"))  # fmt: skip
    (folder / "Caddyfile").write_text(OPTIONS.format(folder=folder, port=port) + site, encoding="utf-8")
    return [tool("caddy", "caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def as_the_page_says(config: Path) -> None:  # noqa: F811
    """The page's lines in the place of those that ``init`` wrote, with a secret made as the page says."""
    making = next(line for line in WEBHOOK.splitlines() if line.startswith("# python3 -c "))
    secret = ran(*shlex.split(making.removeprefix("# "))).stdout.strip()
    text, section = config.read_text(encoding="utf-8"), ""
    for line in WEBHOOK.replace("…", secret).splitlines():
        if line.startswith("["):
            section = f"\n{line}\n"
        elif not line.startswith("#"):
            before, _, after = text.partition(section)
            written, times = re.subn(rf"^{line.partition(' = ')[0]} = .*$", line, after, count=1, flags=re.MULTILINE)
            assert times == 1, f"{line} has no place in config.toml"
            text = before + section + written
    config.write_text(text, encoding="utf-8")


def lead(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    """What a name server and a router do: the page's name, port 443, is this machine at that port."""
    asked = socket.getaddrinfo

    def found(host: str, *rest: Any, **more: Any) -> Any:
        if host != NAME:
            return asked(host, *rest, **more)
        assert 443 in rest or more.get("port") == 443
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", found)


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
async def test_the_page_is_right_and_only_telegram_reaches_the_bot(
    config: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Callable[[Path, int, int], list[str]],
) -> None:
    port, inner = free_port(), free_port()
    command = server(tmp_path, port, inner)
    as_the_page_says(config)
    lead(monkeypatch, port)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))  # the simulated Telegram trusts it, and doctor
    secret = load(config, {}).webhook.secret.get_secret_value()
    world = World(token=TOKEN, own_server=False)
    world.person(1001, "王芳")
    more = {"YIXIAN_WEBHOOK__PORT": str(inner), "YIXIAN_METRICS__ENABLED": "1"}
    async with (
        serving(build(world, page=None)) as address,
        in_front(command, tmp_path, port),
        running_bot(config, world, address, **more),
    ):
        await until(world, lambda: world.called("setWebhook"), 30)
        world.say(1001, "城北社区的路灯坏了三天")
        await until(world, lambda: world.idle() and receipts(world, 1001), 30)
        assert [(call["ok"], call["params"]["url"]) for call in world.called("setWebhook")] == [(True, TOLD)]
        assert "last_error_message" not in world.webhook
        looked = await answering(load(config, {"YIXIAN_TELEGRAM__BASE_URL": address}))
        assert looked.line() == f"✓ webhook: this bot answers at {TOLD}, and asks for the secret"
        assert [await got(f"http://127.0.0.1:{inner}", path) for path in ("/metrics", "/healthz")] == [200, 200]
        assert {path: await got(OUTSIDE, path) for path in ELSEWHERE} == dict.fromkeys(ELSEWHERE, 404)
        found = await posts(secret, world)
        assert found.pop("too large") in REFUSED[server]
        assert found == {"right": 200, "wrong": 403, "none": 403, "large": 200}


async def got(server: str, path: str) -> int:
    """How somebody who asks for a page is answered."""
    async with browser("") as client, client.get(URL(server + path, encoded=True)) as answer:
        return answer.status


async def posts(secret: str, world: World) -> dict[str, int]:
    """How posts to Telegram's path are answered, by secret and size."""
    small = {**message(world, 7, text="/help")}
    bodies = {
        "large": {**small, "filling": "x" * (LARGEST * 9 // 10)},
        "too large": {**small, "filling": "x" * LARGEST},
    }
    secrets = {"wrong": secret[:-1], "none": ""}
    found = {}
    for name in ("right", "wrong", "none", "large", "too large"):
        sent = io.BytesIO(json.dumps(bodies.get(name, small)).encode())
        async with browser(secrets.get(name, secret)) as client, client.post(TOLD, data=sent) as answer:
            found[name] = answer.status
    return found


def browser(secret: str) -> aiohttp.ClientSession:
    """Somebody with or without the secret, who trusts the certificate and takes paths as they are."""
    headers = {"Content-Type": "application/json", **({"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {})}
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context())
    return aiohttp.ClientSession(headers=headers, connector=connector)
