"""Who gets which digest, at which local hour."""

from dataclasses import dataclass
from datetime import time
from typing import Any

from sqlalchemy import Row, bindparam, select

from domain.people import PersonId
from storage.shelf import Shelf
from storage.tables import subscriptions
from storage.upsert import insert_or

ACTIVE = select(subscriptions).where(subscriptions.c.active).order_by(subscriptions.c.person, subscriptions.c.period)
OF_PERSON = select(subscriptions).where(subscriptions.c.person == bindparam("person_"))
_put = insert_or(subscriptions)
PUT = _put.on_conflict_do_update(
    index_elements=["person", "period"], set_={"hour": _put.excluded.hour, "active": _put.excluded.active}
)
START = insert_or(subscriptions).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A digest for one person. ``hour`` is local time of the group."""

    person: PersonId
    period: str
    hour: time
    active: bool = True


class Subscriptions(Shelf):
    """A row a person and period; turned off, it stays off."""

    def active(self) -> list[Subscription]:
        """Every digest that is wanted."""
        return [subscription_of(row) for row in self._connection.execute(ACTIVE)]

    def of_person(self, person: PersonId) -> list[Subscription]:
        """One person's digests, wanted or not."""
        return [subscription_of(row) for row in self._connection.execute(OF_PERSON, {"person_": person})]

    def put(self, wanted: Subscription) -> None:
        """Change a digest."""
        self._connection.execute(PUT, row_of(wanted))

    def start(self, wanted: Subscription) -> None:
        """Begin one, unless the person has already decided about it."""
        self._connection.execute(START, row_of(wanted))


def row_of(wanted: Subscription) -> dict[str, object]:
    """A subscription as columns."""
    return {
        "person": wanted.person,
        "period": wanted.period,
        "hour": wanted.hour.isoformat(),
        "active": wanted.active,
    }


def subscription_of(row: Row[Any]) -> Subscription:
    """A row as a subscription."""
    return Subscription(
        PersonId(row.person),
        row.period,
        time.fromisoformat(row.hour),
        row.active,
    )
