"""Several processes on one PostgreSQL keep what one writer makes true by itself, and outlive lost connections."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from domain import casework, followups
from domain.cases import Case, Event, evolve
from domain.people import ChatId, Invite, Person, PersonId, Role
from storage.database import open_database
from storage.locks import Again
from storage.postgresql import PostgreSQLDatabase, reason
from storage.unavailable import Unavailable
from storage.unit import Unit
from tests.domain.lives import CHARTER, MONDAY, WANG, submitted
from tests.postgres import Server
from tests.storage.test_outbox import CARD, ROW

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAYS = timedelta(days=3)
ROUNDS = 40


@pytest.fixture
def url(postgres: Server) -> Any:
    """An empty database's address."""
    with postgres.database() as found:
        yield found


@pytest.fixture
async def processes(url: str) -> AsyncIterator[tuple[PostgreSQLDatabase, PostgreSQLDatabase]]:
    """Two programs' connections to it, eight threads each."""
    both = [await PostgreSQLDatabase.open(make_url(url)) for _ in range(2)]
    yield both[0], both[1]
    for database in both:
        await database.close()


async def at_once(databases: tuple[PostgreSQLDatabase, ...], works: list[Callable[[Unit], Any]]) -> list[Any]:
    """Everything at the same time, in turn here and there."""
    return await asyncio.gather(*(databases[n % len(databases)].run(work) for n, work in enumerate(works)))


def change(unit: Unit, case: Case, event: Event | casework.Refusal) -> None:
    """Let something have happened, as ``announce`` does."""
    assert isinstance(event, Event), event
    after = evolve(case, event)
    unit.cases.save(after, followups.next_at(after, CHARTER), followups.due_at(after, CHARTER))
    unit.journal.add(event)


def opened(unit: Unit) -> Case:
    """A new case with its beginning in the journal."""
    case = unit.cases.add(submitted().born(), 2026, NOW, None)
    unit.journal.add(replace(submitted(), case=case.id, number=case.number))
    return case


def meet(barrier: threading.Barrier) -> None:
    """Wait for the other, where it gets here at all: with a lock it does not."""
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait(0.3)


class TestAtOnce:
    """Every test fails without the lock that it names."""

    async def test_one_case_changed_by_many_loses_no_word(self, processes: Any) -> None:
        """Planted fault: ``BY_ID`` without ``with_for_update``."""
        case = await processes[0].run(opened)

        def say(word: str) -> Callable[[Unit], None]:
            def work(unit: Unit) -> None:
                found = unit.cases.get(case.id)
                assert found
                more = casework.Concern(reporter=WANG.id, text=word, category=None, community=None, urgent=False)
                change(unit, found, casework.add_words(found, more, WANG, MONDAY))

            return work

        words = [f"补充{n:03d}" for n in range(ROUNDS)]
        await at_once(processes, [say(word) for word in words])
        stored, told = await processes[0].read(lambda unit: (unit.cases.get(case.id), unit.journal.replay(case.id)))
        assert stored == told
        assert [word for word in words if word not in stored.text] == []

    async def test_new_cases_share_no_number_and_leave_no_gap(self, processes: Any) -> None:
        """Planted fault: ``Cases.add`` without ``numbers``."""
        cases = await at_once(processes, [opened] * ROUNDS)
        assert sorted(case.number for case in cases) == [f"26-{n:04d}" for n in range(1, ROUNDS + 1)]

    async def test_of_many_who_follow_a_link_one_gets_in(self, processes: Any) -> None:
        link = Invite(
            id=0, role=Role.MEMBER, name="赵敏", communities=(), sector=None, inviter=None, expires_at=NOW + DAYS
        )
        number = await processes[0].run(lambda unit: unit.people.invite(link, "hash"))
        winners = await at_once(
            processes, [lambda unit, n=n: unit.people.use_invite(number, PersonId(n)) for n in range(1, 17)]
        )
        assert winners.count(True) == 1

    async def test_somebody_who_writes_twice_at_once_is_one_person(self, processes: Any) -> None:
        """Planted fault: ``PostgreSQLLocks.chat`` does nothing."""

        meeting = threading.Barrier(2)

        def wrote(unit: Unit) -> PersonId:
            unit.lock_chat(ChatId(7))
            known = unit.people.by_chat(ChatId(7))
            meet(meeting)
            return known.id if known else unit.people.add(ChatId(7), "王芳", "zh", NOW).id

        assert len(set(await at_once(processes, [wrote] * 2))) == 1

    async def test_an_update_that_comes_twice_at_once_is_seen_once(self, processes: Any) -> None:
        seen = await at_once(processes, [lambda unit: unit.intake.first_sight(1, 5, NOW)] * 16)
        assert seen.count(True) == 1

    async def test_a_card_that_is_said_by_many_is_one_row(self, processes: Any) -> None:
        await at_once(processes, [lambda unit: unit.outbox.add(CARD)] * 16)
        [row] = await processes[0].read(lambda unit: unit.outbox.pending(MONDAY, (), 99))
        assert row.touched == 15

    async def test_the_last_two_coordinators_do_not_both_leave(self, processes: Any) -> None:
        """Planted fault: ``PostgreSQLLocks.roster`` does nothing."""

        meeting = threading.Barrier(2)

        def join(chat: int) -> Callable[[Unit], Person]:
            def work(unit: Unit) -> Person:
                person = unit.people.add(ChatId(chat), "陈静", "zh", NOW)
                unit.people.set_roles(replace(person, roles=frozenset({Role.COORDINATOR})))
                return person

            return work

        def leave(person: Person) -> Callable[[Unit], None]:
            def work(unit: Unit) -> None:
                unit.lock_roster()
                others = len(unit.people.staff(Role.COORDINATOR)) - 1
                meet(meeting)
                if others:
                    unit.people.set_roles(person)

            return work

        both = [await processes[0].run(join(chat)) for chat in (1, 2)]
        await at_once(processes, [leave(person) for person in both])
        assert len(await processes[0].read(lambda unit: unit.people.staff())) == 1


class Counted:
    """A unit that is disturbed in its first run."""

    def __init__(self, disturb: Callable[[Unit], None]) -> None:
        self.runs = 0
        self._disturb = disturb

    def __call__(self, unit: Unit) -> bool:
        """Note an update; whether it was new."""
        self.runs += 1
        first = unit.intake.first_sight(1, 5, NOW)
        if first:
            unit.outbox.add(ROW)
        if self.runs == 1:
            self._disturb(unit)
        return first


def cut_off(unit: Unit) -> None:
    """The connection is gone, as when the server is restarted."""
    unit._connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def commit_unheard(unit: Unit) -> None:
    """The server commits, and the connection is gone before anybody hears of it."""
    unit._connection.exec_driver_sql("COMMIT")
    cut_off(unit)


def swallow(unit: Unit) -> None:
    """One case among fifty fails, and is to be put off: but it is the connection that failed."""
    try:
        with unit.savepoint():
            cut_off(unit)
    except Exception:
        unit.settings.put("put off", "wrongly")


def swallow_deadlock(unit: Unit) -> None:
    """The same where the connection goes on, and the savepoint could be undone."""
    try:
        with unit.savepoint():
            unit._connection.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$"))
    except Exception:
        unit.settings.put("put off", "wrongly")


@pytest.mark.parametrize(
    "disturb", [cut_off, swallow, swallow_deadlock], ids=["in a statement", "in a savepoint", "a deadlock in one"]
)
async def test_a_unit_that_loses_its_connection_is_done_again(processes: Any, disturb: Callable[[Unit], None]) -> None:
    """Planted faults: no second run; no ``Again``, or it is an ``Exception``: and a deadlock puts a case off."""
    work = Counted(disturb)
    assert await processes[0].run(work)
    assert work.runs == 2
    rows, put_off = await processes[0].read(
        lambda unit: (len(unit.outbox.pending(MONDAY, (), 9)), unit.settings.get("put off"))
    )
    assert (rows, put_off) == (1, None)


async def test_a_commit_whose_answer_is_lost_is_not_done_twice(processes: Any) -> None:
    """Nobody can know; the second run finds that the update has been seen."""
    work = Counted(commit_unheard)
    assert await processes[0].run(work) is False
    assert work.runs == 2
    assert len(await processes[0].read(lambda unit: unit.outbox.pending(MONDAY, (), 9))) == 1


async def test_every_connection_of_a_server_that_was_restarted_is_made_anew(processes: Any) -> None:
    await asyncio.gather(*(processes[0].run(lambda unit: unit.settings.get("a")) for _ in range(16)))
    await processes[1].run(
        lambda unit: (
            unit._connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            ).rowcount
        )
    )
    work = [lambda unit, n=n: unit.settings.put(f"n{n}", "1") for n in range(16)]
    await asyncio.gather(*(processes[0].run(put) for put in work))
    assert await processes[0].read(lambda unit: unit.settings.get("n15")) == "1"


async def test_two_who_meet_the_other_way_round_both_go_on(processes: Any) -> None:
    """A deadlock: PostgreSQL undoes one of them, and it is done again."""
    meeting = threading.Barrier(2)
    runs: list[int] = []

    def work(first: int, second: int) -> Callable[[Unit], None]:
        def lock(unit: Unit) -> None:
            runs.append(first)
            unit.lock_chat(ChatId(first))
            if len(runs) <= 2:
                meeting.wait(10)
            unit.lock_chat(ChatId(second))
            unit.settings.put(f"n{first}", "1")

        return lock

    await at_once(processes, [work(1, 2), work(2, 1)])
    assert len(runs) == 3
    assert await processes[0].read(lambda unit: (unit.settings.get("n1"), unit.settings.get("n2"))) == ("1", "1")


def impatient(url: str, **settings: str) -> Any:
    """The same database with time-outs of milliseconds; the address wins over the program."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return make_url(url).update_query_dict({"options": options})


async def test_a_lock_that_is_not_let_go_makes_it_unavailable(url: str, postgres: Server) -> None:
    database = await PostgreSQLDatabase.open(impatient(url, lock_timeout="20ms"), patience=0.1)
    try:
        with postgres.at(url) as other:
            other.execute("SELECT pg_advisory_lock(7)")
            with pytest.raises(Unavailable, match="55P03"):
                await database.run(lambda unit: unit.lock_chat(ChatId(7)))
        await database.run(lambda unit: unit.lock_chat(ChatId(7)))
    finally:
        await database.close()


async def test_a_program_that_stands_still_does_not_keep_its_locks(url: str) -> None:
    """Planted fault: no such time-out in ``SERVER``, and the second waits as long as the first stands."""
    settings = {"idle_in_transaction_session_timeout": "50ms"}
    still = await PostgreSQLDatabase.open(impatient(url, **settings))
    other = await PostgreSQLDatabase.open(make_url(url))
    holding, go_on, runs = threading.Event(), threading.Event(), []

    def stand_still(unit: Unit) -> None:
        runs.append(1)
        unit.lock_chat(ChatId(7))
        holding.set()
        assert go_on.wait(20)
        unit.settings.put("a", "1")

    try:
        standing = asyncio.create_task(still.run(stand_still))
        assert await asyncio.to_thread(holding.wait, 20)
        await other.run(lambda unit: unit.lock_chat(ChatId(7)))
        go_on.set()
        await standing
        assert len(runs) >= 2
    finally:
        go_on.set()
        await still.close()
        await other.close()


async def test_a_server_that_is_not_there_is_named_as_such() -> None:
    with pytest.raises(Unavailable, match="OperationalError"):
        await open_database("postgresql+psycopg://nobody@127.0.0.1:9/none", Path())


async def test_a_fault_of_ours_is_not_tried_again(processes: Any) -> None:
    runs: list[int] = []

    def wrong(unit: Unit) -> None:
        runs.append(1)
        unit._connection.execute(text("SELECT nonsense"))

    with pytest.raises(Exception, match="nonsense"):
        await processes[0].run(wrong)
    assert len(runs) == 1


def test_again_passes_whoever_handles_exceptions() -> None:
    assert not issubclass(Again, Exception)


async def test_no_error_tells_what_people_wrote(processes: Any) -> None:
    """What the driver says of a row stays out of the text that is logged: see ``bot/logs.py``."""
    with pytest.raises(Exception, match="null") as failure:
        await processes[0].run(lambda unit: unit.settings.put("路灯坏了", None))  # type: ignore[arg-type]
    assert "路灯坏了" not in reason(failure.value)


async def test_every_connection_has_its_time_outs(processes: Any) -> None:
    def shown(unit: Unit) -> dict[str, str]:
        names = (
            "statement_timeout",
            "lock_timeout",
            "idle_in_transaction_session_timeout",
            "default_transaction_read_only",
        )
        return {name: unit._connection.execute(text(f"SHOW {name}")).scalar_one() for name in names}

    writing = await processes[0].run(shown)
    reading = await processes[0].read(shown)
    assert list(writing.values()) == ["30s", "8s", "8s", "off"]
    assert list(reading.values()) == ["30s", "8s", "8s", "on"]
