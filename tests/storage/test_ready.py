"""A ready statement says and finds what SQLAlchemy's own execution does, on both engines."""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Executable, Select, bindparam, create_engine, insert, select, text
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.types import NullType

import storage
from domain.people import ChatId, PersonId
from storage.board import Questions
from storage.cases import BY_ID, DUE
from storage.libpq import WRITING, LibpqDriver
from storage.outbox import ADD, PENDING, Lane, Mode, Saying, columns
from storage.ready import Driver, ReadyConnection, ready
from storage.settings import Settings
from storage.sqlite import SQLiteDriver
from storage.tables import Moment, outbox
from storage.tables import settings as settings_table
from storage.unit import Unit
from tests.domain.lives import submitted

NOW = datetime(2026, 11, 23, 9, 30, 15, 123456, tzinfo=UTC)
SAMPLES: dict[type, Any] = {
    int: 1,
    str: "a",
    datetime: NOW,
    date: NOW.date(),
    bool: True,
    float: 1.5,
    timedelta: timedelta(3),
}


@pytest.fixture
def connection(connection: Connection) -> Connection:
    """A database with somebody, a case and a message in it, whose ids are 1."""
    if connection.dialect.name == "postgresql":
        for table in ("people", "cases", "outbox"):
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1, false)"))
    unit = Unit(connection)
    person = unit.people.add(ChatId(7), "王芳", "zh", NOW)
    unit.people.set_quiet(person.id, time(21, 30), time(8))
    unit.cases.add(submitted().born(), 2026, NOW, None)
    unit.outbox.add(saying("one"))
    return connection


def driver(connection: Connection) -> Driver:
    """What the engine does with ready statements."""
    return SQLiteDriver(connection) if connection.dialect.name == "sqlite" else LibpqDriver(connection, WRITING)


def shelved(connection: Connection) -> ReadyConnection:
    """The connection as shelves have it."""
    return ReadyConnection(connection, driver(connection))


def saying(once: str) -> Saying:
    """Something to be said."""
    return Saying(
        chat=ChatId(7),
        lane=Lane.NOTICE,
        mode=Mode.SEND,
        kind="K",
        fields="{}",
        once=once,
        created_at=NOW,
        not_before=NOW,
    )


OTHERS = ("migrations", "postgresql", "settled", "libpq")
"""What SQLite never sees."""


def statements() -> Iterator[tuple[str, Executable]]:
    """Every statement that a shelf has ready when the program is imported."""
    for module in pkgutil.iter_modules(storage.__path__):
        found = vars(importlib.import_module(f"storage.{module.name}")) if module.name not in OTHERS else {}
        for name, value in found.items():
            if isinstance(value, Executable):
                yield f"{module.name}.{name}", value
            elif isinstance(value, Questions):
                yield f"{module.name}.{name}.counts", value.counts
                yield from ((f"{module.name}.{name}.{part}", one) for part, one in value.lists.items())


QUESTIONS = {name: found for name, found in statements() if isinstance(found, Select)}


def sample(statement: Select[Any]) -> dict[str, Any]:
    """A value for everything the statement asks for, of the type it wants."""
    wanted = statement.compile(dialect=create_engine("sqlite://").dialect)
    return {name: example(bind) for name, bind in wanted.binds.items() if bind.required}


def example(bind: Any) -> Any:
    """A value of a type; a list where the statement takes one."""
    if isinstance(bind.type, NullType):  # what LIMIT takes
        return 1
    found = SAMPLES[datetime if isinstance(bind.type, Moment) else bind.type.python_type]
    return [found] if bind.expanding else found


def test_there_are_questions_to_compare() -> None:
    assert len(QUESTIONS) > 40


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_finds_the_same(name: str, connection: Connection) -> None:
    """Planted fault: leave out ``readers``, and moments come back as numbers."""
    statement = QUESTIONS[name]
    values = sample(statement)
    theirs = connection.execute(statement, values).all()
    ours = shelved(connection).execute(statement, values).all()
    assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]


def test_columns_have_their_names_and_types(connection: Connection) -> None:
    row = shelved(connection).execute(DUE, {"now_": NOW, "limit_": 3}).one()
    assert (row.state, row.next_at, row.paused) == ("submitted", NOW, timedelta())


def test_what_nobody_passes_takes_its_default(connection: Connection) -> None:
    values = columns(saying("two"))
    del values["touched"], values["attempts"]
    assert shelved(connection).execute(ADD, values).rowcount == 1
    row = connection.execute(select(outbox).where(outbox.c.once == "two")).one()
    assert (row.touched, row.attempts, row.created_at) == (0, 0, NOW)


def test_a_conflict_changes_no_row(connection: Connection) -> None:
    assert shelved(connection).execute(ADD, columns(saying("one"))).rowcount == 0


def test_a_list_of_any_length_goes_the_long_way(connection: Connection) -> None:
    asked = {"now_": NOW, "busy_": [1, 2], "limit_": 9}
    assert ready(PENDING, tuple(asked), driver(connection).dialect) is None
    assert [row.once for row in shelved(connection).execute(PENDING, asked)] == ["one"]
    assert shelved(connection).execute(PENDING, {**asked, "busy_": [7]}).all() == []


def test_a_missing_value_is_a_bug(connection: Connection) -> None:
    with pytest.raises(KeyError, match="id_"):
        shelved(connection).execute(BY_ID)


def test_one_row_is_one_row(connection: Connection) -> None:
    ours = shelved(connection)
    two = text("SELECT 1 UNION SELECT 2")
    with pytest.raises(MultipleResultsFound):
        ours.execute(two).one_or_none()
    with pytest.raises(NoResultFound):
        ours.execute(select(outbox.c.id).where(outbox.c.id == bindparam("id_")), {"id_": 99}).one()
    assert ours.execute(two).all() == [(1,), (2,)]


def test_a_statement_made_on_the_spot_is_forgotten(connection: Connection) -> None:
    from storage import ready as module

    before = len(module._known)
    ours = shelved(connection)
    for number in range(20):
        ours.execute(insert(settings_table).values(name=f"n{number}", value="1"))
    assert len(module._known) <= before + 1
    assert Settings(connection).get("n19") == "1"


def test_ids_of_the_new_types_are_stored_as_numbers(connection: Connection) -> None:
    found = Unit(shelved(connection)).cases.of_reporter(PersonId(submitted().born().reporter))  # type: ignore[arg-type]
    assert len(found) == 1
