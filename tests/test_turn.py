"""What every turn is given to say."""

import pytest

from handlers.kit.turn import sized


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1, "1 B"),
        (500, "500 B"),
        (1024, "1 KB"),
        (1_572_864, "1.5 MB"),
        (1_024_000, "1000 KB"),
        (2_097_152_000, "2000 MB"),
    ],
)
def test_a_size_is_said_as_people_say_it(size: int, said: str) -> None:
    """Planted faults: a byte of a tenth of itself; three digits at most, and "2e+03 MB"."""
    assert sized(size) == said
