"""The small Telegram on 127.0.0.1: the Bot API, the control API and the page, in the event loop of whoever asks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from simulator.botapi import BotApi, Downloads
from simulator.control import HANDLERS, Control, OnAdvance, OnRun
from simulator.gate import Gate
from simulator.signals import Signal, until
from simulator.webhooks import Webhooks
from simulator.world import World

__all__ = ["build", "serving", "until"]

PAGE = Path(__file__).parent / "page"
# How long chaos holds back a late update when nothing else happens, in seconds.
LATENESS = 0.5


def build(
    world: World,
    *,
    token: str | None = None,
    on_advance: OnAdvance | None = None,
    key: str | None = None,
    page: Path | None = PAGE,
    zone: str | None = None,
    on_run: OnRun | None = None,
    more: Iterable[Route] = (),
) -> Starlette:
    """The application. `on_advance` owns the clock; `key` is asked of the page and /sim (address or cookie).

    `on_run` lets the clock run, or holds it. `zone` is the time zone in which the page shows the time; without it,
    the browser's. `more` is reached behind the same gate.
    """
    signal = Signal()
    secret = token or world.token
    routes: list[Route | Mount] = [
        Route("/bot{token}/{method}", BotApi(world, secret, signal)),
        Route("/file/bot{token}/{path:path}", Downloads(world, secret)),
        *Control(world, signal, on_advance, zone, on_run).routes(),
        *more,
    ]
    if page is not None:
        routes.append(Mount("/", StaticFiles(directory=page, html=True, check_dir=False)))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _attached(world, signal):
            yield

    app = Starlette(
        routes=routes, middleware=[Middleware(Gate, key=key)], exception_handlers=HANDLERS, lifespan=lifespan
    )
    app.state.signal = signal
    return app


@contextlib.asynccontextmanager
async def _attached(world: World, signal: Signal) -> AsyncIterator[None]:
    """While the server runs, new updates wake the long poll, or go to the webhook."""
    loop = asyncio.get_running_loop()
    webhooks = Webhooks(world)

    def held() -> None:
        loop.call_later(LATENESS, world.queue.release_late)

    world.queue.told.append(signal.fire)
    world.queue.held.append(held)
    webhooks.start()
    try:
        yield
    finally:
        await webhooks.stop()
        world.queue.held.remove(held)
        world.queue.told.remove(signal.fire)


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and its ticking: the program around it decides when to stop."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        """Serves until told to stop."""
        await self.stopping.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves SIGINT and SIGTERM alone."""
        yield


@contextlib.asynccontextmanager
async def serving(app: Starlette, port: int = 0) -> AsyncIterator[str]:
    """Serves the application and gives its address, http://127.0.0.1:port; the port is free to choose with 0."""
    # asyncio turns Nagle's delay off only for sockets that say they are TCP: 40 ms an answer otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="on", ws="none", http="h11", timeout_graceful_shutdown=2
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        app.state.signal.close()
        server.should_exit = True
        server.stopping.set()
        await task
        listener.close()
