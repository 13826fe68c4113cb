"""How fast Telegram lets a bot speak: so many messages a second in all, one a second to a chat, fewer to a group.

A bucket holds a small burst for answers and fills evenly; a chat that was told to wait (429) waits exactly that long.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from bot.config_sections import Sender

FORGET_AFTER = 300.0
"""Seconds after which a silent chat's bucket is full anyway and is dropped."""
GROUP_MINUTE = 60.0


@dataclass(slots=True)
class Bucket:
    """Tokens that come at ``rate`` a second, at most ``size`` of them."""

    rate: float
    size: float
    tokens: float
    at: float

    def take(self, now: float) -> float:
        """Take one; how many seconds to wait before using it."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate) - 1
        self.at = now
        return max(0.0, -self.tokens / self.rate)


@dataclass(slots=True)
class Pace:
    """The buckets of all chats and of the whole bot. Seconds are of ``seconds``, a clock that only goes forward."""

    settings: Sender
    seconds: Callable[[], float] = monotonic
    _all: Bucket = field(init=False)
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _swept: float = 0.0

    def __post_init__(self) -> None:
        rate = self.settings.per_second
        self._all = Bucket(rate, rate, rate, self.seconds())

    def take(self, chat: int) -> float:
        """Seconds to wait before the next message to that chat may go."""
        now = self.seconds()
        self._sweep(now)
        return max(self._all.take(now), self._bucket(chat, now).take(now))

    def _bucket(self, chat: int, now: float) -> Bucket:
        found = self._chats.get(chat)
        if found is None:
            rate = self.settings.per_chat_per_second if chat > 0 else self.settings.per_group_per_minute / GROUP_MINUTE
            found = self._chats[chat] = Bucket(rate, self.settings.burst, self.settings.burst, now)
        return found

    def _sweep(self, now: float) -> None:
        """Nothing in memory grows with the number of people: buckets that are full again are dropped."""
        if now - self._swept < FORGET_AFTER:
            return
        self._swept = now
        self._chats = {chat: bucket for chat, bucket in self._chats.items() if now - bucket.at < FORGET_AFTER}
