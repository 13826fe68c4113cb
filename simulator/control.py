"""The control API under /sim/: what the page and tests do to the world, JSON in and out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulator.cast import ChatType, Person
from simulator.clock import span
from simulator.deeds import DEEDS, Body
from simulator.events import Events
from simulator.forms import parsed
from simulator.refusals import Impossible, Json, Refused
from simulator.screen import described
from simulator.signals import Signal
from simulator.world import World

OnAdvance = Callable[[timedelta], Awaitable[object]]
OnRun = Callable[[bool], object]
# What POST /sim/people may say of somebody beside name and language.
_ABOUT = ("last_name", "username", "phone_number", "role", "private_forwards")


def answer(content: Any, status: int = 200) -> Response:
    """JSON in ASCII, so that half a character that somebody sent does not break the answer."""
    return Response(json.dumps(content), status, media_type="application/json")


class Control:
    """Each route is a short translation from HTTP to a method of the world."""

    def __init__(
        self,
        world: World,
        signal: Signal,
        on_advance: OnAdvance | None,
        zone: str | None = None,
        on_run: OnRun | None = None,
    ) -> None:
        self.world = world
        self.signal = signal
        self.on_advance = on_advance
        self.zone = zone
        self.on_run = on_run
        self.runs = True

    def routes(self) -> list[Route]:
        """The addresses."""
        return [
            Route("/sim/people", self.people, methods=["GET"]),
            Route("/sim/people", self.appear, methods=["POST"]),
            Route("/sim/people/{id:int}/chat", self.chat, methods=["GET"]),
            Route("/sim/people/{id:int}/{deed}", self.deed, methods=["POST"]),
            Route("/sim/groups", self.group, methods=["POST"]),
            Route("/sim/groups/{id}/migrate", self.migrate, methods=["POST"]),
            Route("/sim/updates", self.updates, methods=["GET"]),
            Route("/sim/updates", self.inject, methods=["POST"]),
            Route("/sim/clock", self.clock, methods=["GET"]),
            Route("/sim/clock", self.advance, methods=["POST"]),
            Route("/sim/story", self.story, methods=["GET"]),
            Route("/sim/chaos", self.chaos, methods=["GET"]),
            Route("/sim/chaos", self.set_chaos, methods=["POST"]),
            Route("/sim/events", self.events, methods=["GET"]),
            Route("/sim/calls", self.calls, methods=["GET"]),
            Route("/sim/transcript", self.transcript, methods=["GET"]),
            Route("/sim/transcript", self.begin_transcript, methods=["DELETE"]),
            Route("/sim/files/{file_id}", self.file, methods=["GET"]),
        ]

    # People.

    async def people(self, _: Request) -> Response:
        """Everybody."""
        return answer({"people": self.world.cast(), "bot": self.world.bot})

    async def appear(self, request: Request) -> Response:
        """A phone appears."""
        body = await read(request)
        more = {name: body.params[name] for name in _ABOUT if name in body.params}
        number = int(body.params.get("id") or max([1000, *self.world.people]) + 1)
        person = self.world.person(number, body.word("first_name"), body.params.get("language_code", "zh"), **more)
        return answer(described(person), 201)

    async def chat(self, request: Request) -> Response:
        """The chat as the person sees it; `?chat=` for a group, `?limit=` for fewer messages, `?look=1` reads it."""
        person = self._person(request)
        where = request.query_params.get("chat")
        group = int(where) if where else None
        if request.query_params.get("look"):
            self.world.look(person, chat=group)
        return answer(self.world.chat(person, group, limit=int(request.query_params.get("limit", 200))))

    async def deed(self, request: Request) -> Response:
        """Something that person does."""
        deed = DEEDS.get(request.path_params["deed"])
        if deed is None:
            raise Impossible(f"nobody can {request.path_params['deed']}; known are {', '.join(DEEDS)}")
        return answer(deed(self.world, self._person(request), await read(request)))

    def _person(self, request: Request) -> Person:
        return self.world.find_person(int(request.path_params["id"]))

    # Groups and raw updates.

    async def group(self, request: Request) -> Response:
        """A new group with the bot in it."""
        body = await read(request)
        kind: ChatType = "group" if body.params.get("type") == "group" else "supergroup"
        chat = self.world.group(body.word("title"), list(body.params.get("members", [])), kind=kind)
        return answer({"id": chat.id, "title": chat.title, "type": chat.type, "members": list(chat.members)}, 201)

    async def migrate(self, request: Request) -> Response:
        """A group becomes a supergroup."""
        group = self.world.find_group(int(request.path_params["id"]))
        chat = self.world.migrate(group, next(iter(group.members)))
        return answer({"id": chat.id, "title": chat.title, "type": chat.type})

    async def updates(self, _: Request) -> Response:
        """What the bot has not confirmed."""
        return answer({"updates": self.world.pending_updates(), "idle": self.world.idle()})

    async def inject(self, request: Request) -> Response:
        """An update exactly as given."""
        return answer(self.world.queue.inject(dict((await read(request)).params)))

    # Time and accidents.

    async def clock(self, _: Request) -> Response:
        """What time it is."""
        return answer(self._time())

    def _time(self) -> Json:
        """The time; where it is told, the zone; where it can be held, whether it runs."""
        told: Json = {"now": self.world.now().isoformat()}
        if self.zone:
            told["zone"] = self.zone
        return told if self.on_run is None else {**told, "runs": self.runs}

    async def advance(self, request: Request) -> Response:
        """Puts the clock forward; the answer comes when what is due then has been done."""
        body = await read(request)
        if "runs" in body.params:
            return self._run(bool(body.params["runs"]))
        delta = span(body.word("advance"))
        if self.on_advance is None:
            now = self.world.advance(delta)
        else:
            self.world.advancing(delta)
            await self.on_advance(delta)
            now = self.world.advanced(delta)
        return answer({"now": now.isoformat(), "advanced": delta.total_seconds()})

    def _run(self, on: bool) -> Response:
        """Lets the clock run or holds it."""
        if self.on_run is None:
            raise Impossible("this clock cannot be held")
        self.on_run(on)
        self.runs = on
        self.world.emit("clock", advanced=0, **self._time())
        return answer(self._time())

    async def story(self, _: Request) -> Response:
        """What happens before anybody looks, and how far it is."""
        return answer(self.world.story)

    async def chaos(self, _: Request) -> Response:
        """What goes wrong at the moment."""
        return self._chaos()

    async def set_chaos(self, request: Request) -> Response:
        """What shall go wrong: by rate, or the next calls of one method; `limits`: whether sending is limited."""
        params = (await read(request)).params
        chaos = self.world.chaos
        if "rate" in params:
            chaos.set(float(params["rate"]), params.get("kinds"), seed=params.get("seed"))
        chaos.retry_after = int(params.get("retry_after", chaos.retry_after))
        chaos.silence = float(params.get("silence", chaos.silence))
        for one in params.get("next", ()):
            chaos.script(one.get("method", "*"), one["kind"], times=one.get("times", 1), seconds=one.get("seconds"))
        if "limits" in params:
            self.world.limit(bool(params["limits"]))
        self.world.emit("chaos", rate=chaos.rate, kinds=list(chaos.kinds))
        return self._chaos()

    def _chaos(self) -> Response:
        return answer({**self.world.chaos.state(), "limits": self.world.allowance is not None})

    # What happened.

    async def calls(self, request: Request) -> Response:
        """The bot's calls, newest last; `?after=` a sequence number, `?limit=`."""
        after = int(request.query_params.get("after", 0))
        limit = int(request.query_params.get("limit", 200))
        found = [call for call in self.world.calls if call["seq"] > after]
        return answer({"calls": found[-limit:]})

    async def transcript(self, _: Request) -> Response:
        """What was done so far, as a test."""
        zone = ZoneInfo(self.zone) if self.zone else None
        return Response(self.world.transcript(zone).encode("utf-8", "replace"), media_type="text/plain; charset=utf-8")

    async def begin_transcript(self, _: Request) -> Response:
        """Starts a new transcript."""
        self.world.begin_transcript()
        return answer({"ok": True})

    async def file(self, request: Request) -> Response:
        """A file by its id, for the page."""
        stored = self.world.files.get(request.path_params["file_id"])
        if stored is None:
            return answer({"error": "there is no such file"}, 404)
        # Only what cannot run in a page is shown in it.
        shown = stored.mime_type.startswith(("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/"))
        headers = {"X-Content-Type-Options": "nosniff"}
        if not shown:
            headers["Content-Disposition"] = "attachment"
        return Response(stored.data, media_type=stored.mime_type, headers=headers)

    async def events(self, request: Request) -> Response:
        """Every change as a server-sent event; Last-Event-ID or `?after=` continue where one was."""
        place = request.headers.get("last-event-id") or request.query_params.get("after")
        stream = Events(self.world, self.signal).stream(place)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def read(request: Request) -> Body:
    """What a call brought."""
    params, uploads = parsed(request.headers.get("content-type", ""), await request.body(), "")
    return Body(params, uploads)


async def refuse(_: Request, problem: Exception) -> Response:
    """What cannot be done, in one sentence."""
    words = problem.description if isinstance(problem, Refused) else str(problem)
    return answer({"error": words}, 400)


async def misread(_: Request, problem: Exception) -> Response:
    """A body that does not say what is needed."""
    return answer({"error": f"{type(problem).__name__}: {problem}"}, 400)


HANDLERS: dict[Any, Any] = {
    Impossible: refuse,
    Refused: refuse,
    KeyError: misread,
    ValueError: misread,
    TypeError: misread,
    OverflowError: misread,
}
