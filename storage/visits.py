"""Visits, as members logged them."""

from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from domain.cases import Place, VisitId
from domain.people import PersonId
from domain.visits import Photo, Visit, Visited, WorkKind
from storage.shelf import Shelf
from storage.tables import visits

ADD = insert(visits).returning(visits.c.id)
SAVE = update(visits).where(visits.c.id == bindparam("id_"))
BY_ID = select(visits).where(visits.c.id == bindparam("id_"))
OF_MEMBER = (
    select(visits)
    .where(visits.c.member == bindparam("person_"))
    .order_by(visits.c.at.desc(), visits.c.id.desc())
    .limit(20)
)


class Visits(Shelf):
    """Visits by id."""

    def add(self, visit: Visit) -> VisitId:
        """Keep a new visit."""
        return VisitId(self._connection.execute(ADD, columns(visit)).scalar_one())

    def get(self, visit: VisitId) -> Visit | None:
        """The visit with that id."""
        row = self._connection.execute(BY_ID, {"id_": visit}).one_or_none()
        return None if row is None else visit_of(row)

    def save(self, visit: Visit) -> None:
        """Keep what was added to a visit."""
        self._connection.execute(SAVE, {"id_": visit.id, **columns(visit)})

    def of_member(self, member: PersonId) -> list[Visit]:
        """A member's latest visits, newest first."""
        return [visit_of(row) for row in self._connection.execute(OF_MEMBER, {"person_": member})]


def columns(visit: Visit) -> dict[str, Any]:
    """A visit as columns."""
    place = visit.place or Place()
    return {
        "member": visit.member,
        "at": visit.at,
        "note": visit.note,
        "visited": visit.visited,
        "community": visit.community,
        "kinds": ",".join(sorted(visit.kinds)),
        "place_words": place.words if visit.place else None,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "photos": "\n".join(f"{photo.kind} {photo.unique_id} {photo.file_id}" for photo in visit.photos),
    }


def visit_of(row: Row[Any]) -> Visit:
    """A row as a visit."""
    return Visit(
        id=VisitId(row.id),
        member=PersonId(row.member),
        at=row.at,
        note=row.note,
        visited=Visited(row.visited) if row.visited else None,
        community=row.community,
        kinds=frozenset(WorkKind(kind) for kind in row.kinds.split(",") if kind),
        place=None if row.place_words is None else Place(row.place_words, row.latitude, row.longitude),
        photos=tuple(photo_of(line) for line in row.photos.split("\n") if line),
    )


def photo_of(line: str) -> Photo:
    """A line of the column as a photo; Telegram's ids hold no blanks."""
    kind, unique_id, file_id = line.split(" ")
    return Photo(kind, file_id, unique_id)
