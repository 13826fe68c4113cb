"""What is to be said: added in the turn's transaction, sent by the sender, kept until it has an end.

States: ``pending`` → ``sent``, ``undeliverable``, ``expired`` (too late to be of use, or no longer true), ``withheld``
(the reader may no longer read it), ``dead`` (Telegram refused it: an alarm). ``held`` waits for the morning and ends as
``pending`` or ``merged``. A row with a ``pending_key`` is unique while pending; a change meanwhile only touches it, and
a touched row is sent once more (as an edit), so ten changes make one edit and the last change is never lost.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    String,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from domain.cases import CaseId
from domain.people import ChatId
from storage.shelf import Shelf
from storage.tables import EPOCH, outbox
from storage.upsert import insert_or


class Lane(IntEnum):
    """Who waits: someone who just did something, someone who should know, everyone."""

    ANSWER = 0
    NOTICE = 1
    BROADCAST = 2


class Mode(StrEnum):
    """How a row reaches the chat: a new message, an edit of a message, an edit of the live card, a press's answer."""

    SEND = "send"
    EDIT = "edit"
    REFRESH = "refresh"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A message on its way. ``target`` is the message number to edit, or the press to answer."""

    id: int = 0
    chat: ChatId
    lane: Lane
    mode: Mode
    kind: str
    fields: str
    case: CaseId | None = None
    target: str | None = None
    once: str | None = None
    pending_key: str | None = None
    touched: int = 0
    state: str = "pending"
    created_at: datetime
    not_before: datetime
    expires_at: datetime | None = None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a row ended."""

    id: int
    state: str
    at: datetime
    touched: int = 0
    message_id: int | None = None
    error: str | None = None
    mode: Mode = Mode.SEND
    """How it was sent: only what arrived as a message of its own is merely drawn anew where it was touched."""


TRIED_AGAIN = frozenset({"dead", "uncertain"})
"""An operator may send these again. Of all others the words are dropped: they are in the chat and in the journal."""

_add = insert_or(outbox)
ADD = _add.on_conflict_do_nothing()
_sooner = and_(outbox.c.state == "held", _add.excluded.mode == "send")
"""A card that is held for the morning is said again, perhaps at once because it has become urgent."""
ADD_KEYED = _add.on_conflict_do_update(
    index_elements=["pending_key"],
    set_={
        "touched": outbox.c.touched + 1,
        "mode": case((_add.excluded.mode == "send", _add.excluded.mode), else_=outbox.c.mode),
        "state": case((_sooner, _add.excluded.state), else_=outbox.c.state),
        "not_before": case((_sooner, _add.excluded.not_before), else_=outbox.c.not_before),
    },
)
_pending: ColumnElement[str] = literal_column("'pending'")
_held: ColumnElement[str] = literal_column("'held'")
"""In conditions, written out: an index of a part of a table is found by its very words, not by a value bound later."""
_again = outbox.alias()
WAITING = select(_again.c.chat).where(
    _again.c.state == _pending,
    _again.c.not_before > bindparam("now_"),
    _again.c.error.is_not(None),
    _again.c.mode != "answer",
)
"""Chats in which something is to be tried again later: what was said after it waits behind it."""
PENDING = (
    select(outbox)
    .where(
        outbox.c.state == _pending,
        outbox.c.not_before <= bindparam("now_"),
        outbox.c.chat.not_in(bindparam("busy_", expanding=True)),
        or_(outbox.c.mode == "answer", outbox.c.chat.not_in(WAITING)),
    )
    .order_by(outbox.c.lane, outbox.c.id)
    .limit(bindparam("limit_"))
)
NEXT = select(func.min(outbox.c.not_before)).where(outbox.c.state == _pending)
_touched = outbox.c.touched > bindparam("touched_")
_arrived = bindparam("was_", type_=String) == Mode.SEND
END = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_"), outbox.c.state == "pending")
    .values(
        state=case((_touched, "pending"), else_=bindparam("state_", type_=String)),
        mode=case((and_(_touched, _arrived), literal(Mode.REFRESH, String)), else_=outbox.c.mode),
        pending_key=case((_touched, outbox.c.pending_key), else_=None),
        fields=case((or_(_touched, bindparam("keeps_", type_=Boolean)), outbox.c.fields), else_="{}"),
        finished_at=bindparam("at_"),
        message_id=bindparam("message_"),
        error=bindparam("error_"),
    )
)
RETRY = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_"))
    .values(attempts=outbox.c.attempts + bindparam("counts_"), not_before=bindparam("at_"), error=bindparam("error_"))
)
TOUCH = (
    update(outbox)
    .where(outbox.c.case_id == bindparam("case_"), outbox.c.state == _pending, outbox.c.pending_key.is_not(None))
    .values(touched=outbox.c.touched + 1)
)
CANCEL = (
    update(outbox)
    .where(outbox.c.once == bindparam("once_"), outbox.c.state == _pending, outbox.c.not_before > bindparam("now_"))
    .values(state="expired", finished_at=bindparam("now_"))
)
HELD = (
    select(outbox)
    .where(outbox.c.state == _held, outbox.c.not_before <= bindparam("now_"))
    .order_by(outbox.c.not_before, outbox.c.id)
    .with_for_update()
)
"""Locked where others write too: one that becomes urgent meanwhile must not be merged."""
RELEASE = update(outbox).where(outbox.c.id == bindparam("id_")).values(state="pending")
MERGE = (
    update(outbox)
    .where(outbox.c.id == bindparam("id_"))
    .values(state="merged", pending_key=None, finished_at=bindparam("at_"))
)
BY_IDS = select(outbox).where(outbox.c.id.in_(bindparam("ids_", expanding=True))).order_by(outbox.c.id)
_migrate = (
    update(outbox).where(outbox.c.chat == bindparam("old_"), outbox.c.not_before > EPOCH).values(chat=bindparam("new_"))
)
"""Everything is said after 1970; asked for like this SQLite uses the indices of what waits."""
MIGRATE_PENDING, MIGRATE_HELD = _migrate.where(outbox.c.state == _pending), _migrate.where(outbox.c.state == _held)
COUNTS = select(outbox.c.state, func.count()).group_by(outbox.c.state)
MESSAGE_OF = select(outbox.c.message_id).where(outbox.c.once == bindparam("once_"))
EXISTS = select(outbox.c.id).where(outbox.c.once == bindparam("once_"))


class Outbox(Shelf):
    """Rows in the order they were said."""

    def add(self, saying: Saying) -> bool:
        """Say something. False where the same ``once`` was said before, or the same card is already on its way."""
        statement = ADD_KEYED if saying.pending_key else ADD
        return self._connection.execute(statement, columns(saying)).rowcount == 1

    def said(self, once: str) -> bool:
        """Whether something with that key was ever said."""
        return self._connection.execute(EXISTS, {"once_": once}).first() is not None

    def message_of(self, once: str) -> int | None:
        """The number of the message that was said with that key, once it was sent."""
        return self._connection.execute(MESSAGE_OF, {"once_": once}).scalar_one_or_none()

    def pending(self, now: datetime, busy: Iterable[int], limit: int) -> list[Saying]:
        """What can be sent now, to chats neither ``busy`` nor told to wait: answers first, in the order of saying."""
        rows = self._connection.execute(PENDING, {"now_": now, "busy_": list(busy), "limit_": limit})
        return [saying_of(row) for row in rows]

    def next_at(self) -> datetime | None:
        """When the earliest pending row may be sent."""
        return self._connection.execute(NEXT).scalar_one_or_none()

    def end(self, endings: Iterable[Ending]) -> None:
        """Write down how rows ended, many at once."""
        for found in endings:
            self._connection.execute(
                END,
                {
                    "id_": found.id,
                    "state_": found.state,
                    "touched_": found.touched,
                    "was_": found.mode,
                    "keeps_": found.state in TRIED_AGAIN,
                    "at_": found.at,
                    "message_": found.message_id,
                    "error_": found.error,
                },
            )

    def retry(self, saying: int, at: datetime, error: str, counts: bool = True) -> None:
        """Try again at that time; waiting as Telegram told us does not count as a failure."""
        self._connection.execute(RETRY, {"id_": saying, "at_": at, "error_": error, "counts_": int(counts)})

    def touch(self, case: CaseId) -> None:
        """The case changed: its cards on their way are drawn once more after they arrive."""
        self._connection.execute(TOUCH, {"case_": case})

    def cancel(self, once: str, now: datetime) -> bool:
        """Take back what has not been sent yet; False where it is too late."""
        return self._connection.execute(CANCEL, {"once_": once, "now_": now}).rowcount == 1

    def held(self, now: datetime) -> list[Saying]:
        """What was held for the morning and is ripe."""
        return [saying_of(row) for row in self._connection.execute(HELD, {"now_": now})]

    def release(self, saying: int) -> None:
        """Send a held row by itself."""
        self._connection.execute(RELEASE, {"id_": saying})

    def merge(self, saying: int, now: datetime) -> None:
        """A held row is told within another message."""
        self._connection.execute(MERGE, {"id_": saying, "at_": now})

    def by_ids(self, ids: Iterable[int]) -> list[Saying]:
        """Rows by id, in order."""
        return [saying_of(row) for row in self._connection.execute(BY_IDS, {"ids_": list(ids)})]

    def migrate(self, old: ChatId, new: ChatId) -> None:
        """A group became a supergroup: what waits for it goes to the new id."""
        for statement in (MIGRATE_PENDING, MIGRATE_HELD):
            self._connection.execute(statement, {"old_": old, "new_": new})

    def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        return {row[0]: row[1] for row in self._connection.execute(COUNTS)}


def columns(saying: Saying) -> dict[str, Any]:
    """A message as columns."""
    return {
        "chat": saying.chat,
        "lane": int(saying.lane),
        "mode": saying.mode,
        "kind": saying.kind,
        "fields": saying.fields,
        "case_id": saying.case,
        "target": saying.target,
        "once": saying.once,
        "pending_key": saying.pending_key,
        "touched": 0,
        "state": saying.state,
        "created_at": saying.created_at,
        "not_before": saying.not_before,
        "expires_at": saying.expires_at,
        "attempts": 0,
    }


def saying_of(row: Row[Any]) -> Saying:
    """A row as a message on its way."""
    return Saying(
        id=row.id,
        chat=ChatId(row.chat),
        lane=Lane(row.lane),
        mode=Mode(row.mode),
        kind=row.kind,
        fields=row.fields,
        case=None if row.case_id is None else CaseId(row.case_id),
        target=row.target,
        once=row.once,
        pending_key=row.pending_key,
        touched=row.touched,
        state=row.state,
        created_at=row.created_at,
        not_before=row.not_before,
        expires_at=row.expires_at,
        attempts=row.attempts,
    )
