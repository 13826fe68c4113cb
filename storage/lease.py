"""Leading by a lock that lives as long as its session on PostgreSQL.

The leader says every ``BEAT`` that it is there. Where it does not (it is killed, stands still, or the network is cut),
the server ends its session after ``SILENCE`` and the lock is free; but the leader itself believes to lead for ``SURE``
seconds after its last word only, measured on its own clock from before it spoke. So a program that stood still knows,
when it goes on, that it may not send any more. Another takes over within ``SILENCE`` and a ``BEAT``.

Waking the leader is a NOTIFY, sent after the commit on this connection: within the transaction it would make commits
wait for each other.
"""

import asyncio
import os
import selectors
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import psycopg
import structlog

log = structlog.get_logger()

BEAT = 1.0
SURE = 5.0
SILENCE = 8.0
CHANNEL = "yixian"
TOGETHER = 0.01
"""Seconds in which several wakings become one."""

Connection = psycopg.Connection[tuple[Any, ...]]


class Lease:
    """A thread with a connection of its own."""

    def __init__(
        self,
        connect: Callable[[], Connection],
        key: tuple[int, int],
        beat: float = BEAT,
        sure: float = SURE,
        silence: float = SILENCE,
    ) -> None:
        self._connect = connect
        self._key = key
        self._beat = beat
        self._sure = sure
        self._silence = silence
        self._until = 0.0
        self._ending = threading.Event()
        self._wanted = threading.Event()
        self._ear, self._bell = os.pipe()
        self._changed: Callable[[], object] = lambda: None
        self._woken: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=self._run, name="leadership", daemon=True)

    @property
    def leading(self) -> bool:
        """Whether the last word to the server is recent enough."""
        return monotonic() < self._until

    def start(self, changed: Callable[[], object], woken: Callable[[], object]) -> None:
        """Begin; returns after the first try."""
        self._changed, self._woken = changed, woken
        self._thread.start()

    def wake(self) -> None:
        """Ring; the thread passes it on."""
        if not self._wanted.is_set() and not self._ending.is_set():
            self._wanted.set()
            os.write(self._bell, b".")

    async def close(self) -> None:
        """End the session, and with it the lock."""
        if self._ending.is_set():
            return
        self._ending.set()
        os.write(self._bell, b".")
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join)
        os.close(self._ear)
        os.close(self._bell)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                with self._connect() as connection:
                    self._session(connection)
            except psycopg.Error as error:
                log.warning("leadership", error=type(error).__name__, led=self._until > 0)
            self._until = 0.0
            self._changed()
            self._ending.wait(self._beat)

    def _session(self, connection: Connection) -> None:
        """One session, until it breaks or the program ends."""
        connection.execute(f"SET idle_session_timeout = '{self._silence:g}s'".encode())
        connection.execute(f"LISTEN {CHANNEL}".encode())
        holds = False
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._ear, selectors.EVENT_READ)
            while not self._ending.is_set():
                asked = monotonic()
                before, holds = holds, holds_still(connection) if holds else self._taken(connection)
                if holds:
                    self._until = asked + self._sure
                if holds and not before:
                    log.info("leading")
                    self._changed()
                self._listen(connection, selector, holds)

    def _taken(self, connection: Connection) -> bool:
        """Try to take the lock."""
        row = connection.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", self._key).fetchone()
        return bool(row and row[0])

    def _listen(self, connection: Connection, selector: selectors.BaseSelector, leads: bool) -> None:
        """Wait for a waking from elsewhere, or for one to pass on."""
        ready = {key.fd for key, _ in selector.select(self._beat)}
        if self._ear in ready:
            os.read(self._ear, 4096)
        heard = list(connection.notifies(timeout=0))
        if leads and (heard or self._wanted.is_set()):
            self._woken()
        if self._wanted.is_set():
            self._wanted.clear()
            if not leads:
                connection.execute(f"NOTIFY {CHANNEL}".encode())
                self._ending.wait(TOGETHER)


def holds_still(connection: Connection) -> bool:
    """A session that answers still has its lock."""
    connection.execute("SELECT 1")
    return True
