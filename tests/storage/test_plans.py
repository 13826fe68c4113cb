"""No question reads a table that grows from one end to the other, and no statement of a shelf goes unlooked at.

The plans are those of a database without statistics: nobody runs ANALYZE, so these are the plans of real files, however
many rows are in them. Two things are a reading from end to end: a SCAN, also along an index, and a SEARCH whose
condition has one end only, which is how ``IS NOT NULL`` and "after 1970" look. Neither counts in an index that holds a
small part of its table. Planted faults: ``STAFF`` in the order of ids; ``"pending"`` instead of ``_pending``; relays
that are due in the order of ids; a question built within a method; cases that were ever closed (``closed_at`` is not
null); calls of any time (``asked_at`` in an index of its own).
"""

import ast
import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Executable, create_engine
from sqlalchemy.sql.compiler import SQLCompiler

import storage
from storage import schema
from storage.board import Questions

RECORD = frozenset({"people", "cases", "attachments", "journal", "visits", "calls", "relays"})
GROWING = RECORD | {"outbox", "messages", "cards", "updates", "dialogs"}
"""Of the others there are as many rows as people of the group, or as operators made, or as failed."""

SMALL_PARTS: Mapping[str, str] = {
    "ix_outbox_pending": "what waits to be said",
    "ix_outbox_in_turn": "what waits to be said",
    "ix_outbox_case_id": "what waits to be said",
    "ix_outbox_held": "what waits for the morning",
    "ix_people_staff": "who has a role",
    "ix_cases_next_at": "who is not at rest: NULL otherwise, which the checker of faults looks at after every test",
    "ix_cases_due_at": "who is open and has a holder: NULL otherwise (``due_at`` in ``domain/followups.py``)",
    "ix_calls_next_at": "who has not called yet: NULL otherwise",
    "ix_relays_due_at": "what can still be taken back, for a minute: NULL otherwise",
}
"""Indices whose rows, NULL aside, are few however large their table is. A part of a table (``WHERE`` in the index) is
such a part only where it is named here."""
MAY_SCAN: Mapping[str, str] = {
    "backup.CASES": "the check of a backup reads every case of the copy",
    "backup.EVENTS_BY_CASE": "the check of a backup reads every event of the copy",
    "board.COUNT_BY_STATE": "doctor and the digest's command line: counts everything, in a covering index",
    "operations.DEAD": "doctor: what could not be sent in 90 days",
    "operations.DEAD_SINCE": "since the last look a minute ago: what has ended since then",
    "operations.LOST_EVENTS": "doctor: every event of the journal, in a covering index",
    "operations.NEWEST": "from the end, until there are enough",
    "owner.LATEST": "once, of a database made before its owner was written down: from the end, until there is one",
    "owner.UNDRAWN": "once, when another bot goes on with the data",
    "owner.UNNUMBERED": "once, when another bot goes on with the data",
    "outbox.COUNTS": "doctor: counts everything that was said in 90 days",
    "retention.RULES.dialogs.statement": "once a day, of open questions that are a week old at most",
    "retention.RULES.outbox.statement": "what has become too old since yesterday; it is deleted",
    "retention.RULES.updates.statement": "what has become too old since yesterday; it is deleted",
}
MAY_SORT: Mapping[str, str] = {
    "board.INBOX.some": "what nobody has taken yet, in the index of it",
    "board.AWAKE_WITHOUT_DATE": "doctor; there are none",
    "board.OF_ALL.lists.overdue": "what is overdue, by urgency; a digest",
    "board.OF_ALL.lists.unassigned": "what nobody has taken yet",
    "board.OF_ALL.lists.not_solved": "what is disputed or worked on again",
    "board.OF_ALL.lists.new": "a day or a week",
    "board.OF_ALL.lists.solved": "a day or a week",
    "board.OF_HOLDER.lists.overdue": "what one member holds",
    "board.OF_HOLDER.lists.not_solved": "what one member holds",
    "board.OF_HOLDER.lists.new": "what one member holds",
    "board.OF_HOLDER.lists.solved": "a day or a week of one member",
    "cases.ATTACHED": "the files of one case",
}

ELSEWHERE = frozenset({"migrations", "postgresql", "settled"})
"""No shelves, and what only PostgreSQL understands."""

NAMES_A_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)(?:\s+AS)?\s+(\w+)")


def within(name: str, value: Any) -> Iterator[tuple[str, Executable]]:
    """The statements that a value is, or holds."""
    if isinstance(value, Executable):
        yield name, value
    for key, entry in held(value):
        yield from within(f"{name}.{key}", entry)


def held(value: Any) -> Iterable[tuple[Any, Any]]:
    """What a value holds, by name or place."""
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, tuple | list | frozenset):
        return enumerate(value)
    if isinstance(value, Questions):
        return vars(value).items()
    if is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in fields(value)]
    return ()


def statements() -> Iterator[tuple[str, Executable]]:
    """Everything that a shelf may execute; what begins with an underscore is a part of it."""
    for module in pkgutil.iter_modules(storage.__path__):
        if module.name not in ELSEWHERE:
            for name, value in vars(importlib.import_module(f"storage.{module.name}")).items():
                if not name.startswith("_"):
                    yield from within(f"{module.name}.{name}", value)


STATEMENTS = dict(statements())


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """An empty database at the newest version."""
    engine = create_engine("sqlite://")
    with engine.begin() as found:
        schema.upgrade(found)
        yield found
    engine.dispose()


def plan(statement: Executable, connection: Connection) -> list[str]:
    """What SQLite means to do, values aside."""
    compiled: Any = statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler)
    text = str(compiled)
    if compiled.post_compile_params:
        values = {name: [1] if bind.expanding else 1 for name, bind in compiled.binds.items()}
        text = compiled._process_parameters_for_postcompile(values).statement
    raw: Any = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {text}", [1] * text.count("?"))]


STEP = re.compile(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?(?:.*? \((.*)\))?")


def whole(step: str) -> str:
    """The name of what a step reads from one end to the other, or from somewhere to an end; "" where it does not."""
    found = STEP.match(step)
    if found is None or found[3] in SMALL_PARTS:
        return ""
    conditions = re.findall(r"\w+([=<>]+)\?", found[4] or "")
    return found[2] if "=" not in conditions and set(conditions) != {"<", ">"} else ""


def scanned(statement: Executable, connection: Connection) -> set[str]:
    """The tables that it reads from one end to the other."""
    other_names = {other: table for table, other in NAMES_A_TABLE.findall(str(statement))}
    return {other_names.get(name, name) for name in map(whole, plan(statement, connection))}


def sorts(statement: Executable, connection: Connection) -> bool:
    """Whether it sorts what it found."""
    return any("TEMP B-TREE" in step and "ORDER BY" in step for step in plan(statement, connection))


def test_there_are_statements_to_look_at() -> None:
    assert len(STATEMENTS) > 100
    assert {"board.OF_ALL.lists.overdue", "retention.RULES.outbox.statement", "outbox.PENDING"} <= set(STATEMENTS)


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_that_grows_is_read_whole(name: str, connection: Connection) -> None:
    found = scanned(STATEMENTS[name], connection) & GROWING
    assert not found or name in MAY_SCAN, f"{name} reads all of {found}: {plan(STATEMENTS[name], connection)}"


@pytest.mark.parametrize("name", STATEMENTS)
def test_nothing_is_sorted_that_may_be_much(name: str, connection: Connection) -> None:
    assert not sorts(STATEMENTS[name], connection) or name in MAY_SORT, plan(STATEMENTS[name], connection)


def test_indices_come_in_one_order(connection: Connection) -> None:
    """Of two that are as good SQLite takes the one that came last: plans must not differ between two new databases.

    Planted fault: ``metadata.create_all`` in ``create``, in three of four runs.
    """
    rows = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE tbl_name = 'outbox' AND name LIKE 'ix%'")
    found = [row[0] for row in rows]
    parts = [name for name in found if name != "ix_outbox_finished_at"]
    assert found == ["ix_outbox_finished_at", *sorted(parts)]
    assert len(parts) > 3


@pytest.mark.parametrize("upgraded", [False, True])
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("board.OF_ALL.lists.not_solved", "ix_cases_disputed"),
        ("board.OF_ALL.lists.unassigned", "ix_cases_unassigned"),
        ("calls.HAND_OVER", "ix_calls_open"),
        ("operations.OLDEST", "ix_outbox_pending"),
    ],
)
def test_the_part_of_a_table_is_read(upgraded: bool, name: str, index: str) -> None:
    """In a new database and in one that was upgraded. Planted fault: ``in_order`` by name alone."""
    engine = create_engine("sqlite://")
    with engine.begin() as found:
        if upgraded:
            command.upgrade(schema.config(found), "head")
        else:
            schema.upgrade(found)
        assert any(index in step for step in plan(STATEMENTS[name], found))
    engine.dispose()


def test_what_is_forgiven_is_still_needed(connection: Connection) -> None:
    assert {name for name, found in STATEMENTS.items() if scanned(found, connection) & GROWING} == set(MAY_SCAN)
    assert {name for name, found in STATEMENTS.items() if sorts(found, connection)} == set(MAY_SORT)


STEPS = {
    "SCAN cases": "cases",
    "SCAN cases USING COVERING INDEX ix_cases_state": "cases",
    "SCAN outbox USING INDEX ix_outbox_finished_at": "outbox",
    "SCAN outbox USING INDEX ix_outbox_in_turn": "",
    "SEARCH journal USING COVERING INDEX ix_journal_case_id (case_id>?)": "journal",
    "SEARCH cases USING INDEX ix_cases_closed_at (closed_at>?)": "cases",
    "SEARCH cases USING INDEX ix_cases_closed_at (closed_at>? AND closed_at<?)": "",
    "SEARCH cases USING INDEX ix_cases_state (state=? AND submitted_at>?)": "",
    "SEARCH cases USING INTEGER PRIMARY KEY (rowid>?)": "cases",
    "SEARCH cases USING INTEGER PRIMARY KEY (rowid=?)": "",
    "SEARCH calls USING INDEX ix_calls_next_at (next_at<?)": "",
    "USE TEMP B-TREE FOR ORDER BY": "",
}
"""Steps of plans, and what they read whole."""


@pytest.mark.parametrize("step", STEPS)
def test_what_reads_from_end_to_end_is_known_by_its_step(step: str) -> None:
    assert whole(step) == STEPS[step]


def test_every_small_part_is_an_index(connection: Connection) -> None:
    raw: Any = connection.connection.dbapi_connection
    assert set(SMALL_PARTS) <= {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}


def test_every_other_table_is_small(connection: Connection) -> None:
    """A new table is either in the list, or named here."""
    small = {"invites", "quarantine", "errands", "subscriptions", "settings"}
    raw: Any = connection.connection.dbapi_connection
    made = {row[0] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert made - {schema.VERSIONS} == GROWING | small


BUILDERS = frozenset({"select", "insert", "update", "delete", "insert_or", "union_all", "text"})
BUILDING = frozenset(
    {"board.py", "file.py", "schema.py", "tables.py", "upsert.py", "moving.py", "postgresql.py", "shelf.py"}
)
"""``board.py`` builds in ``Questions`` and ``shelf.py`` in ``Listing``, which are looked at above; a move copies every
table whole, once; ``file.py`` reads one row of each before anything is opened; the others build none of shelves."""


def test_no_statement_is_built_where_it_would_not_be_seen() -> None:
    found = [
        f"{path.name}:{call.lineno}"
        for path in sorted(Path(storage.__path__[0]).glob("*.py"))
        if path.name not in BUILDING
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in BUILDERS
    ]
    assert found == []
