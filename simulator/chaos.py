"""What goes wrong on the way, by dice with a seed or by script: refused calls, lost answers, updates twice or late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from simulator.refusals import Impossible

CallFault = Literal["429", "500", "timeout", "reset", "lost"]
UpdateFault = Literal["duplicate", "late"]

CALL_KINDS: tuple[str, ...] = get_args(CallFault)
UPDATE_KINDS: tuple[str, ...] = get_args(UpdateFault)
KINDS = (*CALL_KINDS, *UPDATE_KINDS)
SCRIPTED = (*CALL_KINDS, "400", "401", "403")
"""What a test can order besides: a call that is refused, or a token that has been revoked, is no accident."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call; `seconds` is retry_after for 429 and how long a time-out keeps silent."""

    kind: str
    seconds: float


@dataclass(slots=True)
class Script:
    """The next `times` calls of `method` ("*": any) meet `fault`."""

    method: str
    fault: Fault
    times: int


class Chaos:
    """Decides for each call and each update; quiet until told otherwise."""

    def __init__(self, seed: int = 1) -> None:
        self.rate = 0.0
        self.kinds: tuple[str, ...] = KINDS
        self.retry_after = 1
        self.silence = 30.0
        self.counts: dict[str, int] = {}
        self._random = Random(seed)  # noqa: S311 (reproducible accidents, no secrets)
        self._scripts: list[Script] = []

    def set(self, rate: float, kinds: Iterable[str] | None = None, *, seed: int | None = None) -> None:
        """From now on each call and update meets a fault of `kinds` with probability `rate` (0 to 1)."""
        chosen = KINDS if kinds is None else tuple(kinds)
        if unknown := set(chosen) - set(KINDS):
            raise Impossible(f"unknown chaos: {', '.join(sorted(unknown))}; known are {', '.join(KINDS)}")
        if not 0 <= rate <= 1:
            raise Impossible("rate must be between 0 and 1")
        self.rate, self.kinds = rate, chosen
        if seed is not None:
            self._random.seed(seed)

    def script(self, method: str, kind: str, *, times: int = 1, seconds: float | None = None) -> None:
        """The next `times` calls of `method` ("*": any) fail in the way `kind` says."""
        if kind not in SCRIPTED:
            raise Impossible(f"unknown chaos: {kind}; calls know {', '.join(SCRIPTED)}")
        self._scripts.append(Script(method.lower(), self._fault(kind, seconds), times))

    def for_call(self, method: str) -> Fault | None:
        """What happens to this call, if anything."""
        if self._scripts and (fault := self._scripted(method.lower())):
            return self._count(fault)
        kind = self._draw(CALL_KINDS)
        return self._count(self._fault(kind, None)) if kind else None

    def for_update(self) -> str | None:
        """What happens to this update, if anything."""
        return self._draw(UPDATE_KINDS)

    def state(self) -> dict[str, object]:
        """What is set, and how often each call fault happened."""
        return {"rate": self.rate, "kinds": list(self.kinds), "counts": dict(self.counts), "known": list(KINDS)}

    def _scripted(self, method: str) -> Fault | None:
        for script in self._scripts:
            if script.method in (method, "*"):
                script.times -= 1
                if script.times <= 0:
                    self._scripts.remove(script)
                return script.fault
        return None

    def _fault(self, kind: str, seconds: float | None) -> Fault:
        if seconds is None:
            seconds = self.retry_after if kind == "429" else self.silence
        return Fault(kind, seconds)

    def _draw(self, kinds: tuple[str, ...]) -> str | None:
        if not self.rate or self._random.random() >= self.rate:
            return None
        possible = [kind for kind in self.kinds if kind in kinds]
        return self._random.choice(possible) if possible else None

    def _count(self, fault: Fault) -> Fault:
        self.counts[fault.kind] = self.counts.get(fault.kind, 0) + 1
        return fault
