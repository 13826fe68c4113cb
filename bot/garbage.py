"""The collector of garbage, told once what is there to stay.

Libraries, templates and prepared statements are far over a hundred thousand objects that never become garbage. Python
looks through all of them again and again while it serves: a tenth of the CPU time of a concern, and pauses of 20 ms and
more for everybody whose turn it is (docs/decisions/cost.md).
"""

import gc

YOUNG, MIDDLE, OLD = 10_000, 20, 50
"""Objects made before the youngest are looked through, and how many such looks until those that lasted are.

A turn makes some hundreds, nearly all of which go without the collector; Python's own first number is 700.
"""


def settle() -> None:
    """What exists now is not looked through any more. Call it once, when the program has started."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
