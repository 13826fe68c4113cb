"""Counts what happens, at the price of a dictionary's entry: turns, how long they took, sends by result, follow-ups.

``/metrics`` reads it where somebody asks; nothing is imported for it before.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds in seconds."""


@dataclass(slots=True)
class Times:
    """How often something took how long, in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        """Once more."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Meter:
    """Since the program started. ``turns`` by kind and outcome, ``sends`` by result, ``followups`` by mark."""

    turns: Counter[tuple[str, str]] = field(default_factory=Counter)
    times: Times = field(default_factory=Times)
    sends: Counter[str] = field(default_factory=Counter)
    followups: Counter[str] = field(default_factory=Counter)
    failed_ticks: int = 0

    def turn(self, kind: str, outcome: str, seconds: float) -> None:
        """A turn of somebody's ended."""
        self.turns[kind, outcome] += 1
        self.times.add(seconds)

    def followed(self, marks: Iterable[str]) -> None:
        """The clock did these, and they are committed."""
        self.followups.update(marks)
