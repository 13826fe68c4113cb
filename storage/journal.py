"""What happened, append-only: the event's name, its date, its author and its fields."""

from sqlalchemy import bindparam, insert, select

from domain import cases as case_events
from domain.cases import Case, CaseId, CaseSubmitted, Event, rebuild
from storage.records import dump, load
from storage.shelf import Shelf
from storage.tables import journal

EVENTS: dict[str, type[Event]] = {
    name: kind
    for name, kind in vars(case_events).items()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}

ADD = insert(journal)
OF_CASE = select(journal.c.kind, journal.c.data).where(journal.c.case_id == bindparam("case_")).order_by(journal.c.id)


class Journal(Shelf):
    """Events are added and read, never changed."""

    def add(self, event: Event) -> None:
        """Write down what happened."""
        self._connection.execute(
            ADD,
            {"case_id": event.case, "kind": type(event).__name__, "at": event.at, "by": event.by, "data": dump(event)},
        )

    def of_case(self, case: CaseId) -> list[Event]:
        """Everything that happened to a case, in order."""
        rows = self._connection.execute(OF_CASE, {"case_": case})
        return [load(EVENTS[row.kind], row.data) for row in rows]

    def replay(self, case: CaseId) -> Case | None:
        """The case as its events tell it; it equals the stored one."""
        events = self.of_case(case)
        if not events or not isinstance(events[0], CaseSubmitted):
            return None
        return rebuild(events[0], events[1:])
