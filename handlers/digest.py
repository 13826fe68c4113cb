"""Digests: what needs action first, then the news and the numbers, then what went well.

Each subscriber's own hour and language; once a local date. An empty daily one is not sent, the weekly one always is. A
group chat gets numbers only.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from domain.cases import Case
from domain.casework import Refusal
from domain.charter import Charter
from domain.digest import Issue, Period, latest, so_far
from domain.people import ChatId, Person, Role
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.pages import LIST
from handlers.kit.press import Press
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.kit.words import Words
from handlers.presses import OpenCase
from storage.board import Report
from storage.subscriptions import Subscription
from storage.unit import Unit

feature = Feature("digest")

LINES = 8
"""Cases a section names; the rest is counted. Five sections of eight short lines stay below one message's length."""

GROUP = "group"
"""The group chat's place in the keys of digests."""

SEEN = "digest:"
"""In the settings: the last local date for which somebody's digest was looked at."""


@dataclass(frozen=True, slots=True)
class ShowDigest(Press):
    """That digest, as it is now."""

    code: ClassVar[str] = "dig"
    period: Period


@dataclass(frozen=True, slots=True)
class Digest(Message):
    """One digest; the cases are read when it is sent. ``mine``: only what the reader holds."""

    apart: ClassVar[bool] = True
    period: Period
    since: datetime
    until: datetime
    mine: bool = False

    def context(self, view: View) -> dict[str, Any] | None:
        """Only for someone of the group, and only what they may see."""
        reader = view.reader
        whole = reader is not None and (reader.has(Role.COORDINATOR) or reader.has(Role.OBSERVER))
        if reader is None or not (whole or reader.has(Role.MEMBER)):
            return None
        holder = reader.id if self.mine or not whole else None
        report = view.unit.board.report(self.since, self.until, LINES, holder)
        return digest_context(report, self.period, view, reader, self.until)

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5] open the first cases that need action."""
        marks = tuple(Button("", OpenCase(line.case), text=str(line.mark)) for line in context["lines"] if line.mark)
        other = Period.WEEKLY if self.period is Period.DAILY else Period.DAILY
        return (marks, (Button(f"show_{other}", ShowDigest(other)),))


@dataclass(frozen=True, slots=True)
class GroupDigest(Message):
    """Numbers only, for a group chat."""

    period: Period
    since: datetime
    until: datetime

    def context(self, view: View) -> dict[str, Any] | None:
        """Counts; no case, no name."""
        report = view.unit.board.report(self.since, self.until, 0)
        return {"period": self.period, "until": self.until, "counts": report.counts, "verdicts": report.verdicts}


@dataclass(frozen=True, slots=True)
class Line:
    """A case in a digest. ``mark`` is the number of its button, 0 where it has none."""

    case: Any
    number: str
    title: str
    holder: str
    due: datetime | None
    late: bool
    urgent: bool
    supervision: str
    attempt: int
    mark: int


ACTION = ("overdue", "unassigned", "not_solved")


def digest_context(report: Report, period: Period, view: View, reader: Person, until: datetime) -> dict[str, Any]:
    """What the template shows: sections of lines. A case is named once; what is solved, where it went well."""
    named = {case.id for case in report.sections["solved"]}
    lines: list[Line] = []
    sections: dict[str, list[Line]] = {}
    for name, cases in report.sections.items():
        fresh = [case for case in cases if case.id not in named or name == "solved"]
        named |= {case.id for case in fresh}
        first = len(lines) + 1
        sections[name] = [line_of(case, view, first + n if name in ACTION else 0) for n, case in enumerate(fresh)]
        lines += sections[name] if name in ACTION else []
    visits = [(view.name(visit.member), visit) for visit in report.visits]
    return {
        "period": period,
        "until": until,
        "sections": sections,
        "lines": lines,
        "visits": visits,
        "counts": report.counts,
        "more": {name: report.counts[name] - len(cases) for name, cases in report.sections.items()},
        "verdicts": report.verdicts,
        "quiet": report.empty,
    }


def line_of(case: Case, view: View, mark: int) -> Line:
    """A case as one line."""
    reader = view.reader
    seen = view.case_view(case, reader) if reader else None
    return Line(
        case=case.id,
        number=case.number,
        title=seen.title if seen else "",
        holder=view.name(case.holder) if case.state not in ("submitted", "accepted") else "",
        due=seen.due if seen else None,
        late=bool(seen and seen.overdue),
        urgent=case.urgent,
        supervision=case.supervision,
        attempt=case.attempt,
        mark=mark if mark <= LIST else 0,
    )


# -- by the clock


@feature.clock
def send_due(turn: Turn) -> bool:
    """Every digest whose hour has come."""
    for wanted in turn.unit.subscriptions.active():
        issue = issue_of(turn, Period(wanted.period), wanted)
        if first_look(turn, f"{wanted.person}:{wanted.period}", issue):
            send(turn, wanted, issue)
    if turn.charter.digest_chat is not None:
        send_to_group(turn)
    return False


def issue_of(turn: Turn, period: Period, wanted: Subscription) -> Issue:
    """The digest whose hour came last."""
    return latest(period, wanted.hour, turn.charter.digest_weekday, turn.charter.calendar, turn.now)


def first_look(turn: Turn, who: str, issue: Issue) -> bool:
    """Whether this digest has not been looked at yet; a new subscriber starts with the next one."""
    key, day = f"{SEEN}{who}", issue.day.isoformat()
    seen = turn.unit.settings.get(key)
    if seen is not None and seen >= day:
        return False
    turn.unit.settings.put(key, day)
    return seen is not None


def send(turn: Turn, wanted: Subscription, issue: Issue) -> None:
    """Say it, unless it is a daily one with nothing in it."""
    person = turn.someone_by_id(wanted.person)
    if person is None or not person.staff:
        return
    period = Period(wanted.period)
    mine = not (person.has(Role.COORDINATOR) or person.has(Role.OBSERVER))
    report = turn.unit.board.report(issue.since, issue.until, 0, person.id if mine else None)
    if period is Period.DAILY and report.empty:
        return
    once = f"digest:{person.id}:{period}:{issue.day.isoformat()}"
    turn.tell(person, Digest(period, issue.since, issue.until, mine), once=once)


def send_to_group(turn: Turn) -> None:
    """The group chat's numbers: daily where there are any, weekly always."""
    chat, charter = turn.charter.digest_chat, turn.charter
    if chat is None:
        return
    for period in Period:
        issue = latest(period, charter.digest_hour, charter.digest_weekday, charter.calendar, turn.now)
        if not first_look(turn, f"{GROUP}:{period}", issue):
            continue
        if period is Period.WEEKLY or not turn.unit.board.report(issue.since, issue.until, 0).empty:
            once = f"digest:{GROUP}:{period}:{issue.day.isoformat()}"
            turn.tell_chat(ChatId(chat), GroupDigest(period, issue.since, issue.until), once=once)


# -- on demand


@feature.command("digest", Role.MEMBER)
@feature.command("digest", Role.OBSERVER)
@feature.command("digest", Role.COORDINATOR)
def digest_now(turn: Turn) -> None:
    """``/digest``, ``/digest weekly``: as it is now."""
    asked = turn.incoming.arguments.strip().lower()
    turn.say(now_digest(turn, Period.WEEKLY if asked == Period.WEEKLY else Period.DAILY))


@feature.press(ShowDigest)
def show_digest(turn: Turn, press: ShowDigest) -> None:
    """The other one, as it is now."""
    if turn.person.staff:
        turn.say(now_digest(turn, press.period))
    else:
        turn.refuse(Refusal.NOT_STAFF)


def now_digest(turn: Turn, period: Period) -> Digest:
    """The digest of this moment: the whole group's, or what a member holds."""
    issue = so_far(period, turn.charter.calendar, turn.now)
    mine = not (turn.person.has(Role.COORDINATOR) or turn.person.has(Role.OBSERVER))
    return Digest(period, issue.since, issue.until, mine)


def print_digest(unit: Unit, charter: Charter, words: Words, period: str, language: str, now: datetime) -> str:
    """The coordinators' digest as plain text, for the command line."""
    view = View(unit, charter, words, onlooker(unit), language, now)
    issue = so_far(Period(period), charter.calendar, now)
    rendered = words.render(Digest(Period(period), issue.since, issue.until), view)
    return html.unescape(re.sub(r"<[^>]+>", "", rendered.html)) if rendered else ""


def onlooker(unit: Unit) -> Person | None:
    """Whose eyes the command line borrows: a coordinator's."""
    return next(iter(unit.people.staff(Role.COORDINATOR)), None)
