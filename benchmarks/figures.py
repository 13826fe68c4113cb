"""What is read from many measured times: the value below which a share lies, the most within any second."""

from collections import defaultdict
from collections.abc import Sequence

SECOND = 0.99
"""What the network and this process add or take away must not count: a hundredth less than a second."""


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share lies; 0 where there is none."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def most_within(times: Sequence[float], seconds: float = SECOND) -> int:
    """The most that came within any stretch of time so long; ``times`` are in order."""
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def most_in_a_chat(sent: Sequence[tuple[float, int]]) -> int:
    """The most that came to one chat within any second."""
    by_chat: defaultdict[int, list[float]] = defaultdict(list)
    for at, chat in sent:
        by_chat[chat].append(at)
    return max((most_within(times) for times in by_chat.values()), default=0)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """How much the second number grows with the first, by least squares; there are two first ones at least."""
    mean_x, mean_y = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
