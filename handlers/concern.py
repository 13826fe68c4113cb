"""A resident says what troubles them: one message is a complete report, and the case exists at once.

What follows soon after belongs to it: a picture, a place, a short text, more of the same kind. Another kind is asked
about, and so is what is not clear; whatever was written is kept meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar

from domain import casework
from domain.cases import Case, CaseId, Event, Place
from domain.casework import EITHER_SIDE, OPEN, REPORTER, Concern, Refusal, Relation, may_read
from domain.charter import named
from domain.limits import TooLong, event_too_long, too_long
from domain.reading import Look, find_community, is_urgent
from handlers.announce import announce, decide, open_case
from handlers.cards import ConcernCard, card_for, pairs
from handlers.kit.incoming import File, Kind
from handlers.kit.kept import Kept, kept, once_an_album, received
from handlers.kit.messages import Button, CaseMessage, Message, Rows
from handlers.kit.pages import CHOICES, page, turn_row
from handlers.kit.press import CasePress
from handlers.kit.routes import Feature
from handlers.kit.turn import Turn
from handlers.kit.views import CaseView, View
from handlers.limits import WordsTooLong, refuse_words, together, too_many_files
from handlers.presses import (
    AddPlace,
    Cancel,
    ChangeCommunity,
    ChangeType,
    NewConcern,
    PickCommunity,
    PickType,
    Redraw,
    SendNow,
    Side,
    Undo,
)
from storage.cases import Attachment
from storage.messages import SAID
from storage.records import dump

feature = Feature("concern")

SHORT = 12
"""Characters: a text this short, soon after a concern, belongs to it."""


# -- what is said


@dataclass(frozen=True, slots=True)
class AskConcern(Message):
    """Write it in one message."""


@dataclass(frozen=True, slots=True)
class EmergencyNumbers(Message):
    """Words of danger: whom to call first."""

    def context(self, view: View) -> dict[str, Any] | None:
        """The numbers, each with what it is for."""
        found = [(named(names, view.language), number) for names, number in view.charter.emergency.numbers]
        return {"numbers": found}


@dataclass(frozen=True, slots=True)
class AskCommunity(CaseMessage):
    """Which community is it about?"""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    page: int = 0

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """The communities."""
        return community_rows(view, self.case, Side.RESIDENT, self.page)


@dataclass(frozen=True, slots=True)
class Joined(CaseMessage):
    """What just came was added to the case."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    message_id: int
    words: bool

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Words can be made a concern of their own."""
        return ((Button("make_separate", MakeSeparate(self.case, self.message_id)),),) if self.words else ()


@dataclass(frozen=True, slots=True)
class AskWhich(Message):
    """A new concern, or more about an earlier one? (``case`` is 0 where there is none.)"""

    case: CaseId
    number: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """New, add, give up."""
        add = (Button("add_to", AddTo(self.case), {"number": self.number}),) if self.case else ()
        return ((Button("new_concern", NewConcern()), *add), (Button("cancel", Cancel()),))


@dataclass(frozen=True, slots=True)
class TooMany(Message):
    """That is a lot at once; the words are kept."""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Try again later."""
        return ((Button("try_again", NewConcern()), Button("cancel", Cancel())),)


@dataclass(frozen=True, slots=True)
class DoesNotFit(CaseMessage):
    """The case has no room for these words; they are kept, and can be a concern of their own."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    length: int
    most: int
    before: int

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A concern of its own, or give up."""
        return ((Button("new_concern", NewConcern()),), (Button("cancel", Cancel()),))


@dataclass(frozen=True, slots=True)
class CannotUse(Message):
    """A sticker, a dice, a poll: nothing to work with."""


@dataclass(frozen=True, slots=True)
class AskPlace(CaseMessage):
    """Where is it? The phone's location or a few words."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    asks_place: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PlaceTaken(CaseMessage):
    """The place is noted."""

    whose: ClassVar[frozenset[Relation]] = REPORTER
    clears_keyboard: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class TypeMenu(CaseMessage):
    """The kinds of concern, drawn in the card's place."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    side: Side
    page: int = 0

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six kinds a page."""
        shown = page(view.charter.categories, self.page, CHOICES)
        kinds = [
            Button("", PickType(self.case, self.side, c.code), text=named(c.names, view.language))
            for c in shown.entries
        ]
        turns = turn_row(shown, lambda number: ChangeType(self.case, self.side, number))
        return (*pairs(kinds), turns, (Button("back", Redraw(self.case, self.side)),))


@dataclass(frozen=True, slots=True)
class CommunityMenu(CaseMessage):
    """The communities, drawn in the card's place."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE
    side: Side
    page: int = 0

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Six communities a page."""
        rows = community_rows(view, self.case, self.side, self.page)
        return (*rows, (Button("back", Redraw(self.case, self.side)),))


def community_rows(view: View, case: CaseId, side: Side, number: int) -> Rows:
    """Buttons of communities, six a page."""
    shown = page(view.charter.communities, number, CHOICES)
    found = [Button("", PickCommunity(case, side, c.code), text=named(c.names, view.language)) for c in shown.entries]
    return (*pairs(found), turn_row(shown, lambda to: ChangeCommunity(case, side, to)))


@dataclass(frozen=True, slots=True)
class AskWithdraw(CaseMessage):
    """Staff have heard of it already: take it back all the same?"""

    whose: ClassVar[frozenset[Relation]] = REPORTER

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """What destroys asks once more."""
        case: CaseView = context["case"]
        return ((Button("withdraw_sure", Undo(case.id, True)), Button("back", Redraw(case.id, Side.RESIDENT))),)


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class AddTo(CasePress):
    """What was kept belongs to that case."""

    code: ClassVar[str] = "at"
    whose: ClassVar[frozenset[Relation]] = REPORTER


@dataclass(frozen=True, slots=True)
class MakeSeparate(CasePress):
    """The words of that message are a concern of their own."""

    code: ClassVar[str] = "ms"
    whose: ClassVar[frozenset[Relation]] = REPORTER
    message_id: int


# -- what is kept while a question is open


@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """The case whose place is asked."""

    case: CaseId


# -- free messages


@feature.free_text
def hear(turn: Turn) -> bool:
    """Anything a resident sends that nothing else took."""
    incoming = turn.incoming
    if incoming.kind is Kind.OTHER or not (incoming.has_words or incoming.file or incoming.place):
        turn.say(CannotUse())
    elif answers_anothers(turn):
        ask_which(turn, None)
    elif (recent := recent_case(turn)) and belongs(turn, recent):
        join(turn, recent, received(turn))
    elif recent or unclear(turn):
        ask_which(turn, recent)
    else:
        report(turn, received(turn))
    return True


def recent_case(turn: Turn) -> Case | None:
    """A case of this person that is so new that what comes now may belong to it."""
    latest = turn.unit.cases.latest(turn.person.id, turn.now - turn.charter.joining)
    newest = next((turn.unit.cases.get(case.id) for case in latest if case.state in OPEN), None)
    return newest if newest and newest.state in OPEN else None


def answers_anothers(turn: Turn) -> bool:
    """Whether this answers a message about a case that is not theirs any more: hardly a concern of their own."""
    replied = turn.incoming.reply_to
    about = None if replied is None else turn.unit.messages.about(turn.incoming.chat, replied)
    case = turn.unit.cases.get(about.case) if about else None
    return case is not None and not may_read(case, turn.person)


def belongs(turn: Turn, recent: Case) -> bool:
    """A file, a place, a short text or one of the same kind belongs to the concern just told."""
    text = turn.incoming.text
    if not turn.incoming.has_words or len(text) <= SHORT:
        return True
    kind = turn.guess(text)
    return kind is None or kind.code == recent.category


def unclear(turn: Turn) -> bool:
    """A few words without a file that may or may not be a concern."""
    incoming = turn.incoming
    found = turn.look(incoming.text)
    return incoming.file is None and incoming.place is None and found is Look.UNSURE


def ask_which(turn: Turn, recent: Case | None) -> None:
    """Keep it and ask."""
    question = AskWhich(recent.id if recent else CaseId(0), recent.number if recent else "")
    turn.ask(take_again, received(turn), question)


@feature.step("keep")
def take_again(turn: Turn, told: Kept) -> bool:
    """Only buttons answer this; whatever is written meanwhile is taken for what it looks like."""
    return False


# -- reporting


def report(turn: Turn, told: Kept) -> None:
    """A concern becomes a case, and its card is the receipt."""
    concern = understood(turn, told)
    recent = [case.submitted_at for case in turn.unit.cases.latest(turn.person.id, turn.now - longest_pace(turn))]
    match casework.submit(concern, recent, turn.now, turn.charter.limits):
        case Refusal.TOO_MANY:
            turn.ask(take_again, told, TooMany())
        case Refusal() as no:
            turn.refuse(no)
        case TooLong() as no:
            ask_shorter(turn, concern, told, no)
        case Concern() as accepted:
            receive(turn, accepted, told)


def ask_shorter(turn: Turn, concern: Concern, told: Kept, refused: TooLong) -> None:
    """The words are kept, and so is what came with them; of danger the numbers come first all the same."""
    if concern.urgent:
        turn.say(EmergencyNumbers())
    if turn.incoming.kind is not Kind.PRESS:  # there the words wait where they were
        turn.keep_asking(take_concern, replace(told, text=""), WordsTooLong.__name__)
    refuse_words(turn, refused)


def longest_pace(turn: Turn) -> timedelta:
    """The longest time in which concerns are counted; none where they are not."""
    return max((within for _, within in turn.charter.limits.pace), default=timedelta())


def understood(turn: Turn, told: Kept) -> Concern:
    """What the words say: kind, community, urgency."""
    charter = turn.charter
    return Concern(
        reporter=turn.person.id,
        text=told.text,
        category=turn.guess(told.text),
        community=community_of(turn, told.text),
        urgent=is_urgent(told.text, charter.emergency, turn.kit.reading),
        place=told.place,
        attached=bool(told.file or told.place),
    )


def community_of(turn: Turn, text: str) -> str | None:
    """The community named in the words, the only one there is, or the one of this person's last case."""
    communities = turn.charter.communities
    if found := find_community(text, communities):
        return found.code
    if len(communities) == 1:
        return communities[0].code
    earlier = turn.unit.cases.newest(turn.person.id)
    return earlier.community if earlier and turn.charter.community(earlier.community) else None


def receive(turn: Turn, concern: Concern, told: Kept) -> None:
    """Open the case; numbers to call come first, the community is asked only where it is unknown."""
    answered(turn)
    if concern.urgent:
        turn.say(EmergencyNumbers())
    case = open_case(turn, concern)
    turn.unit.messages.add(turn.person.chat, told.message_id, case.id, SAID, told.text)
    turn.card(turn.person, ConcernCard(case.id))
    for file in filter(None, (told.file, *told.more)):
        keep_file(turn, case, file)
    if case.community is None and turn.charter.communities:
        turn.say(AskCommunity(case.id))


def answered(turn: Turn) -> None:
    """The open question is answered, unless it keeps words that did not fit somewhere else."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog and (dialog.step.startswith(f"{feature.name}.") or not dialog.refused[0]):
        turn.done()


def keep_file(turn: Turn, case: Case, file: File) -> bool:
    """A photo or file comes with a case, once. False: it was refused."""
    held = turn.unit.cases.count_attachments(case.id)
    outcome = casework.attach(case, file.kind, held, turn.person, turn.now, turn.charter.limits)
    if outcome is Refusal.TOO_MANY_ATTACHMENTS:
        too_many_files(turn)
    elif isinstance(outcome, Refusal):
        turn.refuse(outcome)
    elif turn.unit.cases.attach(case.id, Attachment(file.kind, file.file_id, file.unique_id), turn.person.id, turn.now):
        decide(turn, case, outcome)
    return not isinstance(outcome, Refusal)


def join(turn: Turn, case: Case, told: Kept) -> None:
    """More of the same: words, a file, a place. The pictures of an album are added without a word each."""
    if told.text.strip():
        changed = add_words(turn, case, told)
        if changed is None:
            return
        case = changed
    turn.unit.messages.add(turn.person.chat, told.message_id, case.id, SAID, told.text)
    files = [keep_file(turn, case, file) for file in filter(None, (told.file, *told.more))]
    if told.place:
        decide(turn, case, casework.place(case, told.place, None, turn.person, turn.now))
    answered(turn)
    if turn.incoming.album is None and (told.text.strip() or told.place or any(files)):
        turn.say(Joined(case.id, told.message_id, bool(told.text.strip()) and case.text != told.text))


def add_words(turn: Turn, case: Case, told: Kept) -> Case | None:
    """More words; where they speak of danger, the numbers come first and staff hear at once."""
    more = understood(turn, told)
    outcome = casework.add_words(case, more, turn.person, turn.now)
    if isinstance(outcome, Event) and (refused := event_too_long(case, outcome, turn.charter.limits)):
        does_not_fit(turn, case, more, told, refused)
        return None
    changed = decide(turn, case, outcome)
    if changed is None or not more.urgent or case.urgent:
        return changed
    turn.say(EmergencyNumbers())
    now_urgent = casework.settle(changed, turn.person, turn.now)
    return changed if isinstance(now_urgent, Refusal) else announce(turn, changed, now_urgent)


def does_not_fit(turn: Turn, case: Case, more: Concern, told: Kept, refused: TooLong) -> None:
    """There is no room for them in the case: they are kept, and can be a concern of their own."""
    if more.urgent:
        turn.say(EmergencyNumbers())
    if turn.incoming.kind is Kind.PRESS:
        refuse_words(turn, refused)
    else:
        turn.ask(take_again, told, DoesNotFit(case.id, refused.length, refused.most, refused.before))
        turn.keep_refused()


@feature.command("new")
def new(turn: Turn) -> None:
    """``/new`` with the words behind it, or a question."""
    if turn.incoming.arguments:
        report(turn, Kept(turn.incoming.arguments, turn.incoming.message_id))
    else:
        turn.ask(take_concern, Kept(), AskConcern())


@feature.press(NewConcern)
def new_concern(turn: Turn, press: NewConcern) -> None:
    """What was kept is a concern of its own; where nothing was kept, it is asked for."""
    found = kept(turn)
    if found.anything:
        report(turn, found)
    else:
        turn.ask(take_concern, Kept(), AskConcern())


@feature.step("tell")
def take_concern(turn: Turn, told: Kept) -> bool:
    """The next message is the concern, whatever it looks like."""
    incoming = turn.incoming
    if not (incoming.has_words or incoming.file or incoming.place):
        return False
    found = together(turn, told, received(turn))
    if incoming.has_words or not still_too_long(turn, found):
        report(turn, found)
    return True


def still_too_long(turn: Turn, found: Kept) -> bool:
    """Whether words wait to be shortened: what comes without words is kept with them."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    words, message_id = dialog.refused if dialog else ("", 0)
    refused = too_long(words, turn.charter.limits.concern)
    if dialog is None or refused is None:
        return False
    waiting = replace(dialog, draft=dump(found)).refusing(words, message_id, dialog.refused_at)
    turn.unit.dialogs.ask(turn.incoming.chat, waiting)
    turn.say(WordsTooLong(refused.length, refused.most), once=once_an_album(turn.incoming))
    return True


@feature.press(AddTo)
def add_to(turn: Turn, press: AddTo) -> None:
    """What was kept belongs to that case."""
    case, found = turn.case(press.case), kept(turn)
    if case is None:
        return
    if found.anything:
        join(turn, case, found)
    else:
        turn.refuse("stale_press")


@feature.press(MakeSeparate)
def make_separate(turn: Turn, press: MakeSeparate) -> None:
    """Words that were added to a case become one of their own."""
    case = turn.case(press.case)
    about = turn.unit.messages.about(turn.incoming.chat, press.message_id)
    if case is None:
        return
    if about is None or about.case != case.id or not about.text or about.text not in case.text:
        turn.refuse("stale_press")
        return
    if decide(turn, case, casework.take_out_words(case, about.text, turn.person, turn.now)):
        report(turn, Kept(about.text, press.message_id))


@feature.when(Kind.EDIT)
def edited(turn: Turn) -> None:
    """A message that was taken in was changed: a new revision, which staff see. Other edits change nothing."""
    incoming = turn.incoming
    about = turn.unit.messages.about(incoming.chat, incoming.message_id)
    if about is None or about.kind != SAID or not about.text or about.text == incoming.text:
        return
    case = turn.case(about.case)
    if case is None:
        return
    outcome = casework.edit_words(case, about.text, incoming.text, turn.person, turn.now)
    if decide(turn, case, outcome):
        turn.unit.messages.edited(incoming.chat, incoming.message_id, incoming.text)


# -- the card's buttons


@feature.press(AddPlace)
def add_place(turn: Turn, press: AddPlace) -> None:
    """Ask where it is."""
    if case := turn.case(press.case):
        turn.ask(take_place, PlaceDraft(case.id), AskPlace(case.id))


@feature.step("take_place")
def take_place(turn: Turn, draft: PlaceDraft) -> bool:
    """The phone's location, or words for the place."""
    incoming = turn.incoming
    where = incoming.place or (Place(incoming.text) if incoming.kind is Kind.TEXT and incoming.has_words else None)
    if where is None:
        return False
    case = turn.case(draft.case, REPORTER)
    if case is None:
        turn.done()
        return True
    community = find_community(where.words, turn.charter.communities)
    found = community.code if community and case.community is None else None
    if decide(turn, case, casework.place(case, where, found, turn.person, turn.now)):
        turn.done()
        turn.say(PlaceTaken(case.id))
    return True


@feature.press(ChangeType)
def change_type(turn: Turn, press: ChangeType) -> None:
    """Show the kinds."""
    if case := turn.case(press.case):
        turn.edit(TypeMenu(case.id, press.side, press.page))


@feature.press(PickType)
def pick_type(turn: Turn, press: PickType) -> None:
    """A kind was chosen."""
    case, category = turn.case(press.case), turn.charter.category(press.category)
    if case is None:
        return
    if category is None:
        turn.refuse("stale_press")
    elif decide(turn, case, casework.categorise(case, category, turn.person, turn.now)):
        turn.note("type_changed")
    turn.edit(card_for(case.id, press.side))


@feature.press(ChangeCommunity)
def change_community(turn: Turn, press: ChangeCommunity) -> None:
    """Show the communities."""
    if case := turn.case(press.case):
        turn.edit(CommunityMenu(case.id, press.side, press.page))


@feature.press(PickCommunity)
def pick_community(turn: Turn, press: PickCommunity) -> None:
    """A community was chosen: on the card, or as the answer to the question."""
    case, community = turn.case(press.case), turn.charter.community(press.community)
    if case is None:
        return
    if community is None:
        turn.refuse("stale_press")
    elif decide(turn, case, casework.choose_community(case, community.code, turn.person, turn.now)):
        turn.note("community_noted")
    drawn = card_for(case.id, press.side)
    card = turn.unit.messages.card(turn.incoming.chat, case.id, type(drawn).__name__)
    on_card = card is not None and card.message_id == turn.incoming.message_id
    turn.edit(drawn if on_card else CommunityNoted(case.id))


@dataclass(frozen=True, slots=True)
class CommunityNoted(CaseMessage):
    """The question about the community is answered; its buttons go."""

    whose: ClassVar[frozenset[Relation]] = EITHER_SIDE


@feature.press(SendNow)
def send_now(turn: Turn, press: SendNow) -> None:
    """Staff hear at once."""
    if (case := turn.case(press.case)) and decide(turn, case, casework.settle(case, turn.person, turn.now)):
        turn.note("sent_now")


@feature.press(Undo)
def undo(turn: Turn, press: Undo) -> None:
    """Within the window at once; later it asks once more."""
    case = turn.case(press.case)
    if case is None:
        return
    if case.settled_at and not press.sure and case.state in OPEN:
        turn.edit(AskWithdraw(case.id))
    elif decide(turn, case, casework.undo(case, turn.person, turn.now)):
        turn.note("undone")


@feature.press(Redraw)
def redraw(turn: Turn, press: Redraw) -> None:
    """Back to the card."""
    if case := turn.case(press.case):
        turn.edit(card_for(case.id, press.side))
