"""Which updates have been seen, and which could not be handled."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select

from storage.records import dump, load
from storage.settings import Settings
from storage.shelf import Shelf
from storage.tables import quarantine, updates
from storage.upsert import insert_or

SEE = insert_or(updates).on_conflict_do_nothing()
QUARANTINE = insert(quarantine)
QUARANTINED = select(quarantine).order_by(quarantine.c.id)
COUNT_QUARANTINED = select(func.count()).select_from(quarantine)
_ours = updates.c.bot == bindparam("bot_")
SEEN = select(updates.c.update_id).where(_ours, updates.c.update_id.in_(bindparam("updates_", expanding=True)))
UNSEE = delete(updates).where(_ours, updates.c.update_id == bindparam("update_"))

NO_UPDATE = -1
"""Telegram's numbers are positive."""
PROOF, UNSTORED = "intake:proof", "intake:unstored"
NEWEST = 100
"""So many updates that could not be stored are remembered one by one."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An update that failed three times. ``code`` is what the person was told, where they could be told anything."""

    code: str
    update_id: int
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unstored:
    """Updates that were acknowledged although no row could be stored: how many ever, and the newest, oldest first."""

    count: int = 0
    newest: tuple[Quarantined, ...] = ()


class Intake(Shelf):
    """``update_id`` is no watermark (it restarts after an idle week), so every one is kept for a while."""

    def first_sight(self, bot: int, update_id: int, now: datetime) -> bool:
        """Note an update; False where it was seen before."""
        return self._connection.execute(SEE, {"bot": bot, "update_id": update_id, "at": now}).rowcount == 1

    def seen(self, bot: int, numbers: Iterable[int]) -> set[int]:
        """Which of these updates were seen."""
        rows = self._connection.execute(SEEN, {"bot_": bot, "updates_": list(numbers)})
        return {row.update_id for row in rows}

    def prove(self, bot: int, now: datetime, size: int) -> None:
        """Write as a turn does: an update is noted (and let go), and so many bytes. Where this commits, turns can.

        The bytes are new each time: neither engine writes again what is there, and PostgreSQL packs what is alike.
        """
        self.first_sight(bot, NO_UPDATE, now)
        self._connection.execute(UNSEE, {"bot_": bot, "update_": NO_UPDATE})
        Settings(self._connection).put(PROOF, f"{now.isoformat()} {token_hex(size // 2)}")

    def quarantine(self, code: str, update_id: int, raw: Mapping[str, Any] | None, error: str, now: datetime) -> None:
        """Set an update aside; without its words where the database does not take them."""
        self._connection.execute(
            QUARANTINE,
            {
                "code": code,
                "update_id": update_id,
                "raw": "" if raw is None else json.dumps(raw, ensure_ascii=True),
                "error": error,
                "at": now,
            },
        )

    def quarantined(self) -> list[Quarantined]:
        """What was set aside, oldest first; at last what could not be stored."""
        rows = self._connection.execute(QUARANTINED)
        return [*(Quarantined(r.code, r.update_id, r.error, r.at) for r in rows), *self.unstored().newest]

    def count_quarantined(self) -> int:
        """How many were set aside and stored."""
        return self._connection.execute(COUNT_QUARANTINED).scalar_one()

    def put_unstored(self, found: Quarantined) -> None:
        """Note one that will not be delivered again and has no row."""
        before = self.unstored()
        self._keep(Unstored(before.count + 1, (*before.newest, found)[-NEWEST:]))

    def unstored(self) -> Unstored:
        """Those that were noted, but for the ones that were settled."""
        return load(Unstored, Settings(self._connection).get(UNSTORED) or "{}")

    def settle_unstored(self, code: str) -> None:
        """One of them needs no more care; it stays counted."""
        Settings(self._connection).lock(PROOF)  # as every alarm does by ``prove``: they wait for each other
        before = self.unstored()
        self._keep(replace(before, newest=tuple(found for found in before.newest if found.code != code)))

    def _keep(self, unstored: Unstored) -> None:
        Settings(self._connection).put(UNSTORED, dump(unstored))
