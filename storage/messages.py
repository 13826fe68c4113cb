"""Which message in which chat is about which case, and which of them is the case's live card there."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update

from domain.cases import CaseId
from domain.people import ChatId
from storage.shelf import Shelf
from storage.tables import cards, messages
from storage.upsert import insert_or

SAID = "said"
"""The kind of a message that a person sent in, as opposed to the type's name of one the bot sent."""

UNSAID = "unsaid"
"""The kind of a person's message that did not fit: it went nowhere, and an edit of it is heard as if just written."""

ABOUT = select(messages).where(messages.c.chat == bindparam("chat_"), messages.c.message_id == bindparam("message_"))
ADD = insert_or(messages).on_conflict_do_nothing()
RETEXT = (
    update(messages)
    .where(messages.c.chat == bindparam("chat_"), messages.c.message_id == bindparam("message_"))
    .values(text=bindparam("text_"))
)
HEARD = delete(messages).where(
    messages.c.chat == bindparam("chat_"), messages.c.message_id == bindparam("message_"), messages.c.kind == UNSAID
)
CARD = select(cards).where(
    cards.c.chat == bindparam("chat_"), cards.c.case_id == bindparam("case_"), cards.c.kind == bindparam("kind_")
)
ANY_CARD = select(cards).where(cards.c.chat == bindparam("chat_"), cards.c.case_id == bindparam("case_")).limit(1)
OF_CASE = select(cards).where(cards.c.case_id == bindparam("case_"))
_put = insert_or(cards)
PUT_CARD = _put.on_conflict_do_update(
    index_elements=["chat", "case_id", "kind"],
    set_={"message_id": _put.excluded.message_id, "drawn": _put.excluded.drawn},
)
OVERDRAW = (
    update(cards)
    .where(cards.c.chat == bindparam("chat_"), cards.c.message_id == bindparam("message_"))
    .values(drawn=None)
)
DROP_CARD = delete(cards).where(
    cards.c.chat == bindparam("chat_"), cards.c.case_id == bindparam("case_"), cards.c.kind == bindparam("kind_")
)


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about.

    ``kind`` is the type of what the bot said, ``SAID`` with the person's ``text``, or ``UNSAID``.
    """

    chat: ChatId
    message_id: int
    case: CaseId
    kind: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A live card."""

    chat: ChatId
    case: CaseId
    kind: str
    message_id: int
    drawn: str | None = None
    """What is on it, as a digest of its words and buttons."""


class Messages(Shelf):
    """By chat and message number."""

    def about(self, chat: ChatId, message_id: int) -> About | None:
        """What that message is about, if it is about a case."""
        row = self._connection.execute(ABOUT, {"chat_": chat, "message_": message_id}).one_or_none()
        return None if row is None else About(ChatId(row.chat), row.message_id, CaseId(row.case_id), row.kind, row.text)

    def add(self, chat: ChatId, message_id: int, case: CaseId, kind: str, text: str | None = None) -> None:
        """Note what a message is about."""
        self._connection.execute(
            ADD, {"chat": chat, "message_id": message_id, "case_id": case, "kind": kind, "text": text}
        )

    def edited(self, chat: ChatId, message_id: int, text: str) -> None:
        """The person changed their message."""
        self._connection.execute(RETEXT, {"chat_": chat, "message_": message_id, "text_": text})

    def heard(self, chat: ChatId, message_id: int) -> None:
        """What did not fit is taken, was written anew or given up."""
        self._connection.execute(HEARD, {"chat_": chat, "message_": message_id})

    def card(self, chat: ChatId, case: CaseId, kind: str | None = None) -> Card | None:
        """The case's live card in a chat (of that kind, or of any)."""
        statement = CARD if kind else ANY_CARD
        row = self._connection.execute(statement, {"chat_": chat, "case_": case, "kind_": kind}).one_or_none()
        return None if row is None else card_of(row)

    def overdraw(self, chat: ChatId, message_id: int) -> None:
        """Something else is drawn in a card's place: the card is to be drawn again even where it has not changed."""
        self._connection.execute(OVERDRAW, {"chat_": chat, "message_": message_id})

    def cards(self, case: CaseId) -> list[Card]:
        """Every live card of a case."""
        return [card_of(row) for row in self._connection.execute(OF_CASE, {"case_": case})]

    def put_card(self, card: Card) -> None:
        """This message is the live card now."""
        self._connection.execute(
            PUT_CARD,
            {
                "chat": card.chat,
                "case_id": card.case,
                "kind": card.kind,
                "message_id": card.message_id,
                "drawn": card.drawn,
            },
        )

    def drop_card(self, chat: ChatId, case: CaseId, kind: str) -> None:
        """There is no live card any more (deleted by the person, or too old to edit)."""
        self._connection.execute(DROP_CARD, {"chat_": chat, "case_": case, "kind_": kind})


def card_of(row: Row[Any]) -> Card:
    """A row as a card."""
    return Card(ChatId(row.chat), CaseId(row.case_id), row.kind, row.message_id, row.drawn)
