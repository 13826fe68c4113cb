"""A turn: what one person did (or the clock), in one transaction. Nothing in it awaits or touches the network."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from domain.cases import Case, CaseId
from domain.casework import EITHER_SIDE, Refusal, Relation, reads_as
from domain.charter import Category, Charter
from domain.people import ChatId, Person, PersonId, Role
from domain.reading import Look, ReadingWords, guess_category, look
from handlers.kit.incoming import Incoming, Kind
from handlers.kit.messages import CaseMessage, Message
from storage.dialogs import Dialog
from storage.outbox import Lane, Mode, Saying
from storage.records import dump, load
from storage.unit import Unit

if TYPE_CHECKING:
    from handlers.kit.views import View

D = TypeVar("D")

ANSWER_LASTS = timedelta(seconds=15)
"""An answer to a press is useless later; Telegram itself keeps presses for 150 s."""

MOVED = "moved:"
"""A group's earlier id, in the settings: its present one."""

MEGABYTE = 1024 * 1024
SIZES = ((MEGABYTE, "MB"), (1024, "KB"), (1, "B"))

Step = Callable[["Turn", Any], bool | None]
"""Takes the answer to a question. False: this was no answer, take it for what it looks like; the question stays."""


@dataclass(frozen=True, slots=True)
class Refused(Message):
    """Why something cannot be done."""

    alert: ClassVar[bool] = True
    refusal: str


@dataclass(frozen=True, slots=True)
class FileTooBig(Message):
    """The file is larger than ``most`` bytes and cannot be taken; words that came with it are."""

    words: bool
    most: int = 20 * MEGABYTE

    def context(self, view: "View") -> dict[str, Any] | None:
        """With the limit as people say it."""
        return {"words": self.words, "most": sized(self.most)}


def sized(size: int) -> str:
    """Bytes as people say them: ``1.5 MB``, ``20 MB``."""
    unit, name = next(((unit, name) for unit, name in SIZES if size >= unit), SIZES[-1])
    number = size / unit
    return f"{number:.0f} {name}" if number >= 10 else f"{round(number, 1):g} {name}"


@dataclass(frozen=True, slots=True)
class Noted(Message):
    """A short word on what a press did; ``note`` is a key of labels.toml."""

    note: str


@dataclass(frozen=True, slots=True)
class Done(Message):
    """Nothing to add: the press worked, and what changed is seen on the card."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What is the same for every turn: the words people say, a source of secrets, the steps' names and roles."""

    reading: ReadingWords = ReadingWords()
    secret: Callable[[], str] = partial(token_urlsafe, 16)
    step_names: dict[Step, str] = field(default_factory=dict)
    step_roles: dict[str, frozenset[Role]] = field(default_factory=dict)


@dataclass(slots=True)
class Turn:
    """What somebody did, who they are, and everything a handler may use. ``person`` is None for the clock."""

    now: datetime
    unit: Unit
    charter: Charter
    incoming: Incoming
    someone: Person | None
    kit: Kit
    answered: bool = False
    edited: bool = False
    """Whether a message that did not fit is heard once more, now that it was made shorter."""
    _looks: dict[str, Look] = field(default_factory=dict)
    _guesses: dict[str, Category | None] = field(default_factory=dict)
    troubles: list[tuple[CaseId, Exception]] = field(default_factory=list)
    """What went wrong in a part that was undone by itself; logged after the turn."""
    followed: list[str] = field(default_factory=list)
    """The follow-ups that were made; counted after the turn."""

    @property
    def person(self) -> Person:
        """Who did it. The clock has no person: asking for one is a bug."""
        if self.someone is None:
            raise LookupError("the clock is nobody")
        return self.someone

    # -- saying

    def say(self, message: Message, *, once: str | None = None, after: timedelta | None = None) -> None:
        """Answer in this chat, quiet hours or not."""
        self._put(self.incoming.chat, message, Lane.ANSWER, not_before=self.now + (after or timedelta()), once=once)

    def tell(self, person: Person, message: Message, *, urgent: bool = False, once: str | None = None) -> None:
        """Let somebody know. Quiet hours delay it to their end; there it joins a list unless it stands apart."""
        if self.someone and person.id == self.someone.id:
            return self.say(message, once=once)
        heard = self.now if urgent else self.awake(person)
        state = "held" if heard > self.now and not message.apart else "pending"
        return self._put(person.chat, message, Lane.NOTICE, not_before=heard, once=once, state=state)

    def tell_in_the_morning(self, person: Person, message: Message, *, once: str | None = None) -> None:
        """Let somebody know with the next morning's list: for what is not urgent."""
        morning = self.charter.calendar.next_at(self.now, self.charter.morning)
        self._put(person.chat, message, Lane.NOTICE, not_before=morning, once=once, state="held")

    def tell_chat(self, chat: ChatId, message: Message, *, once: str | None = None) -> None:
        """Say something in a group chat, wherever it has moved to."""
        moved = self.unit.settings.get(f"{MOVED}{chat}")
        self._put(ChatId(int(moved)) if moved else chat, message, Lane.NOTICE, not_before=self.now, once=once)

    def edit(self, message: Message, message_id: int | None = None) -> None:
        """Draw the pressed message (or that one) anew instead of sending another."""
        self.edit_in(self.incoming.chat, message, message_id or self.incoming.message_id)

    def edit_in(self, chat: ChatId, message: Message, message_id: int) -> None:
        """Draw a message in some chat anew."""
        self._put(chat, message, Lane.ANSWER, mode=Mode.EDIT, target=str(message_id))

    def toast(self, message: Message) -> None:
        """Answer the press."""
        if self.incoming.kind is Kind.PRESS and not self.answered:
            self.answered = True
            self._put(
                self.incoming.chat,
                message,
                Lane.ANSWER,
                mode=Mode.ANSWER,
                target=self.incoming.press_id,
                expires=self.now + ANSWER_LASTS,
            )

    def answer_press(self) -> None:
        """A press is always answered, if only by silence."""
        self.toast(Done())

    def refuse(self, refusal: str, once: str | None = None) -> None:
        """Say why not: on the pressed button, or in the chat. Changes nothing."""
        if self.incoming.kind is Kind.PRESS:
            self.toast(Refused(refusal))
        else:
            self.say(Refused(refusal), once=once and f"{refusal}:{once}")

    def note(self, note: str) -> None:
        """A short word: on the pressed button, or in the chat."""
        if self.incoming.kind is Kind.PRESS:
            self.toast(Noted(note))
        else:
            self.say(Noted(note))

    def card(self, person: Person, message: CaseMessage, *, urgent: bool = False, once: str | None = None) -> None:
        """Send somebody a case's card; it becomes the live one in their chat."""
        mine = self.someone is not None and person.id == self.someone.id
        heard = self.now if urgent or mine else self.awake(person)
        self._put(
            person.chat,
            message,
            Lane.ANSWER if mine else Lane.NOTICE,
            not_before=heard,
            once=once,
            state="held" if heard > self.now else "pending",
            pending_key=card_key(person.chat, message),
        )

    def refresh_cards(self, case: CaseId) -> None:
        """Draw every live card of a case anew."""
        self.unit.outbox.touch(case)
        for card in self.unit.messages.cards(case):
            self._refresh(card.chat, card.case, card.kind)

    def _refresh(self, chat: ChatId, case: CaseId, kind: str) -> None:
        self.unit.outbox.add(
            Saying(
                chat=chat,
                lane=Lane.ANSWER if chat == self.incoming.chat else Lane.NOTICE,
                mode=Mode.REFRESH,
                kind=kind,
                fields=f'{{"case":{case}}}',
                case=case,
                pending_key=f"card:{chat}:{case}:{kind}",
                created_at=self.now,
                not_before=self.now,
            )
        )

    def _put(
        self,
        chat: ChatId,
        message: Message,
        lane: Lane,
        *,
        mode: Mode = Mode.SEND,
        target: str | None = None,
        not_before: datetime | None = None,
        once: str | None = None,
        state: str = "pending",
        pending_key: str | None = None,
        expires: datetime | None = None,
    ) -> None:
        self.unit.outbox.add(
            Saying(
                chat=chat,
                lane=lane,
                mode=mode,
                kind=type(message).__name__,
                fields=dump(message),
                case=message.case if isinstance(message, CaseMessage) else None,
                target=target,
                once=once,
                state=state,
                pending_key=pending_key,
                created_at=self.now,
                not_before=not_before or self.now,
                expires_at=expires,
            )
        )

    def awake(self, person: Person) -> datetime:
        """The first moment, from now on, that is not in somebody's quiet hours."""
        quiet = self.charter.quiet
        start = quiet.start if person.quiet_start is None else person.quiet_start
        end = quiet.end if person.quiet_end is None else person.quiet_end
        return self.charter.calendar.after_quiet(self.now, start, end)

    # -- asking

    def ask(self, step: Step, draft: Any, message: Message) -> None:
        """Ask a question; ``step`` will take the answer."""
        self.keep_asking(step, draft, type(message).__name__)
        self.say(message)

    def keep_asking(self, step: Step, draft: Any, question: str, lasts: timedelta | None = None) -> None:
        """Keep a question open with what is known so far, for a day or for as long as it ``lasts``."""
        expires = self.now + (lasts or self.charter.dialog_lasts)
        self.unit.dialogs.ask(self.incoming.chat, Dialog(self.kit.step_names[step], dump(draft), question, expires))

    def done(self) -> None:
        """The open question is answered."""
        self.unit.dialogs.answered(self.incoming.chat, self.now)

    def keep_refused(self) -> None:
        """The words just written do not fit: they wait in the open question, if there is one."""
        dialog = self.unit.dialogs.open(self.incoming.chat)
        if dialog and dialog.expires_at > self.now:
            self.unit.dialogs.ask(
                self.incoming.chat, dialog.refusing(self.incoming.text, self.incoming.message_id, self.now)
            )

    # -- reading

    def look(self, text: str) -> Look:
        """What a text looks like; read once a turn, however many ask."""
        if text not in self._looks:
            self._looks[text] = look(text, self.guess, self.kit.reading)
        return self._looks[text]

    def guess(self, text: str) -> Category | None:
        """The kind of concern a text speaks of; read once a turn."""
        if text not in self._guesses:
            self._guesses[text] = guess_category(text, self.charter.categories, self.charter.communities)
        return self._guesses[text]

    # -- knowing

    def case(self, case: CaseId | None, whose: frozenset[Relation] = EITHER_SIDE) -> Case | None:
        """A case to which this person is one of these; otherwise the refusal has been said.

        It is the same for a case that does not exist and for one that is not theirs.
        """
        found = None if case is None else self.unit.cases.get(case)
        if found is None or not reads_as(found, self.person, whose):
            self.refuse(Refusal.NO_SUCH_CASE)
            return None
        return found

    def someone_by_id(self, person: PersonId | None) -> Person | None:
        """A person, if there is one."""
        return None if person is None else self.unit.people.get(person)


def card_key(chat: ChatId, message: CaseMessage) -> str:
    """What makes a card unique while it is on its way."""
    return f"card:{chat}:{message.case}:{type(message).__name__}"


def draft_of(kind: type[D], dialog: Dialog) -> D:
    """What was known when a question was asked."""
    return load(kind, dialog.draft)
