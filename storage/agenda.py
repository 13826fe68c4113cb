"""When something is due next, over all that has a time: cases, words on their way, held messages, calls."""

from datetime import datetime, time

from sqlalchemy import bindparam, func, literal_column, select, union_all

from storage.shelf import Shelf
from storage.tables import calls, cases, outbox, relays, subscriptions

MOMENTS = union_all(
    select(func.min(cases.c.next_at)).where(cases.c.next_at > bindparam("now_")),
    *(
        select(func.min(outbox.c.not_before)).where(
            outbox.c.state == literal_column(state), outbox.c.not_before > bindparam("now_")
        )
        for state in ("'pending'", "'held'")
    ),
    select(func.min(relays.c.due_at)).where(relays.c.due_at > bindparam("now_")),
    select(func.min(calls.c.next_at)).where(calls.c.next_at > bindparam("now_")),
)
HOURS = select(subscriptions.c.hour).where(subscriptions.c.active).distinct()


class Agenda(Shelf):
    """Questions about the future."""

    def next_at(self, now: datetime) -> datetime | None:
        """The earliest moment after ``now`` at which something is due, digests aside."""
        found = [row[0] for row in self._connection.execute(MOMENTS, {"now_": now}) if row[0] is not None]
        return min(found, default=None)

    def digest_hours(self) -> list[time]:
        """The local hours at which somebody wants a digest."""
        return [time.fromisoformat(row.hour) for row in self._connection.execute(HOURS)]
