"""Waiting in the event loop for the world to change, without asking it again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from simulator.world import World

T = TypeVar("T")


class Signal:
    """Wakes everybody who waits; `ended` is set when they shall go home."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._event = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether it was the last time."""
        return self.ended.is_set()

    def fire(self, _: object = None) -> None:
        """Wakes the waiting."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    def close(self) -> None:
        """Wakes the waiting for the last time."""
        self.ended.set()
        self.fire()

    async def wait(self, seconds: float | None = None) -> bool:
        """Waits for the next `fire`; False when `seconds` passed first."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


async def until(world: World, ready: Callable[[], T], seconds: float | None = 30.0) -> T:
    """Waits until `ready()` is true and returns what it gave; it is asked again whenever the world changes.

    Raises `TimeoutError` after that many seconds; with None it waits for as long as it takes.
    """
    signal = Signal()
    world.listeners.append(signal.fire)
    world.queue.told.append(signal.fire)
    try:
        async with asyncio.timeout(seconds):
            while not (result := ready()):
                await signal.wait()
            return result
    finally:
        world.listeners.remove(signal.fire)
        world.queue.told.remove(signal.fire)
