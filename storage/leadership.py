"""Who leads: of several processes on one database one alone sends, ticks and polls. Where there is one, it does."""

from collections.abc import Callable
from typing import Protocol


class Leadership(Protocol):
    """``start`` it; from then on ``leading`` says whether this process leads at this moment."""

    @property
    def leading(self) -> bool:
        """Whether this process leads. False at once where it can no longer be sure."""
        ...

    def start(self, changed: Callable[[], object], woken: Callable[[], object]) -> None:
        """Try to lead from now on. ``changed`` is called where that may have changed, ``woken`` where somebody woke
        the leader; both perhaps in another thread."""
        ...

    def wake(self) -> None:
        """There is something to send: wake whoever leads."""
        ...

    async def close(self) -> None:
        """Let another one lead."""
        ...


class Alone:
    """The only process there is."""

    leading = True

    def __init__(self) -> None:
        self._woken: Callable[[], object] = lambda: None

    def start(self, changed: Callable[[], object], woken: Callable[[], object]) -> None:
        """Nothing changes."""
        self._woken = woken

    def wake(self) -> None:
        """Itself."""
        self._woken()

    async def close(self) -> None:
        """Nobody else is there."""
