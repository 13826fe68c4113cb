"""The schema, once, for both engines. Moments are stored as whole microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; a naive one is a bug and is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds since 1970."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The same moment again."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Duration(TypeDecorator[timedelta]):
    """A length of time in microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        """Whole microseconds."""
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:
        """The same length again."""
        return None if value is None else timedelta(microseconds=value)


def key() -> Column[int]:
    """A row's own number. 64 bits on PostgreSQL; on SQLite the row id itself."""
    return Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)


WORKED = "state IN ('assigned', 'in_progress', 'need_info')"
"""Cases that somebody works on, as the condition of an index; a question that is to use it asks in the same words."""

UNASSIGNED = "state IN ('submitted', 'accepted') AND settled_at IS NOT NULL"
"""Cases that nobody has yet, once their resident has had time to undo them."""

IN_HAND = "state IN ('assigned', 'in_progress', 'need_info', 'resolved')"
"""Cases that a member holds, also while the resident judges; asked for in the same words."""


def part(name: str, *columns: str, where: str, elsewhere: str = "") -> Index:
    """An index of a part of a table; ``elsewhere`` is the condition as PostgreSQL wants it, where that differs."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(elsewhere or where))


people = Table(
    "people",
    metadata,
    key(),
    Column("chat", BigInteger, nullable=False, unique=True),
    Column("name", Text, nullable=False, default=""),
    Column("language", String),
    Column("language_code", String, nullable=False, default=""),
    Column("roles", String, nullable=False, default=""),
    Column("communities", Text, nullable=False, default=""),
    Column("sector", String),
    Column("standing", Boolean, nullable=False, default=False),
    Column("quiet_start", String),
    Column("quiet_end", String),
    Column("unreachable", Boolean, nullable=False, default=False),
    Column("seen_at", Moment, nullable=False),
    part("ix_people_staff", "roles", where="roles != ''"),
)

invites = Table(
    "invites",
    metadata,
    key(),
    Column("secret_hash", String, nullable=False, unique=True),
    Column("role", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("communities", Text, nullable=False, default=""),
    Column("sector", String),
    Column("inviter", BigInteger),
    Column("expires_at", Moment, nullable=False),
    Column("used_by", BigInteger),
    Column("confirmed", Boolean, nullable=False, default=False),
)

cases = Table(
    "cases",
    metadata,
    key(),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reporter", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("followed_to", Moment, nullable=False),
    Column("category", String),
    Column("guessed", Boolean, nullable=False),
    Column("community", String),
    Column("place_words", Text),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("urgent", Boolean, nullable=False),
    Column("handling", String, nullable=False),
    Column("behalf_kind", String),
    Column("behalf_name", Text),
    Column("behalf_phone", Text),
    Column("visit", BigInteger),
    Column("settled_at", Moment),
    Column("holder", BigInteger),
    Column("claimed_at", Moment),
    Column("contacted_at", Moment),
    Column("acted_at", Moment),
    Column("paused", Duration, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("supervision", String, nullable=False),
    Column("outcome", String),
    Column("answer", Text, nullable=False),
    Column("planned", Date),
    Column("satisfaction", String),
    Column("disputed", Boolean, nullable=False),
    Column("looked_back", Integer, nullable=False),
    Column("asked_back", Boolean, nullable=False),
    Column("closed_at", Moment),
    Column("reason", Text, nullable=False),
    Column("next_at", Moment),
    Column("due_at", Moment),
    UniqueConstraint("year", "serial"),
    Index("ix_cases_next_at", "next_at"),
    Index("ix_cases_due_at", "due_at"),
    Index("ix_cases_reporter", "reporter", "submitted_at"),
    Index("ix_cases_state", "state", "submitted_at"),
    part("ix_cases_holder", "holder", "state", where="holder IS NOT NULL"),
    part("ix_cases_closed_at", "closed_at", where="closed_at IS NOT NULL"),
    part("ix_cases_holder_closed_at", "holder", "closed_at", where="closed_at IS NOT NULL"),
    part("ix_cases_load", "state", "holder", where=WORKED),
    part("ix_cases_in_hand", "holder", "due_at", where=IN_HAND),
    part("ix_cases_unassigned", "state", "urgent", "due_at", "settled_at", where=UNASSIGNED),
    part("ix_cases_again", "state", where="attempt > 1"),
    part("ix_cases_disputed", "state", "urgent", "due_at", "disputed", where="disputed = 1", elsewhere="disputed"),
)

attachments = Table(
    "attachments",
    metadata,
    key(),
    Column("case_id", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("unique_id", String, nullable=False),
    Column("added_by", BigInteger, nullable=False),
    Column("added_at", Moment, nullable=False),
    UniqueConstraint("case_id", "unique_id"),
)

journal = Table(
    "journal",
    metadata,
    key(),
    Column("case_id", BigInteger),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", BigInteger),
    Column("data", Text, nullable=False),
    Index("ix_journal_case_id", "case_id", "id"),
    Index("ix_journal_kind", "kind", "at"),
)

visits = Table(
    "visits",
    metadata,
    key(),
    Column("member", BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
    Column("visited", String),
    Column("note", Text, nullable=False),
    Column("community", String),
    Column("kinds", String, nullable=False, default=""),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("place_words", Text),
    Column("photos", Text, nullable=False, default=""),
    Index("ix_visits_at", "at"),
    Index("ix_visits_member", "member", "at"),
)

calls = Table(
    "calls",
    metadata,
    key(),
    Column("case_id", BigInteger, nullable=False),
    Column("member", BigInteger, nullable=False),
    Column("subject", String, nullable=False),
    Column("text", Text, nullable=False, default=""),
    Column("asked_at", Moment, nullable=False),
    Column("next_at", Moment),
    Column("reminded", Integer, nullable=False, default=0),
    Column("done_at", Moment),
    Index("ix_calls_next_at", "next_at"),
    Index("ix_calls_case_id", "case_id"),
    part("ix_calls_open", "member", where="done_at IS NULL"),
)

relays = Table(
    "relays",
    metadata,
    key(),
    Column("case_id", BigInteger, nullable=False),
    Column("member", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("file_kind", String),
    Column("file_id", Text),
    Column("due_at", Moment),
    Index("ix_relays_due_at", "due_at"),
)

dialogs = Table(
    "dialogs",
    metadata,
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("step", String, nullable=False),
    Column("draft", Text, nullable=False),
    Column("question", String, nullable=False),
    Column("expires_at", Moment, nullable=False),
)

updates = Table(
    "updates",
    metadata,
    Column("bot", BigInteger, primary_key=True, autoincrement=False),
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Index("ix_updates_at", "at"),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    key(),
    Column("code", String, nullable=False),
    Column("update_id", BigInteger, nullable=False),
    Column("raw", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    key(),
    Column("chat", BigInteger, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("mode", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("case_id", BigInteger),
    Column("target", String),
    Column("once", String, unique=True),
    Column("pending_key", String, unique=True),
    Column("touched", Integer, nullable=False, default=0),
    Column("state", String, nullable=False, default="pending"),
    Column("created_at", Moment, nullable=False),
    Column("not_before", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message_id", BigInteger),
    Column("finished_at", Moment),
    Column("error", Text),
    part("ix_outbox_pending", "not_before", where="state = 'pending'"),
    part("ix_outbox_in_turn", "lane", "id", where="state = 'pending'"),
    part("ix_outbox_case_id", "case_id", where="state = 'pending'"),
    part("ix_outbox_held", "not_before", where="state = 'held'"),
    Index("ix_outbox_finished_at", "finished_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text),
    Index("ix_messages_case_id", "case_id", "chat"),
    sqlite_with_rowid=False,
)

cards = Table(
    "cards",
    metadata,
    Column("chat", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String, primary_key=True),
    Column("message_id", BigInteger, nullable=False),
    Column("drawn", String),
    Index("ix_cards_case_id", "case_id"),
    sqlite_with_rowid=False,
)

errands = Table(
    "errands",
    metadata,
    key(),
    Column("kind", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("once", String, unique=True),
    Column("state", String, nullable=False, default="pending"),
    Column("not_before", Moment, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("error", Text),
    part("ix_errands_pending", "not_before", where="state = 'pending'"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("period", String, primary_key=True),
    Column("hour", String, nullable=False),
    Column("active", Boolean, nullable=False, default=True),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)
