"""How fast Telegram lets a bot speak: so many messages a second in all, one a second to a chat, fewer to a group.

A chat's bucket holds a small burst for answers and fills evenly. What is counted over all chats, and in a group over a
minute, is counted exactly: never more than allowed within any such time. Among all chats nobody books a moment ahead:
who answers somebody goes before whoever waits with a notice, and a program that stood still does not catch up at once.
Notices go evenly, and later by every answer, so that the next free moment is never far away for an answer.
"""

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from bot.config_sections import Sender

GROUP_MINUTE = 60.0
SECOND = 1.03
"""What counts as a second: messages that leave a second apart may arrive a little closer to each other."""
EVEN = 2.0
"""Notices that may go together: whoever was a little late catches up."""
TINY = 1e-6
"""Seconds that are lost in rounding."""
SOON = 0.001
"""Seconds until whoever is before us has woken up."""
FORGET_AFTER = GROUP_MINUTE
"""Seconds after which a silent chat's bucket is full anyway and is dropped; a group's window is empty by then too."""


@dataclass(slots=True)
class Bucket:
    """Tokens that come at ``rate`` a second, at most ``size`` of them."""

    rate: float
    size: float
    tokens: float
    at: float

    def until(self, now: float) -> float:
        """Seconds until there is one."""
        return max(0.0, (1 - min(self.size, self.tokens + (now - self.at) * self.rate)) / self.rate)

    def take(self, now: float) -> float:
        """Take one; how many seconds to wait before using it."""
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate) - 1
        self.at = now
        return max(0.0, -self.tokens / self.rate)


@dataclass(slots=True)
class Window:
    """At most ``most`` messages within any ``seconds``; ``times`` are the moments of the latest."""

    seconds: float
    times: deque[float]

    @classmethod
    def of(cls, count: float, seconds: float) -> "Window":
        """``count`` messages in ``seconds``; a part of a message is one in a longer time."""
        most = max(1, int(count))
        return cls(seconds * most / count, deque(maxlen=most))

    def free(self, now: float) -> float:
        """The next moment that is free."""
        return max(now, self.times[0] + self.seconds) if len(self.times) == self.times.maxlen else now

    def take(self, now: float) -> float:
        """Take the next moment that is free; how many seconds until then."""
        at = self.free(now)
        self.times.append(at)
        return at - now


@dataclass(slots=True)
class Pace:
    """The allowances of all chats and of the whole bot. Seconds are of ``seconds``, a clock that only goes forward."""

    settings: Sender
    seconds: Callable[[], float] = monotonic
    _all: Window = field(init=False)
    _even: Bucket = field(init=False)
    _line: list[tuple[int, int]] = field(default_factory=list)
    _tickets: Iterator[int] = field(default_factory=count)
    _chats: dict[int, Bucket] = field(default_factory=dict)
    _groups: dict[int, Window] = field(default_factory=dict)
    _swept: float = 0.0

    def __post_init__(self) -> None:
        self._all = Window.of(self.settings.per_second, SECOND)
        self._even = Bucket(self.settings.per_second / SECOND, EVEN, EVEN, self.seconds())

    def waits(self, chat: int, lane: int = 0) -> Iterator[float]:
        """Seconds to wait before the next message to that chat: for the chat, for the group's minute, for all.

        Of those that wait for all, the lowest ``lane`` goes first. One wait after the other: a moment is counted where
        the message really goes, or what is late would be too much.
        """
        now = self.seconds()
        self._sweep(now)
        yield self._bucket(chat, now).take(now)
        if chat < 0:
            yield self._minute(chat).take(self.seconds())
        yield from self._turn(lane)

    def _turn(self, lane: int) -> Iterator[float]:
        """Wait until a moment among all is free and nobody is before us."""
        ticket = (lane, next(self._tickets))
        insort(self._line, ticket)
        try:
            while (wait := self._until(now := self.seconds(), lane)) > TINY or self._line[0] != ticket:
                yield max(wait, SOON)
            self._all.take(now)
            self._even.take(now)
        finally:
            self._line.remove(ticket)

    def _until(self, now: float, lane: int) -> float:
        wait = self._all.free(now) - now
        return max(wait, self._even.until(now)) if lane else wait

    def _bucket(self, chat: int, now: float) -> Bucket:
        found = self._chats.get(chat)
        if found is None:
            settings = self.settings
            found = self._chats[chat] = Bucket(settings.per_chat_per_second, settings.burst, settings.burst, now)
        return found

    def _minute(self, group: int) -> Window:
        found = self._groups.get(group)
        if found is None:
            found = self._groups[group] = Window.of(self.settings.per_group_per_minute, GROUP_MINUTE)
        return found

    def _sweep(self, now: float) -> None:
        """Nothing in memory grows with the number of people: buckets that are full again are dropped."""
        if now - self._swept < FORGET_AFTER:
            return
        self._swept = now
        self._chats = {chat: bucket for chat, bucket in self._chats.items() if now - bucket.at < FORGET_AFTER}
        self._groups = {chat: window for chat, window in self._groups.items() if chat in self._chats}
