"""Hands out updates to whoever polls, and takes the next offset for a word that the last ones were taken."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from benchmarks.concern import Update
from benchmarks.http import Connection


@dataclass(slots=True)
class Poll:
    """Somebody who waits for updates."""

    connection: Connection
    limit: int
    timer: asyncio.TimerHandle


class Polls:
    """The queue of one bot. ``handed`` and ``taken`` are told of each update."""

    def __init__(self, handed: Callable[[Update], None], taken: Callable[[Update], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._handed = handed
        self._taken = taken
        self._waiting: deque[Update] = deque()
        self._poll: Poll | None = None
        self._flush_due = False

    def put(self, update: Update) -> None:
        """Hand it out together with whatever else happens now."""
        self._waiting.append(update)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def ask(self, connection: Connection, fields: dict[str, Any]) -> None:
        """``getUpdates``; a second one ends the first."""
        offset, seconds = int(fields.get("offset", 0)), float(fields.get("timeout", 0))
        while self._waiting and self._waiting[0].update_id < offset:
            self._taken(self._waiting.popleft())
        self._end()
        timer = self._loop.call_later(seconds, self._end)
        self._poll = Poll(connection, int(fields.get("limit", 100)), timer)
        if self._waiting or not seconds:
            self._flush()

    def _flush(self) -> None:
        """Hand out what waits to whoever waits for it."""
        self._flush_due = False
        if self._poll is None or not self._poll.connection.is_open:
            return
        batch = list(islice(self._waiting, self._poll.limit))
        for update in batch:
            self._handed(update)
        self._end([update.raw() for update in batch])

    def _end(self, updates: list[dict[str, Any]] | None = None) -> None:
        poll, self._poll = self._poll, None
        if poll is not None:
            poll.timer.cancel()
            poll.connection.answer(json.dumps(updates or [], ensure_ascii=False).encode())
