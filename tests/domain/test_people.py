"""Roles, languages, one-time links, and who is proposed for a case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.people import ChatId, Invite, InviteRefusal, Person, PersonId, Role, may_follow, may_leave, suggest

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
BOTH = ("zh", "en")


def person(number: int = 1, **known: object) -> Person:
    return replace(Person(id=PersonId(number), chat=ChatId(1000 + number), name="李建国"), **known)  # type: ignore[arg-type]


def invite(**known: object) -> Invite:
    plain = Invite(
        id=1,
        role=Role.MEMBER,
        name="李建国",
        communities=("north",),
        sector=None,
        inviter=PersonId(9),
        expires_at=NOW + timedelta(hours=72),
    )
    return replace(plain, **known)  # type: ignore[arg-type]


class TestRoles:
    def test_everyone_is_a_resident(self) -> None:
        assert person().has(Role.RESIDENT)
        assert person(roles=frozenset({Role.MEMBER})).has(Role.RESIDENT)

    def test_roles_add_up(self) -> None:
        both = person(roles=frozenset({Role.MEMBER, Role.COORDINATOR}))
        assert both.has(Role.MEMBER)
        assert both.has(Role.COORDINATOR)
        assert not both.has(Role.OBSERVER)

    def test_whoever_has_a_role_is_staff(self) -> None:
        assert not person().staff
        assert person(roles=frozenset({Role.DEPARTMENT})).staff

    @pytest.mark.parametrize("role", [Role.MEMBER, Role.DEPARTMENT, Role.OBSERVER])
    def test_other_roles_can_always_be_left(self, role: Role) -> None:
        assert may_leave(role, coordinators=1) is None

    def test_the_last_coordinator_stays(self) -> None:
        assert may_leave(Role.COORDINATOR, coordinators=1) is InviteRefusal.LAST_COORDINATOR
        assert may_leave(Role.COORDINATOR, coordinators=2) is None


class TestLanguage:
    @pytest.mark.parametrize(
        ("chosen", "telegram", "spoken"),
        [
            (None, "zh", "zh"),
            (None, "zh-hans", "zh"),
            (None, "ZH-TW", "zh"),
            (None, "en", "en"),
            (None, "fr", "en"),
            (None, "", "zh"),
            ("en", "zh", "en"),
            ("zh", "en", "zh"),
            ("xx", "en", "en"),
        ],
    )
    def test_what_was_chosen_wins_then_what_telegram_says(self, chosen: str | None, telegram: str, spoken: str) -> None:
        assert person(language=chosen, language_code=telegram).speaks(BOTH) == spoken

    def test_a_group_with_one_language_speaks_it(self) -> None:
        assert person(language_code="zh").speaks(("en",)) == "en"
        assert person(language_code="fr").speaks(("zh",)) == "zh"


class TestInvites:
    def test_a_fresh_link_admits(self) -> None:
        assert may_follow(invite(), NOW) is None

    def test_a_guessed_one_does_not(self) -> None:
        assert may_follow(None, NOW) is InviteRefusal.UNKNOWN

    def test_it_admits_once(self) -> None:
        assert may_follow(invite(used_by=PersonId(2)), NOW) is InviteRefusal.USED

    def test_it_expires_at_its_hour(self) -> None:
        last = invite().expires_at
        assert may_follow(invite(), last - timedelta(seconds=1)) is None
        assert may_follow(invite(), last) is InviteRefusal.EXPIRED

    def test_that_it_was_used_is_said_before_that_it_expired(self) -> None:
        assert may_follow(invite(used_by=PersonId(2)), NOW + timedelta(days=9)) is InviteRefusal.USED


class TestSuggestions:
    def test_the_community_counts_before_the_sector_and_the_sector_before_the_load(self) -> None:
        near = person(1, communities=("north",))
        versed = person(2, sector="education")
        idle = person(3)
        found = suggest([(idle, 0), (versed, 3), (near, 9)], "north", frozenset({"education"}))
        assert [s.person.id for s in found] == [1, 2, 3]
        assert [(s.serves_community, s.knows_kind) for s in found] == [(True, False), (False, True), (False, False)]

    def test_the_lighter_load_comes_first_and_equals_keep_the_order_they_joined_in(self) -> None:
        found = suggest([(person(3), 1), (person(2), 1), (person(1), 2)], None, frozenset())
        assert [s.person.id for s in found] == [2, 3, 1]

    def test_three_are_enough(self) -> None:
        assert len(suggest([(person(n), 0) for n in range(1, 9)], None, frozenset())) == 3

    def test_without_members_nobody_is_proposed(self) -> None:
        assert suggest([], "north", frozenset()) == []
