"""A visit (走访): who of the group went to whom, what was said, and what kinds of work were done there.

The rule: one message makes a visit; everything else is added to it afterwards, only by the member who made it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.cases import BehalfKind, Place, VisitId
from domain.casework import Refusal
from domain.charter import Charter, Community, Limits
from domain.limits import TooLong, full, too_long
from domain.people import Person, PersonId, Role
from domain.reading import find_community


class WorkKind(StrEnum):
    """The kinds of work done on a visit (宣讲政策、解疑释惑、理顺情绪、化解矛盾、征求建言线索、问需)."""

    POLICY = "policy"
    QUESTIONS = "questions"
    FEELINGS = "feelings"
    CONFLICT = "conflict"
    LEADS = "leads"
    NEEDS = "needs"


class Visited(StrEnum):
    """Who or what was visited."""

    HOUSEHOLD = "household"
    ENTERPRISE = "enterprise"
    SHOP = "shop"
    PLACE = "place"


class VisitRefusal(StrEnum):
    """Why nothing can be done to a visit; "absent" and "not yours" are one refusal."""

    NO_SUCH_VISIT = "no_such_visit"


@dataclass(frozen=True, slots=True)
class Photo:
    """What shows what was seen: a photo, or a video or recording (``kind``) that Telegram keeps under ``file_id``."""

    kind: str
    file_id: str
    unique_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit as logged by the member who made it."""

    id: VisitId
    member: PersonId
    at: datetime
    note: str
    visited: Visited | None = None
    community: str | None = None
    kinds: frozenset[WorkKind] = frozenset()
    place: Place | None = None
    photos: tuple[Photo, ...] = ()


def log(note: str, community: str | None, by: Person, now: datetime, limits: Limits) -> Visit | Refusal | TooLong:
    """A new visit from one message of the member."""
    if not by.has(Role.MEMBER):
        return Refusal.NOT_STAFF
    if not note.strip():
        return Refusal.NO_WORDS
    if refused := too_long(note, limits.note):
        return refused
    return Visit(id=VisitId(0), member=by.id, at=now, note=note, community=community)


def guess_community(note: str, by: Person, communities: Sequence[Community]) -> str | None:
    """The community the note names, else the only one its member serves, else the only one there is."""
    if found := find_community(note, communities):
        return found.code
    served = by.communities or tuple(community.code for community in communities)
    return served[0] if len(served) == 1 else None


def own_first(communities: Sequence[Community], by: Person | None) -> list[Community]:
    """Communities to choose from, those somebody serves before the others."""
    mine = by.communities if by else ()
    return sorted(communities, key=lambda community: community.code not in mine)


def belongs_to(visit: Visit | None, by: Person) -> bool:
    """Only the member who made a visit changes it."""
    return visit is not None and visit.member == by.id and by.has(Role.MEMBER)


def toggle(visit: Visit, kind: WorkKind) -> Visit:
    """Tick a kind of work, or untick it."""
    return replace(visit, kinds=visit.kinds ^ {kind})


def add_words(visit: Visit, text: str, limits: Limits) -> Visit | Refusal | TooLong:
    """More was said than the first message told."""
    if not text.strip():
        return Refusal.NO_WORDS
    if refused := too_long(text, limits.note, visit.note):
        return refused
    return replace(visit, note=f"{visit.note}\n{text}")


def add_photos(visit: Visit, photos: Iterable[Photo], limits: Limits) -> Visit | Refusal:
    """Photos come with it, each once however often it is sent."""
    known = {photo.unique_id for photo in visit.photos}
    new = tuple(photo for photo in photos if photo.unique_id not in known)
    if full(len(visit.photos), len(new), limits.attachments):
        return Refusal.TOO_MANY_ATTACHMENTS
    return replace(visit, photos=visit.photos + new)


def add_place(visit: Visit, place: Place, communities: Sequence[Community]) -> Visit:
    """Where it was; a community that the words name comes along where none is known yet."""
    found = find_community(place.words, communities) if place.words and visit.community is None else None
    return replace(visit, place=place, community=found.code if found else visit.community)


def add(
    visit: Visit, text: str, photos: Iterable[Photo], place: Place | None, charter: Charter
) -> tuple[Visit, Refusal | TooLong | None]:
    """The visit with everything of a message that fits, and why the rest does not: words weigh more than photos."""
    refused: Refusal | TooLong | None = None
    seen = add_photos(visit, photos, charter.limits)
    visit, refused = (seen, refused) if isinstance(seen, Visit) else (visit, seen)
    if text:
        told = add_words(visit, text, charter.limits)
        visit, refused = (told, refused) if isinstance(told, Visit) else (visit, told)
    return (add_place(visit, place, charter.communities) if place else visit), refused


def on_day(visit: Visit, days_ago: int, now: datetime) -> Visit:
    """It was so many days before today; visits are often written down the next morning."""
    return replace(visit, at=now - timedelta(days=days_ago))


def is_today(visit: Visit, now: datetime, charter: Charter) -> bool:
    """Whether it was on the present local date."""
    return charter.calendar.local_date(visit.at) == charter.calendar.local_date(now)


def is_recent(visit: Visit, now: datetime, charter: Charter) -> bool:
    """Whether what comes now may belong to it."""
    return timedelta() <= now - visit.at <= charter.joining


def spoken_for(visited: Visited | None) -> BehalfKind | None:
    """For whom a report from this visit is made, where the visit tells."""
    match visited:
        case Visited.HOUSEHOLD:
            return BehalfKind.HOUSEHOLD
        case Visited.ENTERPRISE | Visited.SHOP:
            return BehalfKind.ENTERPRISE
        case _:
            return None
