"""A member logs a visit (走访): one message makes it, taps say what was done, photos and a place join as they come."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from domain import visits
from domain.cases import Place, VisitId
from domain.casework import Refusal
from domain.charter import named
from domain.people import Role
from domain.text import headline
from domain.visits import Visit, Visited, VisitRefusal, WorkKind, own_first
from handlers.cards import pairs
from handlers.kit.incoming import Kind
from handlers.kit.kept import Kept, kept, once_an_album, received
from handlers.kit.messages import Button, Message, Rows
from handlers.kit.pages import CHOICES, number_row, page, turn_row
from handlers.kit.press import Press
from handlers.kit.routes import STALE, Feature
from handlers.kit.turn import Turn
from handlers.kit.views import View
from handlers.presses import Cancel, NewBehalf, NewVisit

feature = Feature("visit")

TODAY, YESTERDAY = 0, 1


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class Tick(Press):
    """That kind of work was done there, or was not after all."""

    code: ClassVar[str] = "vk"
    visit: int
    kind: WorkKind


@dataclass(frozen=True, slots=True)
class ShowVisit(Press):
    """Show the card: of a visit in the list, or in place of a menu."""

    code: ClassVar[str] = "vs"
    visit: int
    anew: bool


@dataclass(frozen=True, slots=True)
class MoreOfVisit(Press):
    """Show what else can be said about it."""

    code: ClassVar[str] = "vm"
    visit: int


@dataclass(frozen=True, slots=True)
class WhoWasVisited(Press):
    """Say who or what was visited."""

    code: ClassVar[str] = "vw"
    visit: int
    visited: Visited


@dataclass(frozen=True, slots=True)
class VisitedOn(Press):
    """It was so many days before today."""

    code: ClassVar[str] = "vd"
    visit: int
    days_ago: int


@dataclass(frozen=True, slots=True)
class ChooseVisitCommunity(Press):
    """Show the communities."""

    code: ClassVar[str] = "vc"
    visit: int
    page: int


@dataclass(frozen=True, slots=True)
class VisitWasIn(Press):
    """Choose a community."""

    code: ClassVar[str] = "vi"
    visit: int
    community: str


@dataclass(frozen=True, slots=True)
class AddVisitPlace(Press):
    """Say where it was."""

    code: ClassVar[str] = "vp"
    visit: int


@dataclass(frozen=True, slots=True)
class MyVisits(Press):
    """List one's own latest visits."""

    code: ClassVar[str] = "vl"
    page: int


# -- what is said


@dataclass(frozen=True, slots=True)
class AskVisitNote(Message):
    """Where have you been, what was said?"""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Earlier visits, or give up."""
        earlier = view.reader and view.unit.visits.of_member(view.reader.id)
        latest = (Button("latest_visits", MyVisits(0)),) if earlier else ()
        return ((*latest, Button("cancel", Cancel())),)


@dataclass(frozen=True, slots=True)
class AskVisitWords(Message):
    """The photo or place is kept; a few words are still needed."""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class VisitCard(Message):
    """The visit, with the kinds of work to tick."""

    visit: int

    def context(self, view: View) -> dict[str, Any] | None:
        """The visit as it is now."""
        return shown(self.visit, view)

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six kinds, then the rest."""
        visit: Visit = context["visit"]
        kinds = [Button("", Tick(self.visit, kind), text=ticked(view, kind, kind in visit.kinds)) for kind in WorkKind]
        unknown = visit.community is None and view.charter.communities
        more = (
            Button("choose_community", ChooseVisitCommunity(self.visit, 0))
            if unknown
            else Button("more_of_visit", MoreOfVisit(self.visit))
        )
        return (*pairs(kinds), (more, Button("report_from_visit", NewBehalf(self.visit))))


@dataclass(frozen=True, slots=True)
class VisitDetails(Message):
    """Who was visited, where and when, drawn in the card's place."""

    visit: int

    def context(self, view: View) -> dict[str, Any] | None:
        """The visit as it is now."""
        return shown(self.visit, view)

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Who, community, place, day, back."""
        visit: Visit = context["visit"]
        whom = [
            Button("", WhoWasVisited(self.visit, found), text=term(view, f"visited.{found}", visit.visited is found))
            for found in Visited
        ]
        today = visits.is_today(visit, view.now, view.charter)
        yesterday = Button("was_yesterday", VisitedOn(self.visit, YESTERDAY))
        day = yesterday if today else Button("was_today", VisitedOn(self.visit, TODAY))
        place = Button("change_visit_place" if visit.place else "add_visit_place", AddVisitPlace(self.visit))
        community = Button("choose_community", ChooseVisitCommunity(self.visit, 0))
        where = (community, place) if view.charter.communities else (place,)
        return (*pairs(whom), where, (day, Button("back", ShowVisit(self.visit, False))))


@dataclass(frozen=True, slots=True)
class VisitCommunities(Message):
    """Which community was it in?"""

    visit: int
    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """The visit as it is now."""
        return shown(self.visit, view)

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six communities a page, one's own first."""
        found = page(own_first(view.charter.communities, view.reader), self.page, CHOICES)
        choices = [
            Button("", VisitWasIn(self.visit, c.code), text=named(c.names, view.language)) for c in found.entries
        ]
        turns = turn_row(found, lambda number: ChooseVisitCommunity(self.visit, number))
        return (*pairs(choices), turns, (Button("back", ShowVisit(self.visit, False)),))


@dataclass(frozen=True, slots=True)
class VisitGrew(Message):
    """What just came was added."""

    visit: int

    def context(self, view: View) -> dict[str, Any] | None:
        """The visit as it is now."""
        return shown(self.visit, view)


@dataclass(frozen=True, slots=True)
class AskVisitPlace(Message):
    """Where was it? The phone's location or a few words."""

    asks_place: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class VisitPlaceTaken(Message):
    """The place is noted."""

    clears_keyboard: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ListedVisit:
    """A line of the list."""

    visit: Visit
    title: str
    community: str


@dataclass(frozen=True, slots=True)
class VisitList(Message):
    """One's own latest visits."""

    page: int

    def context(self, view: View) -> dict[str, Any] | None:
        """Five visits, newest first; only for a member."""
        if view.reader is None or not view.reader.has(Role.MEMBER):
            return None
        found = view.unit.visits.of_member(view.reader.id)
        lines = [ListedVisit(visit, headline(visit.note), view.community(visit.community)) for visit in found]
        return {"shown": page(lines, self.page)}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[1] … [5], turn the page, log another one."""
        listed = context["shown"]
        return (
            number_row(listed, lambda line: ShowVisit(line.visit.id, True)),
            turn_row(listed, MyVisits),
            (Button("log_visit", NewVisit()),),
        )


def shown(number: int, view: View) -> dict[str, Any] | None:
    """A visit for its own member; None for everybody else."""
    visit = view.unit.visits.get(VisitId(number))
    if visit is None or view.reader is None or not visits.belongs_to(visit, view.reader):
        return None
    recent = visits.is_recent(visit, view.now, view.charter)
    return {"visit": visit, "community": view.community(visit.community), "recent": recent}


def ticked(view: View, kind: WorkKind, on: bool) -> str:
    """A kind of work as a button."""
    return term(view, f"work_kind.{kind}", on)


def term(view: View, key: str, on: bool) -> str:
    """A term as a button: with a tick where it holds."""
    word = view.words.label(view.language, key)
    return view.words.label(view.language, "ticked", {"word": word}) if on else word


# -- what is kept while a question is open


@dataclass(frozen=True, slots=True)
class MoreDraft:
    """The visit that what comes until then belongs to."""

    visit: int
    until: datetime


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """The visit whose place is asked."""

    visit: int


# -- logging


@feature.command("visit", Role.MEMBER)
def visit(turn: Turn) -> None:
    """``/visit`` with the words behind it, or a question."""
    found = received(turn)
    if found.text:
        write_down(turn, found)
    else:
        turn.ask(take_note, Kept(), AskVisitNote())


@feature.press(NewVisit)
def new_visit(turn: Turn, press: NewVisit) -> None:
    """What was kept is a visit; where nothing was kept, it is asked for."""
    found = kept(turn)
    if not turn.person.has(Role.MEMBER):
        turn.refuse(Refusal.NOT_STAFF)
    elif found.anything:
        write_down(turn, found)
    else:
        turn.ask(take_note, Kept(), AskVisitNote())


@feature.step("take_note", Role.MEMBER)
def take_note(turn: Turn, draft: Kept) -> bool:
    """The note, whatever it looks like. A photo or a place without words waits for them."""
    more = received(turn)
    if more.anything:
        write_down(turn, draft.and_then(more))
    return more.anything


def write_down(turn: Turn, found: Kept) -> None:
    """One message becomes a visit, and its card is the receipt."""
    community = visits.guess_community(found.text, turn.person, turn.charter.communities)
    outcome = visits.log(found.text, community, turn.person, turn.now, turn.charter.limits)
    if outcome is Refusal.NO_WORDS:
        wait_for_words(turn, found)
    elif isinstance(outcome, Refusal):
        turn.refuse(outcome)
    else:
        new = turn.unit.visits.add(replace(outcome, photos=found.photos, place=found.place))
        stay_open(turn, new)
        show(turn, VisitCard(new))


def wait_for_words(turn: Turn, found: Kept) -> None:
    """Keep the photos and the place; the pictures of an album are answered once."""
    turn.keep_asking(take_note, found, AskVisitWords.__name__)
    show(turn, AskVisitWords(), once=once_an_album(turn.incoming))


def show(turn: Turn, message: Message, once: str | None = None) -> None:
    """In place of what was pressed, or as an answer."""
    if turn.incoming.kind is Kind.PRESS:
        turn.edit(message)
    else:
        turn.say(message, once=once)


# -- what joins a visit


def stay_open(turn: Turn, visit: VisitId) -> None:
    """Photos and a place that come soon belong to this visit."""
    turn.keep_asking(add_more, MoreDraft(visit, turn.now + turn.charter.joining), VisitCard.__name__)


@feature.step("add_more")
def add_more(turn: Turn, draft: MoreDraft) -> bool:
    """A photo or a place soon after belongs to the visit; words alone are taken for what they look like."""
    found, more = turn.unit.visits.get(VisitId(draft.visit)), received(turn)
    if found is None or turn.now > draft.until or not visits.belongs_to(found, turn.person):
        turn.done()
        return False
    if not (more.file or more.place):
        return False
    grow(turn, found, more)
    return True


def grow(turn: Turn, found: Visit, more: Kept) -> None:
    """Keep all of it, or say what does not fit."""
    outcome = visits.add(found, more.text, more.photos, more.place, turn.charter)
    if isinstance(outcome, Refusal):
        turn.refuse(outcome)
        return
    turn.unit.visits.save(outcome)
    stay_open(turn, outcome.id)
    turn.say(VisitGrew(outcome.id), once=once_an_album(turn.incoming))


@feature.press(AddVisitPlace)
def add_place(turn: Turn, press: AddVisitPlace) -> None:
    """Ask where it was."""
    if found := own(turn, press.visit):
        turn.ask(take_place, PlaceDraft(found.id), AskVisitPlace())


@feature.step("take_place", Role.MEMBER)
def take_place(turn: Turn, draft: PlaceDraft) -> bool:
    """The phone's location, or words for the place. A photo joins the visit; the question stays."""
    found, more = turn.unit.visits.get(VisitId(draft.visit)), received(turn)
    if found is None:
        turn.done()
        return False
    if more.file:
        grow(turn, found, more)
        return True
    where = more.place or (Place(more.text) if more.text else None)
    if where:
        turn.unit.visits.save(visits.add_place(found, where, turn.charter.communities))
        stay_open(turn, found.id)
        turn.say(VisitPlaceTaken())
        turn.say(VisitCard(found.id))
    return where is not None


# -- the card's buttons


def own(turn: Turn, number: int) -> Visit | None:
    """A visit that this person may change; otherwise the refusal has been said."""
    found = turn.unit.visits.get(VisitId(number))
    if found is None or not visits.belongs_to(found, turn.person):
        turn.refuse(VisitRefusal.NO_SUCH_VISIT)
        return None
    return found


@feature.press(Tick)
def tick(turn: Turn, press: Tick) -> None:
    """Tick or untick a kind of work."""
    if found := own(turn, press.visit):
        turn.unit.visits.save(visits.toggle(found, press.kind))
        turn.edit(VisitCard(found.id))


@feature.press(ShowVisit)
def show_visit(turn: Turn, press: ShowVisit) -> None:
    """The card again: below the list, or in place of a menu."""
    if found := own(turn, press.visit):
        (turn.say if press.anew else turn.edit)(VisitCard(found.id))


@feature.press(MoreOfVisit)
def more_of_visit(turn: Turn, press: MoreOfVisit) -> None:
    """What else can be said about it."""
    if found := own(turn, press.visit):
        turn.edit(VisitDetails(found.id))


@feature.press(WhoWasVisited)
def who_was_visited(turn: Turn, press: WhoWasVisited) -> None:
    """Who or what was visited."""
    if found := own(turn, press.visit):
        turn.unit.visits.save(replace(found, visited=press.visited))
        turn.edit(VisitDetails(found.id))


@feature.press(VisitedOn)
def visited_on(turn: Turn, press: VisitedOn) -> None:
    """It was today, or yesterday."""
    found = own(turn, press.visit)
    if found is None:
        return
    if press.days_ago not in (TODAY, YESTERDAY):
        turn.refuse(STALE)
        return
    turn.unit.visits.save(visits.on_day(found, press.days_ago, turn.now))
    turn.edit(VisitDetails(found.id))


@feature.press(ChooseVisitCommunity)
def choose_community(turn: Turn, press: ChooseVisitCommunity) -> None:
    """Show the communities."""
    if found := own(turn, press.visit):
        turn.edit(VisitCommunities(found.id, press.page))


@feature.press(VisitWasIn)
def was_in(turn: Turn, press: VisitWasIn) -> None:
    """A community was chosen."""
    found, community = own(turn, press.visit), turn.charter.community(press.community)
    if found is None:
        return
    if community is None:
        turn.refuse(STALE)
        return
    turn.unit.visits.save(replace(found, community=community.code))
    turn.edit(VisitCard(found.id))


@feature.press(MyVisits)
def my_visits(turn: Turn, press: MyVisits) -> None:
    """The latest visits, in place of the question."""
    if turn.person.has(Role.MEMBER):
        turn.edit(VisitList(press.page))
    else:
        turn.refuse(Refusal.NOT_STAFF)
