"""What makes a visit, what joins it, and whose it is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import visits
from domain.calendar import WorkingCalendar
from domain.cases import BehalfKind, Place, VisitId
from domain.casework import Refusal
from domain.charter import Charter, Community, Limits
from domain.limits import TooLong
from domain.people import ChatId, Person, PersonId, Role
from domain.visits import Photo, Visit, Visited, WorkKind

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NORTH = Community("north", {"zh": "城北社区", "en": "Chengbei"}, keywords=("城北",))
SOUTH = Community("south", {"zh": "桂花社区", "en": "Osmanthus"})
CHARTER = Charter({"zh": "一线"}, WorkingCalendar(ZoneInfo("Asia/Shanghai")), communities=(NORTH, SOUTH))
LI = Person(id=PersonId(1), chat=ChatId(11), name="李建国", roles=frozenset({Role.MEMBER}), communities=("south",))
RESIDENT = Person(id=PersonId(2), chat=ChatId(12), name="王芳")
VISIT = Visit(id=VisitId(7), member=LI.id, at=NOW, note="看望王奶奶")


def photo(number: int) -> Photo:
    return Photo("photo", f"file{number}", f"unique{number}")


def test_one_message_of_a_member_makes_a_visit() -> None:
    made = visits.log("看望王奶奶", "north", LI, NOW, Limits())
    assert made == replace(VISIT, id=VisitId(0), community="north")


@pytest.mark.parametrize(
    ("note", "by", "why"),
    [
        ("看望王奶奶", RESIDENT, Refusal.NOT_STAFF),
        ("  ", LI, Refusal.NO_WORDS),
        ("长" * 2001, LI, TooLong(2001, 2000)),
    ],
)
def test_what_makes_no_visit(note: str, by: Person, why: Refusal | TooLong) -> None:
    assert visits.log(note, None, by, NOW, Limits()) == why


def test_a_named_community_wins_over_the_one_the_member_serves() -> None:
    assert visits.guess_community("去了城北幼儿园", LI, CHARTER.communities) == "north"
    assert visits.guess_community("去了幼儿园", LI, CHARTER.communities) == "south"


def test_no_guess_where_the_member_serves_several_or_the_note_names_several() -> None:
    both = replace(LI, communities=("north", "south"))
    assert visits.guess_community("去了幼儿园", both, CHARTER.communities) is None
    assert visits.guess_community("城北和桂花社区都去了", both, CHARTER.communities) is None


def test_the_only_community_there_is_needs_no_guess() -> None:
    anywhere = replace(LI, communities=())
    assert visits.guess_community("去了幼儿园", anywhere, [NORTH]) == "north"
    assert visits.guess_community("去了幼儿园", anywhere, CHARTER.communities) is None


def test_communities_one_serves_come_first() -> None:
    assert visits.own_first(CHARTER.communities, LI) == [SOUTH, NORTH]
    assert visits.own_first(CHARTER.communities, None) == [NORTH, SOUTH]


def test_only_the_member_who_made_it_changes_it() -> None:
    assert visits.belongs_to(VISIT, LI)
    assert not visits.belongs_to(VISIT, replace(LI, id=PersonId(3)))
    assert not visits.belongs_to(VISIT, replace(LI, roles=frozenset()))
    assert not visits.belongs_to(None, LI)


def test_ticking_twice_is_not_ticking() -> None:
    once = visits.toggle(VISIT, WorkKind.POLICY)
    assert once.kinds == {WorkKind.POLICY}
    assert visits.toggle(once, WorkKind.POLICY) == VISIT


def test_a_photo_comes_once_however_often_it_is_sent() -> None:
    grown = visits.add_photos(VISIT, [photo(1), photo(2)], Limits())
    assert isinstance(grown, Visit)
    assert visits.add_photos(grown, [photo(2)], Limits()) == grown


def test_one_photo_too_many_is_not_added_but_its_words_are() -> None:
    full = replace(VISIT, photos=tuple(photo(n) for n in range(20)))
    grown, refused = visits.add(full, "还有", [photo(20)], None, CHARTER)
    assert (grown, refused) == (replace(full, note="看望王奶奶\n还有"), Refusal.TOO_MANY_ATTACHMENTS)


def test_of_words_that_do_not_fit_the_photo_is_added() -> None:
    grown, refused = visits.add(VISIT, "长" * 2000, [photo(1)], None, CHARTER)
    assert (grown, refused) == (replace(VISIT, photos=(photo(1),)), TooLong(2000, 2000, 6))


def test_words_join_the_note_up_to_the_limit() -> None:
    grown = visits.add_words(VISIT, "她腿脚不便", Limits())
    assert isinstance(grown, Visit)
    assert grown.note == "看望王奶奶\n她腿脚不便"
    assert visits.add_words(VISIT, "长" * 1995, Limits()) == TooLong(1995, 2000, 6)
    assert visits.add_words(VISIT, " ", Limits()) is Refusal.NO_WORDS


def test_everything_of_one_message_is_added_together() -> None:
    grown, refused = visits.add(VISIT, "门口", [photo(1)], Place("城北幼儿园", 31.6, 113.8), CHARTER)
    assert refused is None
    assert (grown.photos, grown.community) == ((photo(1),), "north")


def test_a_place_does_not_change_a_community_that_is_known() -> None:
    known = replace(VISIT, community="south")
    assert visits.add_place(known, Place("城北幼儿园"), CHARTER.communities).community == "south"


def test_yesterday_is_a_local_date() -> None:
    late = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # a minute before midnight in Shanghai
    yesterday = visits.on_day(VISIT, 1, late)
    assert CHARTER.calendar.local_date(yesterday.at).isoformat() == "2026-11-22"
    assert not visits.is_today(yesterday, late, CHARTER)
    assert visits.is_today(visits.on_day(yesterday, 0, late), late, CHARTER)


def test_what_comes_within_ten_minutes_may_belong_to_it() -> None:
    assert visits.is_recent(VISIT, NOW + timedelta(minutes=10), CHARTER)
    assert not visits.is_recent(VISIT, NOW + timedelta(minutes=11), CHARTER)


@pytest.mark.parametrize(
    ("visited", "kind"),
    [
        (Visited.HOUSEHOLD, BehalfKind.HOUSEHOLD),
        (Visited.SHOP, BehalfKind.ENTERPRISE),
        (Visited.ENTERPRISE, BehalfKind.ENTERPRISE),
        (Visited.PLACE, None),
        (None, None),
    ],
)
def test_who_was_visited_tells_for_whom_a_report_is(visited: Visited | None, kind: BehalfKind | None) -> None:
    assert visits.spoken_for(visited) is kind
