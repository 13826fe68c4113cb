"""Digests: what needs action first, then the news and the numbers, then what went well.

Each subscriber's own hour and language; once a local date. An empty daily one is not sent, the weekly one always is. A
group chat gets numbers only.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, ClassVar

from domain.cases import Case, CaseId
from domain.casework import HELD, STAFF, Refusal, reads_as
from domain.charter import Charter
from domain.digest import Issue, Period, latest, so_far
from domain.followups import due_at
from domain.people import ChatId, Role
from domain.text import cut, headline
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

LINES = 5
"""Cases a section names; the rest is counted. With cut titles and names the whole stays below one message's length."""

NAME = 20
NOTE = 30
"""Units of a name and of a visit's note; twice as many of the note where its letters are half as wide."""

BATCH = 10
"""Digests made in one transaction."""

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
        return digest_context(report, self, view)

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

    case: CaseId
    number: str
    title: str
    holder: str
    due: datetime | None
    late: bool
    urgent: bool
    supervision: str
    attempt: int
    mark: int = 0


ACTION = ("overdue", "unassigned", "not_solved")


def digest_context(report: Report, message: Digest, view: View) -> dict[str, Any]:
    """What the template shows: sections of lines. A case is named once; what is solved, where it went well."""
    named = {case.id for case in report.sections["solved"]}
    marks = count(1)
    sections: dict[str, list[Line]] = {}
    for name, cases in report.sections.items():
        fresh = [case for case in cases if case.id not in named or name == "solved"]
        named |= {case.id for case in fresh}
        sections[name] = [marked(case, view, marks) if name in ACTION else line_of(case, view) for case in fresh]
    return {
        "period": message.period,
        "until": message.until,
        "sections": sections,
        "lines": [line for lines in sections.values() for line in lines if line.mark],
        "visits": [(cut(view.name(visit.member), NAME), headline(visit.note, NOTE)) for visit in report.visits],
        "counts": report.counts,
        "more": {name: report.counts[name] - len(cases) for name, cases in report.sections.items()},
        "more_visits": report.counts["visits"] - len(report.visits),
        "verdicts": report.verdicts,
        "quiet": report.empty,
    }


def marked(case: Case, view: View, marks: Iterator[int]) -> Line:
    """A line with the number of its button, where the reader may open the case and there is room in the row."""
    may_open = view.reader is not None and reads_as(case, view.reader, STAFF)
    mark = next(marks) if may_open else 0
    return replace(line_of(case, view), mark=mark if mark <= LIST else 0)


def line_of(case: Case, view: View) -> Line:
    """A case as one line."""
    due = due_at(case, view.charter)
    return Line(
        case=case.id,
        number=case.number,
        title=headline(case.text),
        holder=cut(view.name(case.holder), NAME) if case.state in HELD else "",
        due=due,
        late=due is not None and due <= view.now,
        urgent=case.urgent,
        supervision=case.supervision,
        attempt=case.attempt,
    )


# -- by the clock


@feature.clock
def send_due(turn: Turn) -> bool:
    """Digests whose hour has come, a few at a time."""
    made = 0
    for wanted in turn.unit.subscriptions.active():
        issue = issue_of(turn, Period(wanted.period), wanted)
        if first_look(turn, f"{wanted.person}:{wanted.period}", issue):
            send(turn, wanted, issue)
            made += 1
        if made == BATCH:
            return True
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
    holder = person.id if mine else None
    if period is Period.DAILY and turn.unit.board.quiet(issue.since, issue.until, holder):
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
        if period is Period.WEEKLY or not turn.unit.board.quiet(issue.since, issue.until):
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
    """The whole group's digest as plain text, for the command line; it has no buttons, so nobody need be named."""
    view = View(unit, charter, words, None, language, now)
    issue = so_far(Period(period), charter.calendar, now)
    message = Digest(Period(period), issue.since, issue.until)
    report = unit.board.report(issue.since, issue.until, LINES)
    drawn = words.template(language, Digest.template()).render(digest_context(report, message, view), view=view)
    return html.unescape(re.sub(r"<[^>]+>", "", drawn)).strip()
