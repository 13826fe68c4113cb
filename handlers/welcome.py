"""Saying hello, small talk, help, giving up, and coming back to what was left unsent for a day.

The rule: /start asks for nothing; small talk never opens a case; giving up says what was kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from domain.cases import Case, CaseId
from domain.casework import OPEN
from domain.people import Person, Role
from domain.reading import Look
from handlers.cards import pairs
from handlers.kit.incoming import Kind
from handlers.kit.kept import KEEPS
from handlers.kit.messages import MESSAGES, Button, Message, Rows
from handlers.kit.press import Press
from handlers.kit.routes import Feature
from handlers.kit.turn import MOVED, Turn
from handlers.kit.views import View
from handlers.menus import offers, refresh, speak
from handlers.notices import AskVerdict
from handlers.presses import Cancel, Inbox, MyCases, MyConcerns, NewBehalf, NewConcern, NewVisit, ShowHelp, Undo
from storage.dialogs import REFUSED, Dialog
from storage.records import load

feature = Feature("welcome")

AS_A_NEW_MESSAGE = -1
"""A list that is asked for here does not take the place of the message it was asked from."""

SMALL_TALK = frozenset({Look.GREETING, Look.THANKS, Look.QUESTION, Look.MENU, Look.CANCEL, Look.TOO_SHORT})
LEFT_BEHIND = "left_behind"

WORDS = (REFUSED, "text", "words", "offered", "name")
"""Fields of a draft that hold what somebody wrote."""


# -- buttons of this feature only


@dataclass(frozen=True, slots=True)
class SwitchLanguage(Press):
    """Say hello in that language, and speak it from now on."""

    code: ClassVar[str] = "wel"
    language: str


@dataclass(frozen=True, slots=True)
class Continue(Press):
    """Go on with what was left open."""

    code: ClassVar[str] = "wec"


@dataclass(frozen=True, slots=True)
class Discard(Press):
    """Let go what was left open."""

    code: ClassVar[str] = "wed"


# -- what is said


@dataclass(frozen=True, slots=True)
class Welcome(Message):
    """To a resident: one message is a report."""

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """One's own concerns, help, the other languages."""
        others = [code for code in view.charter.languages if code != view.language]
        languages = [Button("", SwitchLanguage(c), text=view.words.label(c, "language_itself")) for c in others]
        return pairs([*resident_buttons(), *languages])


@dataclass(frozen=True, slots=True)
class Menu(Message):
    """What can be done here, by role; ``look`` is what was said, so that thanks are returned."""

    look: str = ""

    def context(self, view: View) -> dict[str, Any] | None:
        """Who asks, in which roles."""
        roles = sorted(view.reader.roles) if view.reader else []
        return {"look": self.look, "roles": roles, "name": view.reader.name if view.reader else ""}

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """The most used first, help last."""
        return pairs(role_buttons(view.reader))


@dataclass(frozen=True, slots=True)
class Help(Message):
    """How it works in a few lines, then every command of this person's roles."""

    def context(self, view: View) -> dict[str, Any] | None:
        """The commands, each with what it does; the ones in the menu come from the same list."""
        roles = view.reader.roles if view.reader else frozenset()
        commands = [(o.command, view.words.label(view.language, f"command.{o.command}")) for o in offers(roles)]
        return {"commands": commands, "member": Role.MEMBER in roles, "coordinator": Role.COORDINATOR in roles}


@dataclass(frozen=True, slots=True)
class Cancelled(Message):
    """The open question is given up; ``words``: what was written for it is not sent."""

    clears_keyboard: ClassVar[bool] = True
    words: bool


@dataclass(frozen=True, slots=True)
class NothingToCancel(Message):
    """No question is open; an open case can be taken back (``case`` is 0 where there is none)."""

    case: CaseId
    number: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Take back the latest case, or look at all of them."""
        undo = (Button("take_back", Undo(self.case, False), {"number": self.number}),) if self.case else ()
        return ((*undo, Button("menu.concerns", MyConcerns(AS_A_NEW_MESSAGE))),)


@dataclass(frozen=True, slots=True)
class AskResume(Message):
    """These words were not sent: go on with them, or let them go?"""

    text: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """[Continue] [Discard]."""
        return ((Button("continue", Continue()), Button("discard", Discard())),)


@dataclass(frozen=True, slots=True)
class GoOn(Message):
    """The question is open again; it is asked by its own message further up, which cannot be made anew."""

    text: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """Give up after all."""
        return ((Button("cancel", Cancel()),),)


@dataclass(frozen=True, slots=True)
class AskWhatNow(Message):
    """The words are there again: what are they?"""

    text: str

    def buttons(self, view: View, context: Mapping[str, Any]) -> Rows:
        """A concern; for a member also a visit or a report; let them go."""
        member = view.reader is not None and view.reader.has(Role.MEMBER)
        work = [Button("menu.visit", NewVisit()), Button("menu.behalf", NewBehalf(0))] if member else []
        return pairs([*work, Button("as_concern", NewConcern()), Button("cancel", Cancel())])


def resident_buttons() -> list[Button]:
    """What everyone can do."""
    return [Button("menu.concerns", MyConcerns(AS_A_NEW_MESSAGE)), Button("menu.help", ShowHelp())]


def role_buttons(person: Person | None) -> list[Button]:
    """What somebody can do, by role."""
    roles = person.roles if person else frozenset()
    run = [Button("menu.inbox", Inbox(AS_A_NEW_MESSAGE))] if Role.COORDINATOR in roles else []
    work = [
        Button("menu.cases", MyCases(AS_A_NEW_MESSAGE)),
        Button("menu.visit", NewVisit()),
        Button("menu.behalf", NewBehalf(0)),
    ]
    return [*run, *(work if Role.MEMBER in roles else []), *resident_buttons()]


# -- hello


@feature.command("start")
def start(turn: Turn) -> None:
    """``/start``: hello, and the commands of whoever it is."""
    refresh(turn.unit, turn.charter, turn.person, turn.now)
    turn.say(hello(turn.person))


def hello(person: Person) -> Message:
    """Residents are told how to report, staff get their menu."""
    return Menu() if person.staff else Welcome()


@feature.press(SwitchLanguage)
def switch_language(turn: Turn, press: SwitchLanguage) -> None:
    """Hello again, in that language."""
    if speak(turn, press.language):
        turn.edit(hello(turn.person))


@feature.command("help")
def help_(turn: Turn) -> None:
    """``/help``."""
    turn.say(Help())


@feature.press(ShowHelp)
def show_help(turn: Turn, press: ShowHelp) -> None:
    """Help as a new message: what was pressed stays."""
    turn.say(Help())


# -- small talk


@feature.free_text
def small_talk(turn: Turn) -> bool:
    """Greetings, thanks, questions about the bot, a few characters: never a case. Everything else is passed on."""
    reminded = remind(turn)
    found = look_at(turn)
    if found is not None and not reminded:
        reply(turn, found)
    return found is not None


def look_at(turn: Turn) -> Look | None:
    """The small talk that a message is, if it is nothing but that."""
    incoming = turn.incoming
    if incoming.kind is not Kind.TEXT:
        return None
    found = turn.look(incoming.text)
    if found is Look.TOO_SHORT and any(map(str.isalnum, incoming.text)) and just_told(turn):
        return None  # "302" right after a concern is the number of a flat
    return found if found in SMALL_TALK else None


def just_told(turn: Turn) -> bool:
    """Whether this person told a concern so lately that a few characters may belong to it."""
    return bool(turn.unit.cases.latest(turn.person.id, turn.now - turn.charter.joining))


def reply(turn: Turn, found: Look) -> None:
    """An answer to small talk."""
    match found:
        case Look.CANCEL:
            give_up(turn)
        case Look.QUESTION:
            turn.say(Help())
        case Look.THANKS if case := unjudged(turn):
            turn.say(AskVerdict(case.id))
        case _:
            turn.say(Menu(found))


def unjudged(turn: Turn) -> Case | None:
    """A case of theirs that waits for the verdict: thanks may be meant as one, but only a tap counts."""
    mine = turn.unit.cases.of_reporter(turn.person.id)
    return next((case for case in mine if case.state == "resolved" and not case.disputed and case.behalf is None), None)


# -- giving up


@feature.command("cancel")
def cancel(turn: Turn) -> None:
    """``/cancel``."""
    give_up(turn)


@feature.press(Cancel)
def press_cancel(turn: Turn, press: Cancel) -> None:
    """The button below a question: the question goes, with its buttons."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog:
        let_go(turn, dialog)
    turn.edit(Cancelled(bool(dialog and words_in(dialog))))


def give_up(turn: Turn) -> None:
    """Close the open question and say what is kept."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog:
        let_go(turn, dialog)
        turn.say(Cancelled(bool(words_in(dialog))))
        return
    latest = next((case for case in turn.unit.cases.of_reporter(turn.person.id) if case.state in OPEN), None)
    turn.say(NothingToCancel(latest.id, latest.number) if latest else NothingToCancel(CaseId(0), ""))


def let_go(turn: Turn, dialog: Dialog) -> None:
    """The question is closed; an edit of words that did not fit there changes nothing any more."""
    turn.unit.dialogs.close(turn.incoming.chat)
    turn.unit.messages.heard(turn.incoming.chat, dialog.refused[1])


# -- coming back


def remind(turn: Turn) -> bool:
    """Once, where words were written for a question that has been open too long: go on, or let them go?"""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    left = words_in(dialog) if dialog and dialog.expires_at <= turn.now else ""
    once = f"resume:{turn.incoming.chat}:{dialog.expires_at.isoformat()}" if dialog else ""
    if not left or turn.unit.outbox.said(once):
        return False
    turn.say(AskResume(left), once=once)
    return True


def words_in(dialog: Dialog) -> str:
    """What a draft keeps of somebody's words."""
    draft: Mapping[str, Any] = json.loads(dialog.draft)
    return next((str(draft[name]) for name in WORDS if draft.get(name)), "")


def left_over(turn: Turn) -> Dialog | None:
    """The question that has been open too long; otherwise it has been said that it is gone."""
    dialog = turn.unit.dialogs.open(turn.incoming.chat)
    if dialog is None or dialog.expires_at > turn.now:
        turn.refuse(LEFT_BEHIND)
        return None
    return dialog


@feature.press(Continue)
def go_on(turn: Turn, press: Continue) -> None:
    """The question is open again, and asked once more."""
    if dialog := left_over(turn):
        opened = replace(dialog, expires_at=turn.now + turn.charter.dialog_lasts)
        turn.unit.dialogs.ask(turn.incoming.chat, opened)
        turn.edit(asked_again(dialog))


@feature.press(Discard)
def discard(turn: Turn, press: Discard) -> None:
    """The words are let go."""
    if dialog := left_over(turn):
        let_go(turn, dialog)
        turn.edit(Cancelled(bool(words_in(dialog))))


def asked_again(dialog: Dialog) -> Message:
    """The message that asked, where the draft tells all it needs."""
    if dialog.step.endswith(KEEPS):
        return AskWhatNow(words_in(dialog))
    kind = MESSAGES.get(dialog.question, GoOn)
    try:
        return load(kind, dialog.draft)
    except (TypeError, ValueError, KeyError):
        return GoOn(words_in(dialog))


# -- groups


@feature.when(Kind.ADDED_TO_GROUP)
def leave_group(turn: Turn) -> None:
    """The bot talks to people; of groups it knows only the one that gets the numbers."""
    chat, wanted = turn.incoming.chat, turn.charter.digest_chat
    if chat != wanted and str(chat) != turn.unit.settings.get(f"{MOVED}{wanted}"):
        turn.unit.errands.add("leave_chat", json.dumps({"chat": chat}), turn.now, once=f"leave:{chat}")
