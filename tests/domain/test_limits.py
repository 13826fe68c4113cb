"""How much fits: of every event with words at its limit, one over, and without any limit; and long texts in parts."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.cases import Event, Outcome, Place, Satisfaction
from domain.charter import Limits
from domain.limits import PLACE, TooLong, edit_too_long, event_too_long, full, reply_room, too_long
from domain.text import parts_of, utf16_length
from storage.journal import EVENTS
from tests.domain.lives import MONDAY, settled
from tests.domain.test_text import WHOLE

CASE = settled()
LIMITS = Limits(concern=300, note=60, reply=80)
NONE = Limits(0, 0, 0, 0, 0, ())

ROOM_FOR: dict[str, int] = {
    "SaidToResident": 160,
    "SaidToMember": 160,
    "InfoGiven": 160,
    "InfoAsked": 80,
    "CaseResolved": 80,
    "VerdictExplained": 80,
    "CaseDeclined": 80,
    "CaseClosed": 80,
    "CaseReopened": 80,
    "NoteAdded": 60,
    "CallLogged": 60,
    "CaseReturned": 60,
    "WordsAdded": 300 - len(CASE.text) - 1,
    "WordsEdited": 300,
    "PlaceAdded": PLACE,
}
"""Units of words that each event has room for."""

NO_WORDS = {
    "CaseSubmitted": "seen by the rule that also minds the pace",
    "CaseWithdrawn": "its reason is the clock's",
}
WORDS = {"text", "reason", "new", "old", "place"}
NEVER_WRITTEN = {"number", "category", "community", "kind", "file_kind", "file_id", "clock", "mark", "level", "holder"}
"""Fields that hold codes and names."""

MORE: dict[str, dict[str, Any]] = {
    "CaseResolved": {"outcome": Outcome.NOTED},
    "CaseClosed": {"satisfaction": Satisfaction.NOT},
    "WordsEdited": {"old": CASE.text},
    "PlaceAdded": {"community": None},
}


def event(name: str, words: str) -> Event:
    """An event that says that."""
    kind = EVENTS[name]
    field = next(f.name for f in fields(kind) if f.name in WORDS - {"old"})
    said: dict[str, Any] = {field: Place(words) if field == "place" else words}
    return kind(case=CASE.id, at=MONDAY, by=None, **{**MORE.get(name, {}), **said})


@pytest.mark.parametrize("sign", ["字", "&", "😀"])
@pytest.mark.parametrize("name", ROOM_FOR)
def test_words_fit_up_to_their_limit_as_telegram_counts(name: str, sign: str) -> None:
    most = ROOM_FOR[name] // utf16_length(sign) * utf16_length(sign)
    fitting = sign * (most // utf16_length(sign))
    assert event_too_long(CASE, event(name, fitting), LIMITS) is None
    refused = event_too_long(CASE, event(name, fitting + sign * 2), LIMITS)
    assert refused is not None
    assert refused.length == utf16_length(fitting + sign * 2)


@pytest.mark.parametrize("name", sorted(ROOM_FOR.keys() - {"PlaceAdded"}))
def test_without_a_limit_everything_fits(name: str) -> None:
    assert event_too_long(CASE, event(name, "字" * 100_000), NONE) is None


def test_every_event_with_words_has_a_limit() -> None:
    told = {name for name, kind in EVENTS.items() if any(f.name in WORDS for f in fields(kind))}
    assert told == ROOM_FOR.keys() | NO_WORDS.keys()
    plain = {f.name for kind in EVENTS.values() for f in fields(kind) if f.type in (str, "str", "str | None")}
    assert plain - WORDS <= NEVER_WRITTEN


def test_what_makes_a_text_shorter_fits_however_long_it_is() -> None:
    long = "字" * 500 + "和灯"
    assert edit_too_long(long, "和灯", "", 300) is None
    assert edit_too_long(long, "和灯", "和路灯", 300) == TooLong(3, 300, 500)


def test_a_point_needs_no_words() -> None:
    assert event_too_long(CASE, replace(event("PlaceAdded", ""), place=Place("长" * 999, 1.0, 2.0)), LIMITS) is None  # type: ignore[call-arg]


def test_words_behind_others_have_what_room_is_left() -> None:
    assert too_long("字" * 9, 20, "灯" * 10) is None
    assert too_long("字" * 10, 20, "灯" * 10) == TooLong(10, 20, 11)


@pytest.mark.parametrize(("held", "more", "most", "no"), [(19, 1, 20, False), (20, 1, 20, True), (99, 9, 0, False)])
def test_files_fit_up_to_their_limit(held: int, more: int, most: int, no: bool) -> None:
    assert full(held, more, most) is no


@pytest.mark.parametrize(("reply", "room"), [(2000, 2000), (4000, 3500), (0, 3500), (50, 50)])
def test_a_message_holds_what_telegram_and_the_group_allow(reply: int, room: int) -> None:
    assert reply_room(Limits(reply=reply)) == room


texts = st.lists(st.sampled_from([*WHOLE, "。", ". ", "\n\n", "灯" * 7]), max_size=80).map("".join)


@given(texts, st.integers(25, 60))
def test_parts_are_the_text_and_each_has_room(text: str, room: int) -> None:
    parts = parts_of(text, room)
    assert "".join(parts) == text
    assert all(utf16_length(part) <= room for part in parts)


@given(st.text("灯路。\n ab.", max_size=300), st.integers(20, 60))
def test_there_are_no_more_parts_than_needed(text: str, room: int) -> None:
    assert len(parts_of(text, room)) == max(1, -(-len(text) // room))


@given(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=60), st.integers(25, 60))
def test_no_part_begins_within_a_character(pieces: list[str], room: int) -> None:
    ends, end = {0}, 0
    for piece in pieces:
        end += len(piece)
        ends.add(end)
    at = 0
    for part in parts_of("".join(pieces), room):
        assert at in ends
        at += len(part)


def test_a_pile_longer_than_a_message_is_parted_all_the_same() -> None:
    pile = "👩" + "\u200d👩" * 100
    assert "".join(parts_of(pile, 30)) == pile
    assert all(utf16_length(part) <= 30 for part in parts_of(pile, 30))


def test_a_text_parts_where_a_sentence_ends() -> None:
    assert parts_of("路灯坏了三天。晚上看不见。谢谢", 14) == ("路灯坏了三天。晚上看不见。", "谢谢")
