"""A member reports for someone who is not on Telegram (代报): for whom, who, what; read aloud; then it is a case.

Every question is asked only where the answer is not known yet, so a correction is a question asked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar

from domain import casework, visits
from domain.behalf import NAME_LIMIT, contact_of
from domain.cases import Behalf, BehalfKind, Case, Place, VisitId
from domain.casework import REPORTER, Concern, Refusal, Relation
from domain.charter import named
from domain.people import Role
from domain.reading import guess_category, is_urgent
from domain.visits import Photo, Visit, VisitRefusal, own_first
from handlers.announce import decide, open_case
from handlers.cards import ConcernCard, pairs
from handlers.kit.incoming import Kind
from handlers.kit.kept import Kept, kept, received
from handlers.kit.messages import Button, CaseMessage, Message, Rows
from handlers.kit.pages import CHOICES, page, turn_row
from handlers.kit.press import Press
from handlers.kit.routes import STALE, Feature
from handlers.kit.turn import Step, Turn
from handlers.kit.views import View
from handlers.presses import Cancel, NewBehalf
from storage.cases import Attachment
from storage.records import load

feature = Feature("behalf")


@dataclass(frozen=True, slots=True)
class Report:
    """What is known so far.

    ``offered`` are words that may be used, ``aside`` words that came after the reading. ``community`` is empty where
    nobody knows, and None until it is known or asked.
    """

    visit: int = 0
    kind: BehalfKind | None = None
    name: str = ""
    phone: str = ""
    words: str = ""
    offered: str = ""
    aside: str = ""
    community: str | None = None
    place: Place | None = None
    photos: tuple[Photo, ...] = ()

    def joined_by(self, more: Kept) -> "Report":
        """With the photos and the place of a message."""
        known = {photo.unique_id for photo in self.photos}
        new = tuple(photo for photo in more.photos if photo.unique_id not in known)
        return replace(self, photos=self.photos + new, place=more.place or self.place)


class Part(StrEnum):
    """What can be put right before it is sent."""

    WHO = "w"
    WORDS = "t"
    COMMUNITY = "c"


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class ForWhom(Press):
    """For a person, a household or an enterprise."""

    code: ClassVar[str] = "bk"
    kind: BehalfKind


@dataclass(frozen=True, slots=True)
class UseWords(Press):
    """What was offered is what they have to say."""

    code: ClassVar[str] = "bu"


@dataclass(frozen=True, slots=True)
class ReportCommunities(Press):
    """Another page of the communities."""

    code: ClassVar[str] = "bn"
    page: int


@dataclass(frozen=True, slots=True)
class ReportIn(Press):
    """It is about that community; empty where nobody knows."""

    code: ClassVar[str] = "bi"
    community: str


@dataclass(frozen=True, slots=True)
class AddWords(Press):
    """What was written after the reading belongs to it."""

    code: ClassVar[str] = "ba"


@dataclass(frozen=True, slots=True)
class ChangeReport(Press):
    """Something is wrong: what?"""

    code: ClassVar[str] = "bc"


@dataclass(frozen=True, slots=True)
class ChangePart(Press):
    """Ask that again."""

    code: ClassVar[str] = "bp"
    part: Part


@dataclass(frozen=True, slots=True)
class ReadAgain(Press):
    """Show it as it will be sent."""

    code: ClassVar[str] = "br"


@dataclass(frozen=True, slots=True)
class SubmitReport(Press):
    """It was read aloud, and is right."""

    code: ClassVar[str] = "bs"


CANCEL = (Button("cancel", Cancel()),)


# -- what is said


@dataclass(frozen=True, slots=True)
class AskForWhom(Message):
    """For a person, a household or an enterprise?"""

    name: str = ""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """One tap."""
        person, household, enterprise = (Button(f"for_whom.{kind}", ForWhom(kind)) for kind in BehalfKind)
        return ((person, household), (enterprise, *CANCEL))


@dataclass(frozen=True, slots=True)
class AskWho(Message):
    """Name and telephone number in one short message; ``phone`` where only the name is missing."""

    kind: BehalfKind
    phone: str = ""
    too_long: bool = False

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up."""
        return (CANCEL,)


@dataclass(frozen=True, slots=True)
class AskTheirWords(Message):
    """What do they have to say? Words that are known already can be used."""

    name: str
    offered: str = ""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Use what is known, or give up."""
        use = (Button("use_these_words", UseWords()),) if self.offered else ()
        return ((*use, *CANCEL),)


@dataclass(frozen=True, slots=True)
class AskReportCommunity(Message):
    """Which community is it about?"""

    page: int = 0

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six communities a page, one's own first; or nobody knows."""
        shown = page(own_first(view.charter.communities, view.reader), self.page, CHOICES)
        choices = [Button("", ReportIn(c.code), text=named(c.names, view.language)) for c in shown.entries]
        return (*pairs(choices), turn_row(shown, ReportCommunities), (Button("not_known", ReportIn("")), *CANCEL))


@dataclass(frozen=True, slots=True)
class ReadBack(Message):
    """The report as it will be sent, to be read aloud. Its fields are the report's."""

    kind: BehalfKind
    name: str
    phone: str
    words: str
    aside: str = ""
    community: str | None = None
    place: Place | None = None
    photos: tuple[Photo, ...] = ()

    def context(self, view: View) -> dict[str, Any] | None:
        """With names in the reader's language."""
        category = guess_category(self.words, view.charter.categories, view.charter.communities)
        names = {
            "category": named(category.names, view.language) if category else "",
            "community": view.community(self.community),
        }
        return {**(Message.context(self, view) or {}), **names}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Send it, put something right, give up."""
        aside = (Button("add_these_words", AddWords()),) if self.aside else ()
        return ((Button("read_and_submit", SubmitReport()),), aside, (Button("change_report", ChangeReport()), *CANCEL))


@dataclass(frozen=True, slots=True)
class AskWhatToChange(Message):
    """What is wrong?"""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Who it is for, the words, where, or nothing."""
        where = Button("choose_community", ChangePart(Part.COMMUNITY))
        community = (where,) if view.charter.communities else ()
        return (
            (Button("change_who", ChangePart(Part.WHO)), Button("change_words", ChangePart(Part.WORDS))),
            (*community, Button("back", ReadAgain())),
        )


@dataclass(frozen=True, slots=True)
class Dangerous(Message):
    """Words of danger: whom to call first."""

    def context(self, view: View) -> dict[str, Any] | None:
        """The numbers, each with what it is for."""
        return {"numbers": [(named(names, view.language), number) for names, number in view.charter.emergency.numbers]}


@dataclass(frozen=True, slots=True)
class Reported(CaseMessage):
    """It is a case now: its number, and what happens next."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    visit: int

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Another one from the same visit, or at all."""
        return ((Button("report_another", NewBehalf(self.visit)),),)


# -- the questions, in order


@feature.command("behalf", Role.MEMBER)
def behalf(turn: Turn) -> None:
    """``/behalf`` with what they say behind it, or the first question."""
    begin(turn, None, received(turn))


@feature.press(NewBehalf)
def new_behalf(turn: Turn, press: NewBehalf) -> None:
    """From a visit, from what was kept, or from nothing."""
    if not turn.person.has(Role.MEMBER):
        turn.refuse(Refusal.NOT_STAFF)
        return
    visit = turn.unit.visits.get(VisitId(press.visit)) if press.visit else None
    if press.visit and not visits.belongs_to(visit, turn.person):
        turn.refuse(VisitRefusal.NO_SUCH_VISIT)
        return
    begin(turn, visit, Kept() if visit else kept(turn))


def begin(turn: Turn, visit: Visit | None, found: Kept) -> None:
    """What the visit or the message tells is not asked again."""
    report = Report(offered=found.text).joined_by(found)
    if visit is not None:
        report = Report(
            visit=visit.id,
            kind=visits.spoken_for(visit.visited),
            offered=visit.note,
            community=visit.community,
            place=visit.place,
            photos=visit.photos,
        )
    go_on(turn, report, anew=visit is not None or not found.anything)


def go_on(turn: Turn, report: Report, anew: bool = False) -> None:
    """Ask what is still missing; then show it all. ``anew``: what was pressed is not part of this talk and stays."""
    step, message = next_question(turn, report)
    turn.keep_asking(step, report, type(message).__name__)
    if turn.incoming.kind is Kind.PRESS and not anew:
        turn.edit(message)
    else:
        turn.say(message)


def next_question(turn: Turn, report: Report) -> tuple[Step, Message]:
    """The first thing that is not known yet."""
    if report.kind is None:
        return take_kind, AskForWhom(report.name)
    if not report.name:
        return take_who, AskWho(report.kind, report.phone)
    if not report.words:
        return take_their_words, AskTheirWords(report.name, report.offered)
    if report.community is None and turn.charter.communities:
        return take_aside, AskReportCommunity()
    return take_aside, read_back(report, report.kind)


def read_back(report: Report, kind: BehalfKind) -> ReadBack:
    """The report as it will be sent."""
    return ReadBack(
        kind, report.name, report.phone, report.words, report.aside, report.community, report.place, report.photos
    )


@feature.press(ForWhom)
def for_whom(turn: Turn, press: ForWhom) -> None:
    """A person, a household or an enterprise."""
    if report := current(turn):
        go_on(turn, replace(report, kind=press.kind))


@feature.step("take_kind", Role.MEMBER)
def take_kind(turn: Turn, report: Report) -> bool:
    """Somebody who writes the name right away is asked for the kind again; the name is kept."""
    return hear_who(turn, report)


@feature.step("take_who", Role.MEMBER)
def take_who(turn: Turn, report: Report) -> bool:
    """Name and number in a message, or a contact of the phone."""
    return hear_who(turn, report)


def hear_who(turn: Turn, report: Report) -> bool:
    """What is too long for a name is kept as their words."""
    more = received(turn)
    if not (more.anything or turn.incoming.phone):
        return False
    heard, report = contact_of(more.text), report.joined_by(more)
    if len(heard.name) > NAME_LIMIT:
        turn.keep_asking(take_who, replace(report, offered=more.text), AskWho.__name__)
        turn.say(AskWho(report.kind or BehalfKind.PERSON, report.phone, too_long=True))
    else:
        phone = turn.incoming.phone or heard.phone or report.phone
        go_on(turn, replace(report, name=heard.name or report.name, phone=phone))
    return True


@feature.step("take_words", Role.MEMBER)
def take_their_words(turn: Turn, report: Report) -> bool:
    """What they have to say; photos and a place come along."""
    more = received(turn)
    if len(more.text) > turn.charter.limits.concern:
        turn.refuse(Refusal.TOO_LONG)
    elif more.anything:
        hear_words(turn, replace(report.joined_by(more), words=more.text))
    return more.anything


@feature.press(UseWords)
def use_words(turn: Turn, press: UseWords) -> None:
    """What was offered is what they have to say."""
    if report := current(turn):
        hear_words(turn, replace(report, words=report.offered))


def hear_words(turn: Turn, report: Report) -> None:
    """Words of danger are answered at once. The community is the visit's, a named one, or the member's only one."""
    if is_urgent(report.words, turn.charter.emergency, turn.kit.reading):
        turn.say(Dangerous())
    community = report.community or visits.guess_community(report.words, turn.person, turn.charter.communities)
    go_on(turn, replace(report, community=community))


@feature.step("take_aside", Role.MEMBER)
def take_aside(turn: Turn, report: Report) -> bool:
    """Nothing is sent by writing. Words wait for a tap, photos and a place are added."""
    more = received(turn)
    if more.anything:
        aside = "\n".join(filter(None, (report.aside, more.text)))
        go_on(turn, replace(report.joined_by(more), aside=aside))
    return more.anything


@feature.press(AddWords)
def add_words(turn: Turn, press: AddWords) -> None:
    """The words written after the reading belong to it."""
    report = current(turn)
    if report is None:
        return
    words = "\n".join(filter(None, (report.words, report.aside)))
    if len(words) > turn.charter.limits.concern:
        turn.refuse(Refusal.TOO_LONG)
    else:
        go_on(turn, replace(report, words=words, aside=""))


@feature.press(ChangeReport)
def change(turn: Turn, press: ChangeReport) -> None:
    """Ask what is wrong."""
    if current(turn):
        turn.edit(AskWhatToChange())


@feature.press(ReadAgain)
def read_again(turn: Turn, press: ReadAgain) -> None:
    """Back to the reading."""
    if report := current(turn):
        go_on(turn, report)


@feature.press(ChangePart)
def change_part(turn: Turn, press: ChangePart) -> None:
    """Ask that again; the earlier words can still be used."""
    report = current(turn)
    if report is None:
        return
    match press.part:
        case Part.WHO:
            go_on(turn, replace(report, kind=None, name="", phone=""))
        case Part.WORDS:
            go_on(turn, replace(report, words="", offered=report.words))
        case Part.COMMUNITY:
            go_on(turn, replace(report, community=None))


@feature.press(ReportCommunities)
def turn_page(turn: Turn, press: ReportCommunities) -> None:
    """Another page of communities."""
    if current(turn):
        turn.edit(AskReportCommunity(press.page))


@feature.press(ReportIn)
def report_in(turn: Turn, press: ReportIn) -> None:
    """A community was chosen, or nobody knows."""
    report = current(turn)
    if report is None:
        return
    if press.community and turn.charter.community(press.community) is None:
        turn.refuse(STALE)
    else:
        go_on(turn, replace(report, community=press.community))


def current(turn: Turn) -> Report | None:
    """The report this member is making; otherwise it has been said why the button does nothing."""
    if not turn.person.has(Role.MEMBER):
        turn.refuse(Refusal.NOT_STAFF)
        return None
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog is None or dialog.expires_at <= turn.now or not dialog.step.startswith(f"{feature.name}."):
        turn.refuse(STALE)
        return None
    return load(Report, dialog.draft)


# -- sending


@feature.press(SubmitReport)
def submit(turn: Turn, press: SubmitReport) -> None:
    """It becomes a case, once."""
    report = current(turn)
    if report is None:
        return
    if not (report.kind and report.name and report.words):
        go_on(turn, report)
        return
    outcome = casework.submit(concern_of(turn, report, report.kind), [], turn.now, turn.charter.limits)
    if isinstance(outcome, Refusal):
        turn.refuse(outcome)
    else:
        send(turn, outcome, report)


def concern_of(turn: Turn, report: Report, kind: BehalfKind) -> Concern:
    """The report in the words of the rules."""
    charter = turn.charter
    return Concern(
        reporter=turn.person.id,
        text=report.words,
        category=guess_category(report.words, charter.categories, charter.communities),
        community=report.community or None,
        urgent=is_urgent(report.words, charter.emergency, turn.kit.reading),
        place=report.place,
        behalf=Behalf(kind, report.name, report.phone),
        visit=VisitId(report.visit) if report.visit else None,
    )


def send(turn: Turn, concern: Concern, report: Report) -> None:
    """Open the case: the reading becomes the receipt, and the card follows."""
    turn.done()
    case = open_case(turn, concern)
    for photo in report.photos:
        case = attach(turn, case, photo)
    turn.card(turn.person, ConcernCard(case.id))
    turn.edit(Reported(case.id, report.visit))


def attach(turn: Turn, case: Case, photo: Photo) -> Case:
    """A photo comes with the case, as long as there is room."""
    held = turn.unit.cases.count_attachments(case.id)
    outcome = casework.attach(case, photo.kind, held, turn.person, turn.now, turn.charter.limits)
    if isinstance(outcome, Refusal):
        return case
    found = Attachment(photo.kind, photo.file_id, photo.unique_id)
    turn.unit.cases.attach(case.id, found, turn.person.id, turn.now)
    return decide(turn, case, outcome) or case
