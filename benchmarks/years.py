"""A file as it is after years: so many cases, ten lines of journal each, a tenth of them open, nothing due now.

Written past the program, with its own schema and its own columns. How many people work in the group, and how many
cases are new or overdue or undecided today, does not grow with the years; what is open grows with them here, so that a
coordinator's digest over 100,000 open cases can be asked for.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from domain import followups
from domain.cases import Case, CaseId, Outcome, Satisfaction, State, Supervision
from domain.charter import Charter
from domain.people import PersonId
from storage.cases import columns
from storage.tables import EPOCH, MICROSECOND

MEMBERS, COORDINATORS = 100, 3
STAFF = MEMBERS + COORDINATORS
"""The first ids: members, then coordinators; their chats are ``FIRST_CHAT`` and their id."""
FIRST_CHAT = 100_000
RESIDENT_CHAT = 10_000_000
YEARS = 6
PER_PERSON = 3
OPEN_EVERY = 10
LINES = 10
"""Of the journal, a case."""
KINDS = (
    ("CaseSubmitted", 0),
    ("CaseSettled", 1),
    ("CaseAssigned", 3),
    ("CaseClaimed", 5),
    ("SaidToResident", 20),
    ("SaidToMember", 26),
    ("NoteAdded", 50),
    ("CallLogged", 70),
    ("CaseResolved", 100),
    ("CaseClosed", 200),
)
"""What happened, and how many hours after the beginning."""
BATCH = 20_000


def write(path: Path, count: int, charter: Charter, now: datetime) -> None:
    """Fill a file that has its schema. Takes a few minutes for a million cases."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        connection.execute("BEGIN")
        indices = without_indices(connection)
        write_people(connection, count // PER_PERSON + 1, now)
        write_cases(connection, count, charter, now)
        for statement in FOLLOWING:
            connection.execute(statement, {"now": stored(now), "staff": STAFF, "chats": RESIDENT_CHAT})
        for index in indices:
            connection.execute(index)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def without_indices(connection: sqlite3.Connection) -> list[str]:
    """Drop every index that can be made again; how."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def write_people(connection: sqlite3.Connection, residents: int, now: datetime) -> None:
    """Members, coordinators, and everybody else."""
    rows: list[tuple[Any, ...]] = [
        (number, FIRST_CHAT + number, f"委员{number}", "member" if number <= MEMBERS else "coordinator")
        for number in range(1, STAFF + 1)
    ]
    connection.executemany(PERSON.format(stored(now)), rows)
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
        "INSERT INTO people (id, chat, name, language_code, roles, communities, standing, unreachable, seen_at) "
        "SELECT :staff + i, :chats + i, '居民' || i, 'zh', '', '', 0, 0, :now FROM n",
        {"count": residents, "staff": STAFF, "chats": RESIDENT_CHAT, "now": stored(now)},
    )


PERSON = (
    "INSERT INTO people (id, chat, name, language_code, roles, communities, standing, unreachable, seen_at) "
    "VALUES (?, ?, ?, 'zh', ?, '', 0, 0, {})"
)


def write_cases(connection: sqlite3.Connection, count: int, charter: Charter, now: datetime) -> None:
    """Every case, the oldest first."""
    rows = case_rows(count, charter, now)
    first = next(rows)
    names = ", ".join(first)
    insert = f"INSERT INTO cases ({names}) VALUES ({', '.join('?' * len(first))})"  # noqa: S608 - our own columns
    connection.execute(insert, list(first.values()))
    connection.executemany(insert, (list(row.values()) for row in rows))


def case_rows(count: int, charter: Charter, now: datetime) -> Iterator[dict[str, Any]]:
    """Rows of the table, with the numbers of each year."""
    begun, year, serial = now - timedelta(days=365 * YEARS), 0, 0
    for number in range(1, count + 1):
        at = begun + (now - timedelta(hours=1) - begun) * (number / count)
        serial = serial + 1 if at.year == year else 1
        year = at.year
        case = case_at(number, count, at, now)
        dates = charter_dates(case, charter, now)
        plain = {name: stored(value) for name, value in columns(case).items()}
        yield {"id": number, "year": year, "serial": serial, **plain, **dates}


def charter_dates(case: Case, charter: Charter, now: datetime) -> dict[str, Any]:
    """When it is looked at next (never today: nothing is due) and what somebody must do by when."""
    if case.state is State.CLOSED:
        return {"next_at": None, "due_at": None}
    next_at = followups.next_at(case, charter)
    tomorrow = now + timedelta(days=1, seconds=case.id % 86_400)
    return {
        "next_at": stored(max(next_at or tomorrow, tomorrow)),
        "due_at": stored(followups.due_at(case, charter)),
    }


def case_at(number: int, count: int, at: datetime, now: datetime) -> Case:
    """The case of that number: closed, or what a case still is."""
    case = Case(
        id=CaseId(number),
        number="",
        state=State.CLOSED,
        reporter=PersonId(STAFF + 1 + number // PER_PERSON),
        text=f"第{number}件:城北社区楼道里的路灯坏了好几天,晚上老人出门看不清路,请帮忙看一看。",
        submitted_at=at,
        since=at + timedelta(hours=200),
        followed_to=now,
        category="lighting",
        community="north-gate",
        settled_at=at + timedelta(seconds=90),
        holder=PersonId(1 + number // OPEN_EVERY % MEMBERS),
        claimed_at=at + timedelta(hours=5),
        contacted_at=at + timedelta(hours=20),
        acted_at=at + timedelta(hours=100),
    )
    return opened(case, number // OPEN_EVERY, now) if number % OPEN_EVERY == 0 else closed(case, now)


def closed(case: Case, now: datetime) -> Case:
    """Finished, and looked back at."""
    return replace(
        case,
        outcome=Outcome.SOLVED,
        answer="已更换灯泡",
        satisfaction=Satisfaction.SATISFIED,
        looked_back=2,
        closed_at=min(case.since, now),
    )


def opened(case: Case, which: int, now: datetime) -> Case:
    """Begun within the last days, but for one in fifty that is overdue; one in two hundred waits for a coordinator."""
    since = now - timedelta(hours=1 + which % 150)
    if which % 200 == 1:
        return replace(case, state=State.SUBMITTED, since=since, holder=None, claimed_at=None, contacted_at=None)
    if which % 10 == 2:
        return replace(case, state=State.ASSIGNED, since=now - timedelta(hours=1), claimed_at=None, contacted_at=None)
    if which % 10 == 3:
        return replace(case, state=State.RESOLVED, since=since, outcome=Outcome.SOLVED, disputed=which % 500 == 3)
    late = which % 50 == 4
    return replace(
        case,
        state=State.IN_PROGRESS,
        since=since,
        claimed_at=since - timedelta(days=20 if late else 0),
        attempt=2 if which % 100 == 5 else 1,
        supervision=Supervision.CHASED if late else Supervision.NONE,
    )


FOLLOWING = (
    # The journal: ten lines a case, in the order of time.
    "WITH kinds(place, kind, hours) AS (VALUES "
    + ", ".join(f"({place}, '{kind}', {hours})" for place, (kind, hours) in enumerate(KINDS))
    + ") INSERT INTO journal (case_id, kind, at, by, data) "
    "SELECT c.id, k.kind, c.submitted_at + k.hours * 3600000000, c.holder, "
    '\'{"case":\' || c.id || \',"at":"2026-01-01T00:00:00+00:00","by":null,"text":"已与居民电话联系,约定周五上门。"}\' '
    "FROM cases c CROSS JOIN kinds k ORDER BY c.id, k.place",
    "INSERT INTO messages (chat, message_id, case_id, kind) "
    "SELECT :chats + reporter - :staff, id * 4, id, 'ConcernCard' FROM cases",
    "INSERT INTO cards (chat, case_id, kind, message_id) "
    "SELECT :chats + reporter - :staff, id, 'ConcernCard', id * 4 FROM cases",
    "INSERT INTO attachments (case_id, kind, file_id, unique_id, added_by, added_at) "
    "SELECT id, 'photo', 'AgACAgUAAxkBAAIB' || id, 'u' || id, reporter, submitted_at FROM cases WHERE id % 3 = 0",
    # What was said in the last 90 days, and the updates of the last eight.
    "INSERT INTO outbox (chat, lane, mode, kind, fields, case_id, touched, state, created_at, not_before, attempts, "
    "finished_at) "
    "SELECT :chats + reporter - :staff, 0, 'send', 'ConcernCard', '{}', id, 0, 'sent', :now, :now, 0, :now "
    "FROM cases WHERE id % 4 = 0",
    "INSERT INTO updates (bot, update_id, at) SELECT 4200001, id, :now FROM cases WHERE id % 10 = 0",
    "INSERT INTO visits (member, at, note, kinds, photos) SELECT holder, submitted_at, '走访', '', '' FROM cases "
    "WHERE id % 20 = 1",
    "INSERT INTO calls (case_id, member, subject, text, asked_at, reminded, done_at) "
    "SELECT id, holder, 'outcome', '', submitted_at, 0, submitted_at FROM cases WHERE id % 30 = 1",
)


def stored(value: Any) -> Any:
    """A value as the columns keep it."""
    match value:
        case datetime():
            return (value - EPOCH) // MICROSECOND
        case timedelta():
            return value // MICROSECOND
        case date():
            return value.isoformat()
        case StrEnum():
            return value.value
        case _:
            return value
