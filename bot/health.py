"""Whether the running bot can do its work: what ``/healthz/ready``, the heartbeat and ``python -m bot health`` ask."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from bot.intake import MARGIN_SECONDS, POLL_SECONDS, Intake
from bot.sender import Sender
from storage.database import Database
from storage.schema import HEAD

ANSWERS_WITHIN = 5.0
"""Seconds in which the database answers a question."""
LOOKS_WITHIN = 30.0
"""The sender looks around each second; later than this it hangs."""
POLLS_WITHIN = 3.0 * (POLL_SECONDS + MARGIN_SECONDS)
"""A long poll that succeeds comes back at least each half minute."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be so."""

    name: str
    ok: bool
    text: str


Ready = Callable[[], Awaitable[list[Check]]]


class Health:
    """Asks the parts of the program. In webhook mode Telegram calls, and nothing is known without a call.

    Of several workers only the leader sends; the others are ready where the database answers.
    """

    def __init__(
        self, database: Database, sender: Sender, intake: Intake, leading: Callable[[], bool], *, polling: bool
    ) -> None:
        self._database = database
        self._leading = leading
        self._sender = sender
        self._intake = intake
        self._polling = polling

    async def __call__(self) -> list[Check]:
        """Every check, at this moment."""
        checks = [await self._answers()]
        if not self._leading():
            return checks
        checks.append(recent("sender", self._sender.looked_at, LOOKS_WITHIN, "looked around"))
        if self._polling:
            checks.append(recent("polling", self._intake.polled_at, POLLS_WITHIN, "heard Telegram"))
        return checks

    async def _answers(self) -> Check:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                version = await self._database.read(lambda unit: unit.operations.version())
        except Exception as error:
            return Check("database", False, f"does not answer ({type(error).__name__})")
        return Check("database", version == HEAD, f"answers, version {version}")


def recent(name: str, at: float, within: float, what: str) -> Check:
    """Whether something happened lately."""
    ago = monotonic() - at
    return Check(name, ago <= within, f"{what} {ago:.0f} s ago")
