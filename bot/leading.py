"""What one process alone does, of several on one database: send, run errands, tick, and poll where nobody calls us.

These parts run while this process leads, and end at once where it no longer does. One process on a file always leads.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import structlog

from storage.leadership import Leadership

log = structlog.get_logger()

LOOK_SECONDS = 0.5
"""How often to look whether this process still leads; what sends looks before every message."""

Part = Coroutine[Any, Any, None]


class Term(asyncio.Event):
    """How long a leader leads: it is over with the program, too, and at once."""

    def __init__(self, program: asyncio.Event) -> None:
        super().__init__()
        self._program = program

    def is_set(self) -> bool:
        """Whether it is over."""
        return super().is_set() or self._program.is_set()


class Leading:
    """Starts the parts of a leader and ends them. ``parts`` makes them; each ends when its event is set."""

    def __init__(
        self,
        leadership: Leadership,
        parts: Callable[[asyncio.Event], Iterable[Part]],
        ended: Callable[[asyncio.Task[None]], None],
        stopping: asyncio.Event,
    ) -> None:
        self._leadership = leadership
        self._parts = parts
        self._ended = ended
        self._stopping = stopping
        self._term: asyncio.Event | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    def look(self) -> None:
        """Something may have changed."""
        self._changed.set()

    def begin(self) -> None:
        """Where this process leads, do what a leader does."""
        if self._term is not None or not self._leadership.leading:
            return
        self._term = Term(self._stopping)
        self._tasks = [asyncio.create_task(part) for part in self._parts(self._term)]
        for task in self._tasks:
            task.add_done_callback(self._ended)

    async def run(self) -> None:
        """Until told to stop; then end what was begun."""
        try:
            while not self._stopping.is_set():
                self._changed.clear()
                self.begin()
                if self._term is not None and not self._leadership.leading:
                    log.warning("no longer leading")
                    await self._end()
                await self._wait()
            await self._end()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _end(self) -> None:
        """Every part ends by itself: it finishes what is on its way."""
        if self._term is None:
            return
        self._term.set()
        await asyncio.wait(self._tasks)
        self._term, self._tasks = None, []

    async def _wait(self) -> None:
        told, changed = asyncio.ensure_future(self._stopping.wait()), asyncio.ensure_future(self._changed.wait())
        await asyncio.wait({told, changed}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in (told, changed):
            task.cancel()
