"""Which updates have been seen, and which could not be handled."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select

from storage.shelf import Shelf
from storage.tables import quarantine, updates
from storage.upsert import insert_or

SEE = insert_or(updates).on_conflict_do_nothing()
QUARANTINE = insert(quarantine)
QUARANTINED = select(quarantine).order_by(quarantine.c.id)
COUNT_QUARANTINED = select(func.count()).select_from(quarantine)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An update that failed three times. ``code`` is what the person was told."""

    code: str
    update_id: int
    error: str
    at: datetime


class Intake(Shelf):
    """``update_id`` is no watermark (it restarts after an idle week), so every one is kept for a while."""

    def first_sight(self, bot: int, update_id: int, now: datetime) -> bool:
        """Note an update; False where it was seen before."""
        return self._connection.execute(SEE, {"bot": bot, "update_id": update_id, "at": now}).rowcount == 1

    def quarantine(self, code: str, update_id: int, raw: dict[str, Any], error: str, now: datetime) -> None:
        """Set an update aside."""
        self._connection.execute(
            QUARANTINE,
            {
                "code": code,
                "update_id": update_id,
                "raw": json.dumps(raw, ensure_ascii=True),
                "error": error,
                "at": now,
            },
        )

    def quarantined(self) -> list[Quarantined]:
        """What was set aside, oldest first."""
        return [Quarantined(r.code, r.update_id, r.error, r.at) for r in self._connection.execute(QUARANTINED)]

    def count_quarantined(self) -> int:
        """How many were set aside."""
        return self._connection.execute(COUNT_QUARANTINED).scalar_one()
