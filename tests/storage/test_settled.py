"""Numbers do not wait for PostgreSQL's disk one after another, and nothing is told that is not on it.

A server of its own, whose commits wait a tenth of a second (``commit_delay``) and whose log is written by nobody else.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from time import monotonic

import psycopg
import pytest
from sqlalchemy import make_url

from benchmarks.postgres import postgres
from domain.cases import Case, CaseId, State
from domain.people import ChatId, PersonId
from storage.postgresql import PostgreSQLDatabase
from storage.schema import upgrade
from storage.unit import Unit
from tests.postgres import required

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WAIT = 0.1
SLOW = (
    f"commit_delay = {round(WAIT * 1_000_000)}",
    "commit_siblings = 0",
    "wal_writer_delay = 10s",
    "max_connections = 50",
    "autovacuum = off",
)
MANY = 40


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An empty database on a slow disk."""
    required()
    with postgres(*SLOW) as (_, found):
        yield found


@pytest.fixture
async def database(url: str) -> AsyncIterator[PostgreSQLDatabase]:
    """The bot's side of it, with somebody who has concerns."""
    found = await PostgreSQLDatabase.open(make_url(url))
    await found.schema(upgrade)
    await found.run(lambda unit: unit.people.seen(ChatId(1), "王芳", "zh", NOW))
    yield found
    await found.close()


def add(unit: Unit) -> str:
    """A new case; its number."""
    case = Case(
        id=CaseId(0), number="", state=State.SUBMITTED, reporter=PersonId(1), text="路灯", submitted_at=NOW, since=NOW,
        followed_to=NOW,
    )  # fmt: skip
    return unit.cases.add(case, 2026, None, None).number


def behind(url: str) -> bool:
    """Whether the log has something that is not on the disk."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()").fetchone()
    return bool(row and row[0])


def commit_early(url: str) -> None:
    """What another worker has committed a moment ago, and has not waited for."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("INSERT INTO settings (name, value) VALUES (gen_random_uuid()::text, '')")
    assert behind(url)


async def test_many_numbers_wait_for_the_disk_together(database: PostgreSQLDatabase) -> None:
    """Planted fault: ``LOCK`` instead of ``LOCK_NUMBERS``, and they wait one after another."""
    begun = monotonic()
    numbers = await asyncio.gather(*(database.run(add) for _ in range(MANY)))
    assert len(set(numbers)) == MANY
    assert monotonic() - begun < MANY * WAIT * 0.8


async def test_who_gave_a_number_returns_once_it_is_on_the_disk(database: PostgreSQLDatabase, url: str) -> None:
    """Planted fault: no ``settle_own``."""
    assert await database.run(add)
    assert not behind(url)


async def test_a_question_is_answered_once_its_answer_is_on_the_disk(database: PostgreSQLDatabase, url: str) -> None:
    """Planted fault: no ``settle`` in ``_snapshot``; the sender would tell a number that a power cut takes back."""
    commit_early(url)
    await database.read(lambda unit: unit.settings.get("x"))
    assert not behind(url)


async def test_who_writes_nothing_returns_once_what_it_saw_is_on_the_disk(
    database: PostgreSQLDatabase, url: str
) -> None:
    """An update that was seen before. Planted fault: no ``settle`` in ``_transaction``."""
    await database.run(lambda unit: unit.intake.first_sight(1, 7, NOW))
    commit_early(url)
    assert not await database.run(lambda unit: unit.intake.first_sight(1, 7, NOW))
    assert not behind(url)


async def test_who_writes_waits_for_the_disk_by_itself(database: PostgreSQLDatabase, url: str) -> None:
    commit_early(url)
    await database.run(lambda unit: unit.settings.put("x", "y"))
    assert not behind(url)
