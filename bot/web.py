"""What may be asked over HTTP: Telegram's webhook, whether the bot lives and is ready, and its numbers.

The webhook answers 200 only after the turn's commit; a request without the secret, too large, or not JSON never
reaches a turn. What cannot be read is counted and answered 200, or Telegram would send it for ever.
"""

import asyncio
import hmac
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.config_errors import config_error
from bot.config_sections import Webhook
from bot.health import Ready
from bot.intake import Intake
from bot.signs import NOTHING_HERE, SECRET_HEADER, SIGN_HEADER, WEBHOOK

if TYPE_CHECKING:
    from bot.metrics import Metrics

log = structlog.get_logger()

LARGEST = 1024 * 1024
"""Bytes of an update; Telegram's are far smaller."""
BACKLOG = 512
"""Callers that may wait."""
ONE_CALLER = 1


class WebhookEndpoint:
    """Telegram's calls."""

    def __init__(self, intake: Intake, secret: str) -> None:
        self._intake = intake
        self._secret = secret.encode()
        self.unreadable = 0

    async def __call__(self, request: Request) -> Response:
        """200 once the update is committed; 503 where it could not be, so that Telegram sends it again."""
        return PlainTextResponse("", await self._status(request), {SIGN_HEADER: WEBHOOK})

    async def _status(self, request: Request) -> HTTPStatus:
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._secret):
            return HTTPStatus.FORBIDDEN
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        body = await limited(request)
        if body is None:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raw = self._parsed(body)
        taken = raw is None or await self._intake.take(raw)
        return HTTPStatus.OK if taken else HTTPStatus.SERVICE_UNAVAILABLE

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            self.unreadable += 1
            log.warning("webhook: not JSON", times=self.unreadable)
            return None


async def limited(request: Request) -> bytes | None:
    """The body, or None where it is larger than allowed; a false Content-Length does not help."""
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


async def alive(_: Request) -> Response:
    """The program runs and answers."""
    return PlainTextResponse("ok\n")


async def nothing_here(_: Request, __: Exception) -> Response:
    """A path that is not served: whoever looks for the webhook learns that it is this program all the same."""
    return PlainTextResponse("Not Found", HTTPStatus.NOT_FOUND, {SIGN_HEADER: NOTHING_HERE})


def readiness(ready: Ready) -> Route:
    """Whether the program can do its work: a line for each part, 503 where one cannot."""

    async def answer(_: Request) -> Response:
        checks = await ready()
        lines = [f"{'ok' if check.ok else 'failed'} {check.name}: {check.text}\n" for check in checks]
        well = all(check.ok for check in checks)
        return PlainTextResponse("".join(lines), HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)

    return Route("/healthz/ready", answer, methods=["GET"])


def numbers(metrics: "Metrics") -> Route:
    """What Prometheus reads."""
    from bot.metrics import CONTENT_TYPE

    async def answer(_: Request) -> Response:
        return Response(await metrics.page(), media_type=CONTENT_TYPE)

    return Route("/metrics", answer, methods=["GET"])


def receiving(intake: Intake, webhook: Webhook) -> Route:
    """Where Telegram delivers."""
    endpoint = WebhookEndpoint(intake, webhook.secret.get_secret_value())
    return Route(webhook.path, endpoint.__call__, methods=["POST"])


def build_web(*routes: Route) -> Starlette:
    """Those routes, and whether the program lives."""
    return Starlette(
        routes=[*routes, Route("/healthz", alive, methods=["GET"])],
        exception_handlers={HTTPStatus.NOT_FOUND: nothing_here},
    )


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers (the program around it decides when to stop), and fair among workers.

    asyncio takes as many callers at a time as the queue may hold, so that the first of several workers on one socket
    would get all who come at once, and as Telegram keeps its connections, keep them.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve with ``backlog`` of the configuration, which is one caller at a time, and let the others wait."""
        await super().startup(sockets=sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGINT and SIGTERM alone."""
        yield


@asynccontextmanager
async def serving(app: Starlette, listen: str, port: int) -> AsyncIterator[int]:
    """Serve until left, and say on which port (0 picks a free one). Raises ``ConfigError`` where it is taken."""
    async with served(app, bound(listen, port)) as found:
        yield found


def bound(listen: str, port: int) -> socket.socket:
    """A socket that callers can reach. Raises ``ConfigError`` where the port is taken, or the address not ours."""
    listener = socket.socket(
        socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((listen, port))
        listener.listen(BACKLOG)  # from here on callers wait instead of being refused
    except OSError as error:
        listener.close()
        because = f"{listen} does not let us have it ({error.strerror}): stop what uses it, or set another"
        raise config_error("webhook.port", port, because) from None
    return listener


@asynccontextmanager
async def served(app: Starlette, listener: socket.socket) -> AsyncIterator[int]:
    """Serve on a socket that is bound, until left; it is closed then."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            ws="none",
            lifespan="off",
            timeout_graceful_shutdown=5,
            backlog=ONE_CALLER,
        )
    )
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listener.close()
