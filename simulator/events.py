"""The world's events as a stream that can be continued: server-sent events, numbered within one life of the world."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator

from simulator.refusals import Json
from simulator.signals import Signal
from simulator.world import World

HEARTBEAT = 15.0


class Events:
    """What happened after a place in the stream, and everything that follows.

    A place is `life-number`: another start of the simulator is another life. The first event, `hello`, says whether
    the stream goes on where the reader was. Where it cannot, because the life is another one or too much has happened
    since, the reader has to fetch the state anew; one that falls that far behind later is told so by a new `hello`.
    """

    def __init__(self, world: World, closing: Signal) -> None:
        self._world = world
        self._closing = closing
        self._told = asyncio.Event()

    async def stream(self, place: str | None) -> AsyncIterator[str]:
        """The stream after `place`; without one, what happens from now on."""
        self._world.listeners.append(self._tell)
        try:
            found = self._place(place)
            after = self._last() if found is None else found
            yield self._hello(after, resumed=found is not None)
            while True:
                # Cleared before looking: what happens while the events are written wakes the next round.
                self._told.clear()
                for number, written in self._newer(after):
                    after = number
                    yield written
                if self._closing.closed:
                    return
                if not await self._woken():
                    yield ": still here\n\n"
        finally:
            self._world.listeners.remove(self._tell)

    def _tell(self, _: Json) -> None:
        self._told.set()

    def _place(self, place: str | None) -> int | None:
        """The number to go on after; None where that is not possible. A number alone is one of this life."""
        life, _, number = (place or "").rpartition("-")
        if not number.isdecimal() or life not in ("", self._world.life) or int(number) > self._last():
            return None
        return None if self._lost(int(number)) else int(number)

    def _newer(self, after: int) -> list[tuple[int, str]]:
        """The events after a number, as they are written; they are numbered without gaps."""
        if self._lost(after):
            return [(self._last(), self._hello(self._last(), resumed=False))]
        events = self._world.events
        skip = after + 1 - events[0]["seq"] if events else 0
        newer = itertools.islice(events, skip, None)
        return [(event["seq"], self._written(event["kind"], event["seq"], event)) for event in newer]

    def _last(self) -> int:
        return int(self._world.events[-1]["seq"]) if self._world.events else 0

    def _lost(self, after: int) -> bool:
        """Whether an event after this one is no longer kept."""
        return bool(self._world.events) and self._world.events[0]["seq"] > after + 1

    def _hello(self, after: int, *, resumed: bool) -> str:
        return self._written("hello", after, {"seq": after, "life": self._world.life, "resumed": resumed})

    def _written(self, kind: str, number: int, event: Json) -> str:
        return f"id: {self._world.life}-{number}\nevent: {kind}\ndata: {json.dumps(event)}\n\n"

    async def _woken(self) -> bool:
        """Waits for an event or the end; False after `HEARTBEAT` seconds of neither."""
        waits = {asyncio.create_task(self._told.wait()), asyncio.create_task(self._closing.ended.wait())}
        try:
            done, _ = await asyncio.wait(waits, timeout=HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            return bool(done)
        finally:
            for task in waits:
                task.cancel()
