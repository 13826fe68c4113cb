"""Whether the running bot can do its work: what ``/healthz/ready``, the heartbeat and ``python -m bot health`` ask."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic

from bot.intake import MARGIN_SECONDS, POLL_SECONDS, Intake
from bot.sender import Sender
from bot.waiting import LATE
from storage.database import Database
from storage.schema import HEAD

ANSWERS_WITHIN = 5.0
"""Seconds in which the database answers a question."""
LOOKS_WITHIN = 30.0
"""The sender looks around each second; later than this it hangs."""
WRITES_EVERY = 5.0
"""Seconds for which a write that committed, or did not, speaks for the next ones: whoever asks, and however often."""
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
    """Asks the parts of the program; ``prove`` writes. In webhook mode nothing is known of Telegram without a call.

    Of several workers only the leader sends; the others are ready where the database takes what comes.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        intake: Intake,
        prove: Callable[[], Awaitable[None]],
        leading: Callable[[], bool],
        *,
        polling: bool,
    ) -> None:
        self._database = database
        self._prove = prove
        self._proving = asyncio.Lock()
        self._written: Check | None = None
        self._written_at = 0.0
        self._leading = leading
        self._sender = sender
        self._intake = intake
        self._polling = polling

    async def __call__(self) -> list[Check]:
        """Every check, at this moment."""
        checks = [await self._answers(), await self._writes(), await self._updates()]
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

    async def _writes(self) -> Check:
        """Whether a write commits: by one of these seconds, so that being asked often costs no more."""
        async with self._proving:
            if self._written is None or monotonic() - self._written_at >= WRITES_EVERY:
                self._written = await self._write()
                self._written_at = monotonic()
            return self._written

    async def _write(self) -> Check:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._prove()
        except Exception as error:
            return Check("writes", False, f"are not committed ({type(error).__name__})")
        return Check("writes", True, "are committed")

    async def _updates(self) -> Check:
        """Whether what people did is committed in time."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                found = await self._intake.backlog()
        except Exception as error:
            return Check("updates", False, f"cannot be told ({type(error).__name__})")
        text = f"the oldest waits for its commit for {found.age:.0f} s, {found.not_taken} not taken"
        return Check("updates", found.age < LATE, text)


def recent(name: str, at: float, within: float, what: str) -> Check:
    """Whether something happened lately."""
    ago = monotonic() - at
    return Check(name, ago <= within, f"{what} {ago:.0f} s ago")
