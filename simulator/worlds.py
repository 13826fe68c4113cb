"""One address under which one world follows another, and the call by which the page wishes for the next.

Pages and bots reach whichever world is there now; who still listens to the one before is sent home and comes again.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.control import answer, read
from simulator.refusals import Impossible
from simulator.signals import Signal

OnWish = Callable[[str, bool], Awaitable[int]]
"""Hears the language and whether everything shall begin anew; says which life of the place this is, from 1."""


class Worlds:
    """``app`` is what the server serves; ``showing`` says what it leads to."""

    def __init__(self) -> None:
        self._now: ASGIApp = PlainTextResponse("there is no world yet", 503)
        self.app = Starlette(routes=[Mount("/", self._pass)])
        self.app.state.signal = Signal()

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._now(scope, receive, send)

    @contextlib.asynccontextmanager
    async def showing(self, app: Starlette) -> AsyncIterator[None]:
        """``app``, one that `build` made, is what everybody reaches until another is shown."""
        async with app.router.lifespan_context(app):
            self._now = app
            try:
                yield
            finally:
                app.state.signal.close()


class Wishes:
    """``POST /sim/town`` with `{language?, again?}`: begin if nobody has, or with `again` begin anew."""

    def __init__(self, on_wish: OnWish, languages: Sequence[str]) -> None:
        self._on_wish = on_wish
        self._languages = languages

    def routes(self) -> list[Route]:
        """The address."""
        return [Route("/sim/town", self.wish, methods=["POST"])]

    async def wish(self, request: Request) -> Response:
        """Answers when the place that was wished for is the one that is reached. Without a language it is the first."""
        params = (await read(request)).params
        language = str(params.get("language") or self._languages[0])
        if language not in self._languages:
            raise Impossible(f"no town speaks {language}; known are {', '.join(self._languages)}")
        return answer({"life": await self._on_wish(language, params.get("again") is True)})
