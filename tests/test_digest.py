"""Digests as they are sent: once a local date, late rather than never, and always short enough for one message."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine

from bot.delivery import plain
from domain import followups
from domain.cases import CaseId, CaseSettled, Satisfaction, State, Supervision, VisitId
from domain.digest import Period
from domain.people import ChatId, Person, Role
from domain.text import utf16_length
from domain.visits import Visit
from handlers import digest
from handlers.digest import LINES, Digest, GroupDigest, print_digest, send_due
from handlers.kit.incoming import Incoming, Kind
from handlers.kit.messages import MESSAGES, Message
from handlers.kit.turn import Kit, Turn
from handlers.kit.views import View
from handlers.kit.words import LONGEST, Rendered, Words
from storage.outbox import Saying
from storage.records import load
from storage.subscriptions import Subscription
from storage.tables import metadata
from storage.unit import Unit
from tests.domain.lives import CHARTER, MONDAY, settled

DAY = timedelta(days=1)
HALF_PAST_EIGHT = time(8, 30)
GROUP = ChatId(-1001)
TOWN = replace(CHARTER, group={"zh": "一线", "en": "Yixian"}, digest_chat=GROUP)
LANGUAGES = TOWN.languages
WORDS = Words(TOWN)


@dataclass
class Office:
    """A group of people, and a clock."""

    unit: Unit
    now: datetime = MONDAY
    charter: Any = TOWN
    said: list[int] = field(default_factory=list)

    def staff(self, number: int, name: str, *roles: Role) -> Person:
        """Somebody who works in the group and wants both digests."""
        person = replace(self.unit.people.add(ChatId(number), name, "zh", self.now), roles=frozenset(roles))
        self.unit.people.set_roles(person)
        for period in Period:
            self.unit.subscriptions.start(Subscription(person.id, period, HALF_PAST_EIGHT))
        return person

    def case(self, **changes: Any) -> None:
        """A case that has settled just now."""
        case = replace(settled(self.now), **{"id": CaseId(0), **changes})
        kept = self.unit.cases.add(case, 2026, followups.next_at(case, CHARTER), followups.due_at(case, CHARTER))
        self.unit.journal.add(CaseSettled(case=kept.id, at=self.now, by=None))

    def tick(self) -> list[Saying]:
        """What the clock says now, in as many turns as it takes."""
        nothing = Incoming(update_id=0, kind=Kind.OTHER, chat=ChatId(0), at=self.now)
        while send_due(Turn(self.now, self.unit, self.charter, nothing, None, Kit())):
            pass
        rows = [row for row in self.unit.outbox.pending(self.now + DAY, (), 1000) if row.id not in self.said]
        self.said += [row.id for row in rows]
        return rows

    def pass_time(self, delta: timedelta) -> list[Saying]:
        """The clock stood still for so long, then ticks."""
        self.now += delta
        return self.tick()

    def read(self, message: Message, reader: Person | None, language: str = "zh") -> Rendered:
        """What somebody sees."""
        rendered = WORDS.render(message, View(self.unit, self.charter, WORDS, reader, language, self.now))
        assert rendered
        return rendered


@pytest.fixture
def office() -> Iterator[Office]:
    """With an empty database, on a Monday at nine."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield Office(Unit(connection))
    engine.dispose()


def sent_to(rows: list[Saying]) -> list[tuple[int, str]]:
    """Whom, and for which period."""
    return sorted((row.chat, str(message_of(row).period)) for row in rows)


def message_of(row: Saying) -> Any:
    """What is said."""
    return load(MESSAGES[row.kind], row.fields)


def test_who_joins_after_the_hour_starts_with_the_next_digest(office: Office) -> None:
    office.staff(1, "陈静", Role.COORDINATOR)
    office.case()
    assert office.tick() == []
    assert sent_to(office.pass_time(DAY)) == [(GROUP, "daily"), (1, "daily")]


def test_a_digest_is_said_once_a_local_date(office: Office) -> None:
    office.staff(1, "陈静", Role.COORDINATOR)
    office.tick()
    office.case()
    assert len(office.pass_time(DAY)) == 2
    for _ in range(10):
        assert office.pass_time(timedelta(hours=2)) == []


def test_an_empty_daily_digest_is_not_sent_and_the_weekly_one_is(office: Office) -> None:
    office.staff(1, "陈静", Role.COORDINATOR)
    office.tick()
    rows = [row for _ in range(7) for row in office.pass_time(DAY)]
    assert sent_to(rows) == [(GROUP, "weekly"), (1, "weekly")]


def test_an_empty_digest_is_looked_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.staff(1, "陈静", Role.COORDINATOR)
    office.tick()
    office.pass_time(DAY)
    monkeypatch.setattr(digest, "send", None)
    assert office.pass_time(timedelta(hours=1)) == []


def test_after_a_long_downtime_only_the_latest_of_each_is_sent(office: Office) -> None:
    office.staff(1, "陈静", Role.COORDINATOR)
    office.tick()
    office.case()
    rows = office.pass_time(23 * DAY)
    assert sent_to(rows) == [(GROUP, "daily"), (GROUP, "weekly"), (1, "daily"), (1, "weekly")]
    assert [row.once for row in rows if row.chat == 1] == ["digest:1:daily:2026-12-16", "digest:1:weekly:2026-12-14"]


def test_a_clock_that_is_put_back_repeats_nothing(office: Office) -> None:
    office.staff(1, "陈静", Role.COORDINATOR)
    office.tick()
    office.case()
    office.pass_time(2 * DAY)
    assert office.pass_time(-DAY) == []
    assert office.pass_time(DAY) == []


def test_many_subscribers_are_served_in_several_turns(office: Office) -> None:
    for number in range(1, 26):
        office.staff(number, f"联络员{number}", Role.COORDINATOR)
    office.tick()
    office.case()
    assert len(office.pass_time(DAY)) == 26


def test_who_has_left_gets_none(office: Office) -> None:
    person = office.staff(1, "陈静", Role.COORDINATOR)
    office.tick()
    office.case()
    office.unit.people.set_roles(replace(person, roles=frozenset()))
    assert sent_to(office.pass_time(DAY)) == [(GROUP, "daily")]


def test_what_was_said_is_withheld_from_who_left_meanwhile(office: Office) -> None:
    person = office.staff(1, "陈静", Role.COORDINATOR)
    stranger = replace(person, roles=frozenset())
    view = View(office.unit, TOWN, WORDS, stranger, "zh", MONDAY)
    assert WORDS.render(Digest(Period.DAILY, MONDAY - DAY, MONDAY), view) is None


def test_a_member_s_digest_tells_only_what_they_hold(office: Office) -> None:
    lee = office.staff(1, "李建国", Role.MEMBER)
    office.tick()
    office.case()
    assert sent_to(office.pass_time(DAY)) == [(GROUP, "daily")]
    office.case(holder=lee.id, state=State.IN_PROGRESS, claimed_at=office.now)
    rows = [row for row in office.pass_time(DAY) if row.chat == 1]
    assert message_of(rows[0]).mine
    assert "26-0001" not in office.read(message_of(rows[0]), lee).html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_group_reads_numbers_only(office: Office, language: str) -> None:
    """Planted canaries: neither a case's number nor anybody's words or name may come through."""
    lee = office.staff(1, "李建国", Role.MEMBER)
    office.case(text="绝密路灯", holder=lee.id, state=State.IN_PROGRESS, claimed_at=MONDAY)
    office.unit.visits.add(Visit(id=VisitId(0), member=lee.id, at=MONDAY, note="绝密走访"))
    words = office.read(GroupDigest(Period.WEEKLY, MONDAY - DAY, MONDAY), None, language)
    assert not {canary for canary in ("绝密", "李建国", "26-0001") if canary in words.html}
    assert words.rows == ()
    assert "1" in words.html


HOSTILE = "<b>&amp;{{7*7}}</b>"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff " * 3
LATE = MONDAY - 40 * DAY


def crowd(office: Office, words: str) -> Person:
    """As much as possible of everything, each case in one section, every text as long as it may be."""
    boss = office.staff(1, LONG_NAME, Role.COORDINATOR, Role.MEMBER)
    told = {"text": words, "urgent": True, "attempt": 12, "supervision": Supervision.SUPERVISED}
    held = {**told, "holder": boss.id}
    for _ in range(12):
        office.now = LATE
        office.case(**held, state=State.ASSIGNED, since=LATE)
        office.case(**told, settled_at=MONDAY)
        office.case(**held, state=State.RESOLVED, disputed=True, since=MONDAY)
        office.case(**held, state=State.CLOSED, closed_at=MONDAY, satisfaction=Satisfaction.SATISFIED)
        office.now = MONDAY
        office.case(**held, state=State.ASSIGNED)
        office.unit.visits.add(Visit(id=VisitId(0), member=boss.id, at=MONDAY, note=words))
        office.unit.calls.add(CaseId(1), boss.id, "say", words, MONDAY, MONDAY)
    return boss


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", ["W" * 3000, "路" * 3000, "👨‍👩‍👧‍👦" * 200, HOSTILE * 100, "wide words " * 200])
def test_a_digest_fits_into_one_message_whatever_the_data(office: Office, language: str, words: str) -> None:
    boss = crowd(office, words)
    for period in Period:
        rendered = office.read(Digest(period, MONDAY - DAY, MONDAY), boss, language)
        assert utf16_length(plain(rendered.html)) <= LONGEST
        assert rendered.html.count("26-00") == 5 * LINES
        assert "\n\n\n" not in rendered.html


def test_what_people_wrote_is_shown_literally(office: Office) -> None:
    boss = office.staff(1, "陈静", Role.COORDINATOR)
    office.case(text="<b>{{7*7}}</b>")
    html = office.read(Digest(Period.DAILY, MONDAY - DAY, MONDAY), boss).html
    assert "&lt;b&gt;{{7*7}}&lt;/b&gt;" in html


def test_the_first_five_that_need_action_are_opened_by_their_number(office: Office) -> None:
    rendered = office.read(Digest(Period.DAILY, MONDAY - DAY, MONDAY), crowd(office, "路灯坏了"))
    assert [drawn.label for drawn in rendered.rows[0]] == ["1", "2", "3", "4", "5"]
    assert all(f"[{drawn.label}] " in rendered.html for drawn in rendered.rows[0])


def test_who_may_open_no_case_gets_no_buttons_for_them(office: Office) -> None:
    crowd(office, "路灯坏了")
    observer = office.staff(2, "赵敏", Role.OBSERVER)
    rendered = office.read(Digest(Period.DAILY, MONDAY - DAY, MONDAY), observer)
    assert len(rendered.rows) == 1
    assert "[1]" not in rendered.html


@pytest.mark.parametrize("period", Period)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_line_prints_it_without_markup_and_needs_no_coordinator(
    office: Office, language: str, period: Period
) -> None:
    assert print_digest(office.unit, TOWN, WORDS, period, language, MONDAY)
    office.case(text="a < b & c")
    printed = print_digest(office.unit, TOWN, WORDS, period, language, MONDAY)
    assert "26-0001 a < b & c" in printed
    assert "<b>" not in printed
