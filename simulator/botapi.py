"""The Bot API over HTTP: /bot<token>/<method> with long polling, and /file/bot<token>/<path>."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from collections.abc import Mapping
from datetime import UTC
from email.utils import format_datetime
from typing import Any

from starlette.types import Receive, Scope, Send

from simulator.chaos import Fault
from simulator.files import Upload
from simulator.forms import parsed
from simulator.methods import perform
from simulator.refusals import Json, Refused, bad_request, conflict, forbidden, too_many_requests
from simulator.signals import Signal
from simulator.world import World

log = logging.getLogger(__name__)

LONGEST_POLL = 50
OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
_JSON = [(b"content-type", b"application/json")]


class BotApi:
    """Answers the calls of one bot, with the date that the world's clock shows."""

    def __init__(self, world: World, token: str, signal: Signal) -> None:
        self.world = world
        self.token = token
        self.signal = signal
        self._poll = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        name = scope["path_params"]["method"]
        body = await _body(receive)
        fault: Fault | None = None
        try:
            if scope["path_params"]["token"] != self.token:
                raise Refused(401, "Unauthorized")
            fault = self.world.chaos.for_call(name)
            params, uploads = parsed(_header(scope, b"content-type"), body, scope["query_string"].decode())
            if fault is not None and not await self._survives(fault, name, params, receive):
                return await _cut(receive)
            status, answer = 200, {"ok": True, "result": await self._result(name, params, uploads)}
        except Refused as refusal:
            status, answer = refusal.code, refusal.answer()
        except Exception:
            log.exception("the simulator failed in %s", name)
            status, answer = 500, Refused(500, "Internal Server Error").answer()
        if fault is not None and fault.kind == "lost":
            self.world.answer_lost(name)
            return await _cut(receive)
        date = (b"date", format_datetime(self.world.now().astimezone(UTC), usegmt=True).encode())
        return await respond(send, status, json.dumps(answer, separators=(",", ":")).encode(), [*_JSON, date])

    async def _result(self, name: str, params: Mapping[str, Any], uploads: Mapping[str, Upload]) -> Any:
        if name.lower() == "getupdates":
            return await self._updates(params)
        return perform(self.world, name, params, uploads)

    async def _survives(self, fault: Fault, name: str, params: Mapping[str, Any], receive: Receive) -> bool:
        """Whether the call reaches Telegram. A refusal is raised, and noted among the calls."""
        if fault.kind == "lost":
            return True
        if fault.kind in ("timeout", "reset"):
            self.world.called_with(name, params, {"ok": False, "description": f"simulated {fault.kind}"})
            if fault.kind == "timeout":
                await self._silence(fault.seconds, receive)
            return False
        refusal = _refusal(fault)
        self.world.called_with(name, params, refusal.answer())
        raise refusal

    async def _silence(self, seconds: float, receive: Receive) -> None:
        """Says nothing until the client gives up or `seconds` have passed."""
        gone = asyncio.create_task(_gone(receive))
        closed = asyncio.create_task(self.signal.ended.wait())
        _, left = await asyncio.wait({gone, closed}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()

    async def _updates(self, params: Mapping[str, Any]) -> list[Json]:
        """getUpdates: waits for an update, at most `timeout` seconds; a second poll ends the first."""
        self._poll += 1
        mine = self._poll
        self.signal.fire()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(_seconds(params.get("timeout")), LONGEST_POLL)
        while True:
            batch: list[Json] = perform(self.world, "getUpdates", params)
            left = deadline - loop.time()
            if batch or left <= 0 or self.signal.closed:
                return batch
            await self.signal.wait(left)
            if self._poll != mine:
                raise conflict(OTHER_POLL)


class Downloads:
    """Files by the path that getFile gave out."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One download."""
        await _body(receive)
        stored = self.world.files.at(scope["path_params"]["path"])
        right = scope["path_params"]["token"] == self.token
        fault = self.world.chaos.for_call("file") if right else None
        if fault is not None and fault.kind in ("reset", "lost", "timeout"):
            return await _cut(receive)
        if fault is not None:
            return await _refuse(send, Refused(502, "Bad Gateway"))
        if not right:
            return await _refuse(send, Refused(401, "Unauthorized"))
        if stored is None:
            return await _refuse(send, Refused(404, "Not Found"))
        return await respond(send, 200, stored.data, [(b"content-type", b"application/octet-stream")])


def _seconds(value: Any) -> float:
    try:
        return max(float(value or 0), 0)
    except (TypeError, ValueError):
        return 0


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _refusal(fault: Fault) -> Refused:
    match fault.kind:
        case "429":
            return too_many_requests(max(int(fault.seconds), 1))
        case "400":
            return bad_request("METHOD_INVALID")
        case "401":
            return Refused(401, "Unauthorized")
        case "403":
            return forbidden("bot can't do that")
        case _:
            return Refused(502, "Bad Gateway")


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """A whole answer."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _refuse(send: Send, refusal: Refused) -> None:
    await respond(send, refusal.code, json.dumps(refusal.answer()).encode(), _JSON)


async def _gone(receive: Receive) -> None:
    """Waits until the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(receive: Receive) -> None:
    """Ends the connection without an answer, as a broken network does: the client sees a reset.

    ASGI has no word for this. uvicorn's `receive` belongs to the request, which knows its transport.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise ConnectionResetError("the simulated network lost the answer")
    if (connection := transport.get_extra_info("socket")) is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _gone(receive)
