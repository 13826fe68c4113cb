"""Lets in only who is on this computer and, where a key is set, who knows it."""

from __future__ import annotations

from hmac import compare_digest
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "simulator_key"
# The Bot API has its own secret, the token.
_BOT = ("/bot", "/file/bot")


class Gate:
    """Checks Host and Origin against DNS rebinding and foreign pages, and the key in address or cookie."""

    def __init__(self, app: ASGIApp, *, key: str | None = None) -> None:
        self.app = app
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on what may pass."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        if not _from_here(scope, headers):
            return await PlainTextResponse("wrong host or origin", 403)(scope, receive, send)
        if self.key is None or scope["path"].startswith(_BOT):
            return await self.app(scope, receive, send)
        return await self._keyed(self.key, headers, scope, receive, send)

    async def _keyed(self, key: str, headers: dict[bytes, bytes], scope: Scope, receive: Receive, send: Send) -> None:
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
        kept = cookies[COOKIE].value if COOKIE in cookies else ""
        if compare_digest(asked.encode(), key.encode()):
            return await self.app(scope, receive, _with_cookie(send, key))
        if compare_digest(kept.encode(), key.encode()):
            return await self.app(scope, receive, send)
        return await PlainTextResponse("open the address that was printed at the start", 403)(scope, receive, send)


def _from_here(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    port = (scope.get("server") or ("", None))[1]
    hosts = {f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode()}
    origin = headers.get(b"origin")
    return headers.get(b"host") in hosts and (origin is None or origin.removeprefix(b"http://") in hosts)


def _with_cookie(send: Send, key: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            cookie = f"{COOKIE}={key}; Path=/; HttpOnly; SameSite=Strict".encode()
            message["headers"] = [*message["headers"], (b"set-cookie", cookie)]
        await send(message)

    return sending
