"""How much a bot may send: Telegram's documented limits, enforced with 429 where they are switched on."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from simulator.cast import Chat
from simulator.refusals import too_many_requests

# Telegram's Bots FAQ, "My bot is hitting limits": about 30 messages a second in all, one a second in a chat
# (short bursts are let through; how long is not said, five is an assumption), 20 a minute in a group.
OVERALL = (30, 1.0)
PRIVATE = (5, 5.0)
GROUP = (20, 60.0)


@dataclass(slots=True)
class _Window:
    """The times of the newest `most` messages; one more has to wait until the oldest is `seconds` old."""

    most: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        while self.times and now - self.times[0] >= self.seconds:
            self.times.popleft()
        return self.times[0] + self.seconds - now if len(self.times) >= self.most else 0.0


class Allowance:
    """Counts what was sent; `refused` says how often it was too much."""

    def __init__(self) -> None:
        self.refused = 0
        self._overall = _Window(*OVERALL)
        self._chats: dict[int, _Window] = {}

    def spend(self, now: float, chat: Chat, messages: int = 1) -> None:
        """Counts what goes to `chat` at `now` (seconds), or refuses it; an album goes whole and counts so."""
        window = self._chats.get(chat.id)
        if window is None:
            window = self._chats[chat.id] = _Window(*(PRIVATE if chat.person else GROUP))
        if wait := max(self._overall.wait(now), window.wait(now)):
            self.refused += 1
            raise too_many_requests(max(math.ceil(wait), 1))
        self._overall.times.extend([now] * messages)
        window.times.extend([now] * messages)
