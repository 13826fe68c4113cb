"""What the operator should know: what was set aside, what could not be sent, how far behind the outbox is, how many.

What is asked each minute (since when, how old, how many) is answered by an index or by the few rows that wait. What
``doctor`` and commands ask (``given_up``, ``lost_events``, ``integrity``) may read a whole table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    Integer,
    Table,
    TypeDecorator,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import NoResultFound

from storage.cases import OPEN_STATES
from storage.intake import UNSEE, Intake, Quarantined
from storage.outbox import TRIED_AGAIN
from storage.schema import VERSIONS
from storage.shelf import Shelf
from storage.tables import EPOCH, cases, errands, journal, metadata, outbox, quarantine

LIVELY = (*OPEN_STATES, "resolved")
SET_ASIDE_SINCE = (
    select(func.count(), func.max(quarantine.c.id)).select_from(quarantine).where(quarantine.c.id > bindparam("id_"))
)
BY_CODE = select(quarantine).where(quarantine.c.code == bindparam("code_")).order_by(quarantine.c.id)
DROP = delete(quarantine).where(quarantine.c.id == bindparam("id_"))
FAILED_AGAIN = (
    update(quarantine).where(quarantine.c.id == bindparam("id_")).values(error=bindparam("error_"), at=bindparam("at_"))
)

_FAILED = outbox.c.state.in_(sorted(TRIED_AGAIN))
DEAD_SINCE = (
    select(func.count(), func.max(outbox.c.finished_at))
    .select_from(outbox)
    .where(_FAILED, outbox.c.finished_at > bindparam("since_"), outbox.c.kind.not_in(bindparam("not_", expanding=True)))
)
DEAD = (
    select(outbox.c.id, outbox.c.kind, outbox.c.state, outbox.c.created_at, outbox.c.attempts, outbox.c.error)
    .where(_FAILED, outbox.c.finished_at > EPOCH)
    .order_by(outbox.c.id)
)
REVIVE = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_"), _FAILED)
    .values(state="pending", not_before=bindparam("now_"), expires_at=None, attempts=0, error=None, finished_at=None)
)
_pending: ColumnElement[str] = literal_column("'pending'")
_held: ColumnElement[str] = literal_column("'held'")
"""Written out, and asked for after 1970: so the indices of what waits are used."""
DEPTH = union_all(
    *(
        select(state, func.count()).where(outbox.c.state == state, outbox.c.not_before > EPOCH)
        for state in (_pending, _held)
    )
)
_TRIED = outbox.c.error.is_not(None)
OLDEST = select(func.min(case((_TRIED, outbox.c.created_at), else_=outbox.c.not_before))).where(
    outbox.c.state == _pending, or_(outbox.c.not_before <= bindparam("now_"), _TRIED)
)
"""What is tried again is given a later moment each time; how long it has waited is told by when it was said."""
CASES = select(cases.c.state, func.count()).where(cases.c.state.in_(LIVELY)).group_by(cases.c.state)
OVERDUE = select(func.count()).select_from(cases).where(cases.c.due_at <= bindparam("now_"))
ERRANDS = select(func.count()).select_from(errands).where(errands.c.state == "pending")
NEWEST = select(cases.c.id).order_by(cases.c.id.desc()).limit(bindparam("limit_"))
RESTING_WITH_DATE = (
    select(func.count()).select_from(cases).where(cases.c.next_at > EPOCH, cases.c.state.in_(("declined", "withdrawn")))
)
LOST_EVENTS = (
    select(func.count())
    .select_from(journal)
    .where(journal.c.case_id.is_not(None), journal.c.case_id.not_in(select(cases.c.id)))
)
TABLES = metadata.sorted_tables
PRAGMAS = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that was given up. ``error`` may be Telegram's own words."""

    id: int
    kind: str
    state: str
    created_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """An update that was set aside, with what it was; ``raw`` holds what people wrote. Without ``id`` it has no row."""

    id: int | None
    found: Quarantined
    raw: str


@dataclass(frozen=True, slots=True)
class Gauges:
    """How much there is of what waits. Ages in seconds."""

    outbox: dict[str, int]
    outbox_age: float
    errands: int
    quarantined: int
    unstored: int
    cases: dict[str, int]
    overdue: int


def misfit(table: Table) -> str:
    """Of a row, whether a value is of another type than its column, as SQLite tells it."""
    kinds = ((column.name, stored_as(column)) for column in table.c)
    return " OR ".join(f"typeof(\"{name}\") NOT IN ({kind}, 'null')" for name, kind in kinds)


def stored_as(column: Column[Any]) -> str:
    """What SQLite should have made of its values."""
    kind = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    if isinstance(kind, Float):
        return "'real', 'integer'"
    return "'integer'" if isinstance(kind, Integer | Boolean) else "'text'"


class Operations(Shelf):
    """Questions of the operator, and the few things they may do."""

    def set_aside_since(self, row: int) -> tuple[int, int]:
        """How many updates were set aside after that row, and the last row."""
        count, last = self._connection.execute(SET_ASIDE_SINCE, {"id_": row}).one()
        return count, last or row

    def set_aside(self, code: str) -> SetAside | None:
        """The update that was set aside with that code."""
        row = self._connection.execute(BY_CODE, {"code_": code}).first()
        if row is not None:
            return SetAside(row.id, Quarantined(row.code, row.update_id, row.error, row.at), row.raw)
        newest = Intake(self._connection).unstored().newest
        return next((SetAside(None, found, "") for found in newest if found.code == code), None)

    def drop(self, aside: SetAside) -> None:
        """Forget an update that was set aside; it stays seen."""
        if aside.id is None:
            Intake(self._connection).settle_unstored(aside.found.code)
        else:
            self._connection.execute(DROP, {"id_": aside.id})

    def unsee(self, bot: int, update_id: int) -> None:
        """Let an update be seen for the first time once more."""
        self._connection.execute(UNSEE, {"bot_": bot, "update_": update_id})

    def failed_again(self, aside: SetAside, error: str, now: datetime) -> None:
        """It was tried once more, in vain."""
        if aside.id is not None:
            self._connection.execute(FAILED_AGAIN, {"id_": aside.id, "error_": error, "at_": now})

    def given_up_since(self, since: datetime, but: Iterable[str] = ()) -> tuple[int, datetime]:
        """How many messages were given up after that, those kinds aside, and when the last one was."""
        count, last = self._connection.execute(DEAD_SINCE, {"since_": since, "not_": list(but)}).one()
        return count, last or since

    def given_up(self) -> list[Unsent]:
        """What was given up and may be sent again."""
        rows = self._connection.execute(DEAD)
        return [Unsent(r.id, r.kind, r.state, r.created_at, r.attempts, r.error or "") for r in rows]

    def revive(self, ids: Iterable[int], now: datetime) -> list[int]:
        """Send those again; which of them that was possible for."""
        return [row for row in ids if self._connection.execute(REVIVE, {"id_": row, "now_": now}).rowcount]

    def outbox_age(self, now: datetime) -> float:
        """For how many seconds the oldest message that should be gone has waited."""
        oldest: datetime | None = self._connection.execute(OLDEST, {"now_": now}).scalar_one_or_none()
        return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0

    def gauges(self, now: datetime) -> Gauges:
        """Everything that is counted at this moment."""
        count = self._connection.execute
        return Gauges(
            {"pending": 0, "held": 0, **{row[0]: row[1] for row in count(DEPTH)}},
            self.outbox_age(now),
            count(ERRANDS).scalar_one(),
            self.set_aside_since(0)[0],
            Intake(self._connection).unstored().count,
            {**dict.fromkeys(LIVELY, 0), **{row[0]: row[1] for row in count(CASES)}},
            count(OVERDUE, {"now_": now}).scalar_one(),
        )

    def newest_cases(self, limit: int) -> list[int]:
        """The newest cases by id."""
        return [row.id for row in self._connection.execute(NEWEST, {"limit_": limit})]

    def resting_with_date(self) -> int:
        """How many finished cases would be woken; there are none."""
        found: int = self._connection.execute(RESTING_WITH_DATE).scalar_one()
        return found

    def lost_events(self) -> int:
        """How many events tell of no case; reads the whole journal."""
        found: int = self._connection.execute(LOST_EVENTS).scalar_one()
        return found

    def version(self) -> str | None:
        """The version of the schema; None where it has none."""
        try:
            found: str = self._connection.exec_driver_sql(f"SELECT version_num FROM {VERSIONS}").scalar_one()  # noqa: S608
        except NoResultFound:
            return None
        return found

    def pragmas(self) -> dict[str, str]:
        """SQLite's settings on this connection, which are the same on all of ours."""
        return {name: str(self._connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in PRAGMAS}

    def mistyped(self) -> dict[str, int]:
        """How many rows of which tables hold a value of another type than their column; reads the whole file."""
        asked = {table.name: f"SELECT count(*) FROM {table.name} WHERE {misfit(table)}" for table in TABLES}  # noqa: S608 - our own names
        found = {name: self._connection.exec_driver_sql(text).scalar_one() for name, text in asked.items()}
        return {name: count for name, count in found.items() if count}

    def integrity(self) -> str:
        """``ok``, or the first damage SQLite finds; reads the whole file."""
        found: str = self._connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
        return found
