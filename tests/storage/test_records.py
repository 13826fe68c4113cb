"""Events, messages and drafts come back from JSON as they were."""

import json
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.app import FEATURES
from domain.cases import CaseClaimed, CaseId, CaseReopened
from domain.people import PersonId
from handlers.kit.messages import MESSAGES
from handlers.kit.routes import Router, draft_type
from storage.journal import EVENTS
from storage.records import dump, load

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**62), 2**62),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    datetime: st.datetimes(timezones=st.just(UTC)),
    date: st.dates(),
    time: st.times(),
    timedelta: st.timedeltas(timedelta(0), timedelta(days=999)),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.none() | values(next(a for a in arguments if a is not NoneType))
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is frozenset:
        return st.frozensets(values(arguments[0]), max_size=3)
    if supertype := getattr(hint, "__supertype__", None):
        return values(supertype)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return SIMPLE[hint] if hint in SIMPLE else records(hint)


def records(kind: Any) -> st.SearchStrategy[Any]:
    """Any record of a type."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in fields(kind)})


DRAFTS = sorted({draft_type(step) for step in Router.of(FEATURES).steps.values()}, key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("kind", [*EVENTS.values(), *MESSAGES.values(), *DRAFTS], ids=lambda kind: kind.__name__)
def test_a_record_comes_back_as_it_was(kind: Any) -> None:
    @settings(max_examples=5, deadline=None, database=None)
    @given(records(kind))
    def round_trip(record: Any) -> None:
        assert load(kind, dump(record)) == record

    round_trip()


EVENT = CaseReopened(case=CaseId(1), at=datetime(2026, 11, 23, tzinfo=UTC), by=PersonId(2), reason="又坏了")


def test_a_row_of_an_older_version_takes_defaults() -> None:
    data = json.loads(dump(EVENT))
    del data["reason"]
    assert load(CaseReopened, json.dumps(data)).reason == ""


def test_a_row_of_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    data = {**json.loads(dump(EVENT)), "colour": "green"}
    assert load(CaseReopened, json.dumps(data)) == EVENT


def test_a_type_that_cannot_be_kept_is_refused_at_first_use() -> None:
    @dataclass(frozen=True)
    class Odd:
        what: complex

    with pytest.raises(TypeError, match="complex"):
        load(Odd, '{"what": 1}')


def test_no_event_shares_another_ones_name() -> None:
    assert EVENTS["CaseClaimed"] is CaseClaimed
    assert len({kind.__name__ for kind in EVENTS.values()}) == len(EVENTS)
