"""What members wrote to residents and may still take back: a row with a due time until its fate is decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from domain.cases import CaseId
from domain.people import PersonId
from storage.shelf import Shelf
from storage.tables import EPOCH, relays

ADD = insert(relays).returning(relays.c.id)
BY_ID = select(relays).where(relays.c.id == bindparam("id_"))
WAITING = (
    select(relays)
    .where(relays.c.due_at > EPOCH, relays.c.case_id == bindparam("case_"))
    .order_by(relays.c.due_at, relays.c.id)
)
"""Everything is due after 1970; asked for like this the index of what waits is used."""
DUE = select(relays).where(relays.c.due_at <= bindparam("now_")).order_by(relays.c.due_at, relays.c.id).limit(100)
TAKE = (
    update(relays)
    .where(relays.c.id == bindparam("id_"), relays.c.due_at.is_not(None))
    .values(due_at=None, text="", file_id=None)
)


@dataclass(frozen=True, slots=True)
class Relay:
    """Words (and a photo) of a member to the resident of a case; ``pending`` while they can be taken back."""

    id: int
    case: CaseId
    member: PersonId
    text: str
    file_kind: str | None
    file_id: str | None
    pending: bool


class Relays(Shelf):
    """By id. The words are dropped here once they went elsewhere."""

    def add(self, relay: Relay, due_at: datetime) -> int:
        """Send this then, unless it is taken back."""
        row = {
            "case_id": relay.case,
            "member": relay.member,
            "text": relay.text,
            "file_kind": relay.file_kind,
            "file_id": relay.file_id,
            "due_at": due_at,
        }
        return int(self._connection.execute(ADD, row).scalar_one())

    def get(self, relay: int) -> Relay | None:
        """The words with that id."""
        row = self._connection.execute(BY_ID, {"id_": relay}).one_or_none()
        return None if row is None else relay_of(row)

    def waiting(self, case: CaseId) -> list[Relay]:
        """What can still be taken back in a case, in the order of writing."""
        return [relay_of(row) for row in self._connection.execute(WAITING, {"case_": case})]

    def due(self, now: datetime) -> list[int]:
        """Those whose time has come."""
        return [row.id for row in self._connection.execute(DUE, {"now_": now})]

    def take(self, relay: int) -> bool:
        """Take it out, to send it or to drop it; False where somebody was first."""
        return self._connection.execute(TAKE, {"id_": relay}).rowcount == 1


def relay_of(row: Row[Any]) -> Relay:
    """A row as words on their way."""
    pending = row.due_at is not None
    return Relay(row.id, CaseId(row.case_id), PersonId(row.member), row.text, row.file_kind, row.file_id, pending)
