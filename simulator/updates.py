"""The queue of updates a bot has not confirmed yet, with Telegram's rules for ids, life time and confirmation."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from simulator.cast import Post
from simulator.chaos import Chaos
from simulator.refusals import Json

# Telegram keeps updates for 24 hours, presses of buttons for 150 seconds.
MESSAGE_LIFE = timedelta(hours=24)
PRESS_LIFE = timedelta(seconds=150)
# After a week without updates the next id is chosen at random (Bot API, Update.update_id).
IDLE_WEEK = timedelta(days=7)
# Kinds a bot gets only when it asks for them by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})

Lane = tuple[str, int]


@dataclass(slots=True)
class Pending:
    """An update on its way; updates of one lane are delivered one after the other."""

    update: Json
    lane: Lane
    expires: datetime
    post: Post | None
    copies: int = 1

    @property
    def id(self) -> int:
        """Telegram's update_id."""
        return int(self.update["update_id"])


class UpdateQueue:
    """Updates in the order of their ids.

    `told` hears of each one pushed, and with None of every confirmation; `held` hears when chaos keeps one back;
    `read` hears of each message the bot now has.
    """

    def __init__(self, now: Callable[[], datetime], chaos: Chaos, seed: int) -> None:
        self.told: list[Callable[[Pending | None], None]] = []
        self.held: list[Callable[[], None]] = []
        self.read: list[Callable[[Post], None]] = []
        self.allowed: frozenset[str] | None = None
        self._now = now
        self._chaos = chaos
        self._random = Random(seed)  # noqa: S311 (reproducible ids, no secrets)
        self._items: OrderedDict[int, Pending] = OrderedDict()
        self._again: list[Pending] = []
        self._late: list[Pending] = []
        self._next_id = self._random.randrange(100_000_000, 900_000_000)
        self._last_push = now()
        self._earliest: datetime | None = None

    def __len__(self) -> int:
        return len(self._items) + len(self._again) + len(self._late)

    def __iter__(self) -> Iterator[Pending]:
        return iter(list(self._items.values()))

    def push(self, kind: str, body: Json, lane: Lane, life: timedelta = MESSAGE_LIFE, post: Post | None = None) -> None:
        """A new update; kinds the bot did not ask for are dropped, as Telegram does."""
        if kind not in self.allowed if self.allowed is not None else kind in ON_REQUEST:
            return
        now = self._now()
        item = Pending({"update_id": 0, kind: body}, lane, now + life, post)
        fault = self._chaos.for_update()
        if fault == "late":
            self._late.append(item)
            for tell in self.held:
                tell()
            return
        item.copies = 2 if fault == "duplicate" else 1
        self._enqueue(item, now)
        self.release_late()

    def inject(self, update: Json, lane: Lane = ("raw", 0)) -> Json:
        """An update exactly as given, except for an id where it has none."""
        item = Pending(update if "update_id" in update else {"update_id": 0, **update}, lane, self._now(), None)
        item.expires += MESSAGE_LIFE
        self._enqueue(item, self._now(), fixed="update_id" in update)
        return item.update

    def release_late(self) -> None:
        """Delivers the updates that chaos held back."""
        late, self._late = self._late, []
        for item in late:
            self._enqueue(item, self._now())

    def _enqueue(self, item: Pending, now: datetime, *, fixed: bool = False) -> None:
        if not self._items and now - self._last_push >= IDLE_WEEK:
            self._next_id = self._random.randrange(100_000_000, 900_000_000)
        self._last_push = now
        if not fixed:
            item.update["update_id"] = self._next_id
            self._next_id += 1
        self._items[item.id] = item
        self._earliest = min(self._earliest or item.expires, item.expires)
        self._tell(item)

    def take(self, offset: int, limit: int) -> list[Json]:
        """getUpdates: confirms what is below `offset`, and gives the next ones."""
        self.expire()
        self._confirm(offset)
        again, self._again = self._again[:limit], self._again[limit:]
        batch = [item.update for item in again]
        for item in self._items.values():
            if len(batch) >= limit:
                break
            batch.append(item.update)
        return batch

    def _confirm(self, offset: int) -> None:
        # Telegram takes an offset far ahead of its ids for one of an earlier sequence and ignores it.
        if offset > self._next_id + 10:
            return
        below = max(len(self._items) + offset, 0) if offset < 0 else None
        confirmed: list[Pending] = []
        for item in self._items.values():
            if item.id >= offset if below is None else len(confirmed) >= below:
                break
            confirmed.append(item)
        for item in confirmed:
            if item.copies > 1:
                item.copies -= 1
                self._again.append(item)
            self.done(item)

    def done(self, item: Pending) -> None:
        """The bot has this update."""
        if self._items.pop(item.id, None) is None:
            return
        if item.post is not None and not item.post.read:
            item.post.read = True
            for tell in self.read:
                tell(item.post)
        self._tell(None)

    def drop(self) -> None:
        """Forgets everything that waits (drop_pending_updates)."""
        self._items.clear()
        self._again.clear()
        self._late.clear()
        self._tell(None)

    def expire(self) -> None:
        """Forgets what the bot did not fetch in time."""
        now = self._now()
        if self._earliest is None or now < self._earliest:
            return
        for key in [key for key, item in self._items.items() if item.expires <= now]:
            del self._items[key]
        self._earliest = min((item.expires for item in self._items.values()), default=None)
        self._tell(None)

    def _tell(self, item: Pending | None) -> None:
        for tell in self.told:
            tell(item)
