"""Which updates were delivered and are not committed, and since when: what ``ready`` and the metrics tell."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from time import monotonic

LATE = 60.0
"""Seconds in which an update is committed where all is well."""
FORGOTTEN = 24 * 3600.0
"""Telegram keeps no update for longer."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How long the oldest waits for its commit, in seconds, and how many were tried and not taken."""

    age: float
    not_taken: int


@dataclass(slots=True)
class Waiting:
    """By update. ``now`` counts seconds; whoever came first stands first."""

    now: Callable[[], float] = monotonic
    _since: dict[int, float] = field(default_factory=dict)
    _not_taken: set[int] = field(default_factory=set)

    def begin(self, update_id: int) -> None:
        """It was delivered, perhaps again, and is being handled."""
        self._since.setdefault(update_id, self.now())
        self._not_taken.discard(update_id)

    def end(self, update_id: int, taken: bool) -> None:
        """It is committed, or stays where it was."""
        if taken:
            self._since.pop(update_id, None)
        elif update_id in self._since:
            self._not_taken.add(update_id)

    def age(self, update_id: int) -> float:
        """For how many seconds it has waited."""
        return self.now() - self._since.get(update_id, self.now())

    def late(self) -> list[int]:
        """Those that were not taken and have not come again for long."""
        return [update_id for update_id in self._not_taken if self.age(update_id) >= LATE]

    def forget(self, taken: Collection[int]) -> None:
        """Those that others took, and those that Telegram has forgotten."""
        for update_id in self.late():
            if update_id in taken or self.age(update_id) >= FORGOTTEN:
                del self._since[update_id]
                self._not_taken.discard(update_id)

    def backlog(self) -> Backlog:
        """At this moment."""
        oldest = next(iter(self._since.values()), None)
        return Backlog(0.0 if oldest is None else self.now() - oldest, len(self._not_taken))
