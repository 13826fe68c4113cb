"""Visits come back as they were kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.cases import Place, VisitId
from domain.people import PersonId
from domain.visits import Photo, Visit, Visited, WorkKind
from storage.unit import Unit

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PLAIN = Visit(id=VisitId(0), member=PersonId(1), at=NOW, note="看望王奶奶")
FULL = replace(
    PLAIN,
    visited=Visited.HOUSEHOLD,
    community="north",
    kinds=frozenset({WorkKind.NEEDS, WorkKind.POLICY}),
    place=Place("3号楼", 31.6, 113.8),
    photos=(Photo("photo", "file1", "unique1"), Photo("video", "file2", "unique2")),
)


@pytest.mark.parametrize("visit", [PLAIN, FULL, replace(PLAIN, place=Place("", 31.6, 113.8))])
def test_a_visit_comes_back(unit: Unit, visit: Visit) -> None:
    number = unit.visits.add(visit)
    assert unit.visits.get(number) == replace(visit, id=number)


def test_saving_changes_that_visit_only(unit: Unit) -> None:
    first, second = unit.visits.add(PLAIN), unit.visits.add(PLAIN)
    unit.visits.save(replace(FULL, id=first))
    assert unit.visits.get(first) == replace(FULL, id=first)
    assert unit.visits.get(second) == replace(PLAIN, id=second)


def test_a_member_s_own_latest_visits_come_first(unit: Unit) -> None:
    for days in range(25):
        unit.visits.add(replace(PLAIN, at=NOW - timedelta(days=days)))
    unit.visits.add(replace(PLAIN, member=PersonId(2), at=NOW + timedelta(days=1)))
    found = unit.visits.of_member(PersonId(1))
    assert [visit.at for visit in found] == [NOW - timedelta(days=days) for days in range(20)]


def test_no_visit(unit: Unit) -> None:
    assert unit.visits.get(VisitId(1)) is None
