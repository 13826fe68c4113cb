"""What a digest tells is what happened, each case in its sections; and every question is answered by an index."""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event

from domain import followups
from domain.cases import Case, CaseId, CaseSettled, Satisfaction, State, Supervision, VisitId
from domain.people import PersonId
from domain.visits import Visit
from storage.board import SECTIONS, Report
from storage.unit import Unit
from tests.domain.lives import CHARTER, LEE, MONDAY, WANG, ZHANG, settled

DAY = timedelta(days=1)
SINCE, UNTIL = MONDAY, MONDAY + DAY
NOON = MONDAY + timedelta(hours=3)


@dataclass
class Town:
    """A database, and who holds what in it."""

    unit: Unit
    connection: Connection

    def case(self, at: Any = NOON, **changes: Any) -> str:
        """A case that settled at that time and is now as ``changes`` say; its number."""
        case = replace(settled(at), id=CaseId(0), **changes)
        kept = self.unit.cases.add(
            case, 2026, followups.next_at(case, CHARTER), changes.get("due_at") or followups.due_at(case, CHARTER)
        )
        self.unit.journal.add(CaseSettled(case=kept.id, at=at, by=None))
        return kept.number

    def report(self, lines: int = 9, holder: PersonId | None = None) -> Report:
        """What the day's digest tells."""
        return self.unit.board.report(SINCE, UNTIL, lines, holder)

    def names(self, section: str, holder: PersonId | None = None) -> list[str]:
        """The numbers in one section."""
        found: tuple[Case, ...] = self.report(holder=holder).sections[section]
        return [case.number for case in found]


@pytest.fixture
def town(unit: Unit, connection: Connection) -> Town:
    """An empty one."""
    return Town(unit, connection)


WORKED: dict[str, Any] = {"state": State.IN_PROGRESS, "holder": LEE.id, "claimed_at": NOON}
CLOSED: dict[str, Any] = {"state": State.CLOSED, "holder": LEE.id, "closed_at": NOON, "settled_at": MONDAY - DAY}
LONG_AGO = MONDAY - 30 * DAY


def test_nothing_is_all_quiet(town: Town) -> None:
    assert town.report().empty
    assert town.unit.board.quiet(SINCE, UNTIL)


def test_every_section_is_there_even_where_it_is_empty(town: Town) -> None:
    for holder in (None, LEE.id):
        assert tuple(town.report(holder=holder).sections) == SECTIONS
        assert {*SECTIONS, "open", "closed", "visits", "calls"} <= town.report(holder=holder).counts.keys()


def test_supervised_cases_come_first_then_urgent_ones_then_the_latest(town: Town) -> None:
    late = town.case(LONG_AGO, **{**WORKED, "claimed_at": LONG_AGO})
    later = town.case(LONG_AGO - DAY, **{**WORKED, "claimed_at": LONG_AGO - DAY})
    urgent = town.case(LONG_AGO, **{**WORKED, "claimed_at": LONG_AGO}, urgent=True)
    watched = town.case(LONG_AGO, **{**WORKED, "claimed_at": LONG_AGO}, supervision=Supervision.SUPERVISED)
    town.case(NOON, **WORKED)
    assert town.names("overdue") == [watched, urgent, later, late]


def test_new_is_what_settled_since_the_last_digest(town: Town) -> None:
    """What was settled at the very moment of a digest is in that one, and in no other."""
    town.case(SINCE)
    found = [town.case(SINCE + timedelta(microseconds=1)), town.case(UNTIL)]
    town.case(UNTIL + timedelta(microseconds=1))
    assert town.names("new") == found


def test_a_case_in_its_window_for_undoing_is_not_told(town: Town) -> None:
    case = replace(settled(NOON), id=CaseId(0), settled_at=None)
    town.unit.cases.add(case, 2026, None, None)
    assert town.report().empty
    assert town.report().counts["open"] == 0


def test_unassigned_are_new_ones_and_those_that_were_given_back(town: Town) -> None:
    fresh, back = town.case(), town.case(state=State.ACCEPTED, holder=LEE.id)
    town.case(**WORKED)
    assert town.names("unassigned") == [fresh, back]


def test_not_solved_are_disputed_cases_and_further_attempts(town: Town) -> None:
    disputed = town.case(LONG_AGO, state=State.RESOLVED, holder=LEE.id, disputed=True, since=NOON)
    again = town.case(LONG_AGO, **WORKED, attempt=2)
    town.case(LONG_AGO, state=State.RESOLVED, holder=LEE.id)
    assert sorted(town.names("not_solved")) == sorted([disputed, again])


def test_solved_are_those_the_residents_say_so_of(town: Town) -> None:
    for satisfaction in Satisfaction:
        town.case(LONG_AGO, **CLOSED, satisfaction=satisfaction)
    town.case(LONG_AGO, **{**CLOSED, "closed_at": MONDAY}, satisfaction=Satisfaction.SATISFIED)
    town.case(LONG_AGO, state=State.WITHDRAWN, closed_at=NOON)
    report = town.report()
    assert [case.satisfaction for case in report.sections["solved"]] == ["satisfied", "basically"]
    assert (report.counts["solved"], report.counts["closed"]) == (2, len(Satisfaction))
    assert report.verdicts == dict.fromkeys(Satisfaction, 1)


def test_lists_are_cut_and_counted_whole(town: Town) -> None:
    for _ in range(7):
        town.case()
    report = town.report(lines=5)
    assert (len(report.sections["new"]), report.counts["new"], report.counts["open"]) == (5, 7, 7)


def test_visits_and_open_calls_are_told(town: Town) -> None:
    for hours, member in ((-1, LEE), (2, LEE), (1, ZHANG)):
        at = MONDAY + timedelta(hours=hours)
        town.unit.visits.add(Visit(id=VisitId(0), member=member.id, at=at, note="看望王奶奶"))
    done, _, _ = (town.unit.calls.add(CaseId(1), who.id, "say", "", NOON, UNTIL) for who in (LEE, LEE, ZHANG))
    town.unit.calls.done(done, NOON)
    assert [visit.member for visit in town.report().visits] == [ZHANG.id, LEE.id]
    assert (town.report().counts["visits"], town.report().counts["calls"]) == (2, 2)
    own = town.report(holder=LEE.id)
    assert (own.counts["visits"], own.counts["calls"]) == (1, 1)


class TestOfOneMember:
    def test_what_others_hold_is_not_told(self, town: Town) -> None:
        mine = town.case(**WORKED)
        town.case(**{**WORKED, "holder": ZHANG.id})
        town.case()
        assert town.names("new", LEE.id) == [mine]
        assert town.report(holder=LEE.id).counts["open"] == 1

    def test_what_was_given_back_is_no_longer_theirs(self, town: Town) -> None:
        """Planted fault: ask for the holder only, and a former holder reads a case that is closed to them."""
        town.case(LONG_AGO, state=State.ACCEPTED, holder=LEE.id, since=LONG_AGO)
        town.case(state=State.ACCEPTED, holder=LEE.id)
        assert town.report(holder=LEE.id).empty
        assert town.unit.board.quiet(SINCE, UNTIL, LEE.id)

    def test_a_dispute_that_waits_for_the_coordinators_is_not_the_member_s_delay(self, town: Town) -> None:
        disputed = town.case(LONG_AGO, state=State.RESOLVED, holder=LEE.id, disputed=True, since=LONG_AGO)
        assert town.names("overdue") == [disputed]
        assert town.names("overdue", LEE.id) == []
        assert town.names("not_solved", LEE.id) == [disputed]


ALIVE: list[dict[str, Any]] = [
    {"at": LONG_AGO, **WORKED, "claimed_at": LONG_AGO},
    {"at": LONG_AGO, **WORKED, "attempt": 2},
    {"at": NOON, **WORKED},
    {"at": LONG_AGO, **CLOSED, "satisfaction": Satisfaction.SATISFIED},
]


@pytest.mark.parametrize("case", ALIVE)
def test_quiet_says_what_the_report_says(town: Town, case: dict[str, Any]) -> None:
    town.case(**case)
    for holder, quiet in ((None, False), (LEE.id, False), (WANG.id, True)):
        assert town.unit.board.quiet(SINCE, UNTIL, holder) is quiet
        assert town.report(holder=holder).empty is quiet


def plans(town: Town, ask: Any) -> dict[str, list[str]]:
    """How the engine answers everything that is asked."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *more: Any) -> None:
        asked.append((statement, parameters))

    event.listen(town.connection.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(town.connection.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if town.connection.dialect.name == "sqlite" else "EXPLAIN"
    return {
        statement: [row[-1] for row in town.connection.exec_driver_sql(f"{explain} {statement}", parameters)]
        for statement, parameters in asked
    }


def whole_tables(plan: list[str]) -> list[str]:
    """Steps that look at every row of a table; what a statement has found itself is none."""
    return [step for step in plan if re.search(r"^SCAN (?!CONSTANT ROW|waiting$|anon_)|Seq Scan", step)]


@pytest.mark.parametrize("holder", [None, LEE.id])
def test_no_question_looks_at_every_row(town: Town, holder: PersonId | None) -> None:
    """Most cases are finished ones. (SQLite has no statistics here, as in use: nobody runs ANALYZE.)

    PostgreSQL reads a small table whole, as it should; it is asked what it does where it must not.
    """
    if town.connection.dialect.name == "postgresql":
        town.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    board = town.unit.board
    questions = [
        lambda: board.report(SINCE, UNTIL, 5, holder),
        lambda: board.quiet(SINCE, UNTIL, holder),
        board.count_inbox,
        lambda: board.inbox(5, 5),
    ]
    for ask in questions:
        for statement, plan in plans(town, ask).items():
            assert not whole_tables(plan), f"{whole_tables(plan)}: {statement}"


def test_the_inbox_is_what_a_coordinator_must_decide(town: Town) -> None:
    plain, urgent = town.case(), town.case(urgent=True)
    disputed = town.case(LONG_AGO, state=State.RESOLVED, holder=LEE.id, disputed=True, since=LONG_AGO)
    town.case(**WORKED)
    assert town.unit.board.count_inbox() == 3
    assert [found.number for case in town.unit.board.inbox(0, 5) if (found := town.unit.cases.get(case))] == [
        urgent,
        disputed,
        plain,
    ]


def test_a_case_that_would_be_forgotten_is_found(town: Town) -> None:
    town.case()
    case = replace(settled(), id=CaseId(0))
    lost = town.unit.cases.add(case, 2026, None, None)
    assert town.unit.board.awake_without_date() == [lost.number]
    assert town.unit.board.count_by_state() == {"submitted": 2}
