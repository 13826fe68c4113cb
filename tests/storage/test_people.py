"""Persons as they are kept, links that admit once, and choices that stay."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Connection, inspect

from domain.people import ChatId, Invite, Person, PersonId, Role
from storage.subscriptions import Subscription
from storage.unit import Unit

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
WANG, LI = ChatId(1001), ChatId(1002)


def member(unit: Unit, chat: ChatId = LI, name: str = "李建国") -> Person:
    known = unit.people.seen(chat, name, "zh", NOW)
    joined = replace(
        known, roles=frozenset({Role.MEMBER}), communities=("north", "south"), sector="education", standing=True
    )
    unit.people.set_roles(joined)
    return joined


def invite(unit: Unit, hashed: str = "hash") -> int:
    link = Invite(
        id=0,
        role=Role.MEMBER,
        name="赵敏",
        communities=("north",),
        sector="education",
        inviter=PersonId(1),
        expires_at=NOW + timedelta(hours=72),
    )
    return unit.people.invite(link, hashed)


class TestPeople:
    def test_somebody_new_is_written_down_once(self, unit: Unit) -> None:
        first = unit.people.seen(WANG, "王芳", "zh", NOW)
        assert unit.people.seen(WANG, "王芳", "zh", NOW) == first
        assert unit.people.by_chat(WANG) == first
        assert unit.people.get(first.id) == first

    def test_nobody_is_found_where_nobody_is(self, unit: Unit) -> None:
        assert unit.people.by_chat(WANG) is None
        assert unit.people.get(PersonId(7)) is None

    def test_a_resident_has_the_name_and_language_their_telegram_says_now(self, unit: Unit) -> None:
        unit.people.seen(WANG, "王芳", "zh", NOW)
        again = unit.people.seen(WANG, "Fang", "en", NOW)
        assert (again.name, again.language_code) == ("Fang", "en")

    def test_without_a_first_name_the_known_one_stays(self, unit: Unit) -> None:
        unit.people.seen(WANG, "王芳", "zh", NOW)
        assert unit.people.seen(WANG, "", "zh", NOW).name == "王芳"

    def test_staff_keep_the_name_they_were_invited_under(self, unit: Unit) -> None:
        member(unit)
        assert unit.people.seen(LI, "Jianguo 🌸", "en", NOW).name == "李建国"

    def test_roles_and_what_belongs_to_them_come_back_as_they_were(self, unit: Unit) -> None:
        joined = member(unit)
        assert unit.people.get(joined.id) == joined

    def test_writing_again_ends_being_unreachable(self, unit: Unit) -> None:
        known = unit.people.seen(WANG, "王芳", "zh", NOW)
        unit.people.set_unreachable(known.id, True)
        found = unit.people.get(known.id)
        assert found
        assert found.unreachable
        assert not unit.people.seen(WANG, "王芳", "zh", NOW).unreachable

    def test_staff_are_listed_by_role_in_the_order_they_joined(self, unit: Unit) -> None:
        unit.people.seen(WANG, "王芳", "zh", NOW)
        li, zhang = member(unit), member(unit, ChatId(1003), "张敏")
        assert [p.id for p in unit.people.staff()] == [li.id, zhang.id]
        assert [p.id for p in unit.people.staff(Role.MEMBER)] == [li.id, zhang.id]
        assert unit.people.staff(Role.COORDINATOR) == []

    def test_choices_stay(self, unit: Unit) -> None:
        known = unit.people.seen(WANG, "王芳", "zh", NOW)
        unit.people.set_language(known.id, "en")
        unit.people.set_quiet(known.id, time(22), time(7))
        found = unit.people.seen(WANG, "王芳", "zh", NOW)
        assert (found.language, found.quiet_start, found.quiet_end) == ("en", time(22), time(7))

    def test_ids_of_52_bits_fit(self, unit: Unit) -> None:
        chat = ChatId(2**52 - 1)
        assert unit.people.seen(chat, "王芳", "zh", NOW).chat == chat


class TestInvites:
    def test_a_link_is_found_by_its_hash_only(self, unit: Unit) -> None:
        number = invite(unit)
        found = unit.people.invite_by_hash("hash")
        assert found
        assert found == unit.people.invite_by_id(number)
        assert (found.id, found.role, found.name, found.communities) == (number, Role.MEMBER, "赵敏", ("north",))
        assert unit.people.invite_by_hash("guess") is None

    def test_of_many_who_follow_it_one_gets_in(self, unit: Unit) -> None:
        number = invite(unit)
        assert [unit.people.use_invite(number, PersonId(n)) for n in range(1, 9)] == [True] + [False] * 7
        found = unit.people.invite_by_id(number)
        assert found
        assert found.used_by == 1

    def test_it_is_decided_once(self, unit: Unit) -> None:
        number = invite(unit)
        assert unit.people.confirm_invite(number)
        assert not unit.people.confirm_invite(number)

    def test_two_links_do_not_share_a_secret(self, unit: Unit) -> None:
        invite(unit)
        with pytest.raises(Exception, match=r"(?i)unique"):
            invite(unit)

    def test_no_column_holds_a_secret(self, connection: Connection) -> None:
        columns = {column["name"] for column in inspect(connection).get_columns("invites")}
        assert {name for name in columns if "secret" in name} == {"secret_hash"}


class TestSubscriptions:
    def test_what_was_turned_off_is_not_begun_again(self, unit: Unit) -> None:
        person = member(unit).id
        unit.subscriptions.start(Subscription(person, "daily", time(8, 30)))
        unit.subscriptions.put(Subscription(person, "daily", time(12), active=False))
        unit.subscriptions.start(Subscription(person, "daily", time(8, 30)))
        [found] = unit.subscriptions.of_person(person)
        assert (found.hour, found.active) == (time(12), False)
        assert unit.subscriptions.active() == []
