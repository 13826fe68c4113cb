"""Open questions: at most one a chat, the step that takes the answer and what is known so far."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy import bindparam, delete, select

from domain.people import ChatId
from storage.records import load
from storage.shelf import Shelf
from storage.tables import dialogs
from storage.upsert import insert_or

K = TypeVar("K")

REFUSED, REFUSED_IN, REFUSED_AT = "refused", "refused_in", "refused_at"
"""In a draft: words that did not fit, the number of the message they came in, and when (ISO 8601)."""

OPEN = select(dialogs).where(dialogs.c.chat == bindparam("chat_"))
CLOSE = delete(dialogs).where(dialogs.c.chat == bindparam("chat_"))
ANSWERED = CLOSE.where(dialogs.c.expires_at > bindparam("now_"))
_put = insert_or(dialogs)
ASK = _put.on_conflict_do_update(
    index_elements=["chat"],
    set_={name: _put.excluded[name] for name in ("step", "draft", "question", "expires_at")},
)


@dataclass(frozen=True, slots=True)
class Dialog:
    """A question somebody was asked. ``draft`` is JSON; ``question`` the type of the message that asked."""

    step: str
    draft: str
    question: str
    expires_at: datetime

    def kept(self, kind: type[K]) -> K | None:
        """What the draft keeps, read as that type, whichever step asked; None where nothing fits."""
        try:
            return load(kind, self.draft)
        except (TypeError, ValueError, KeyError):
            return None

    @property
    def refused(self) -> tuple[str, int]:
        """The words that did not fit, and the message they came in; empty and 0 where there are none."""
        draft = json.loads(self.draft)
        return draft.get(REFUSED, ""), draft.get(REFUSED_IN, 0)

    @property
    def refused_at(self) -> datetime | None:
        """When words did not fit; None where they all did."""
        found = json.loads(self.draft).get(REFUSED_AT) if REFUSED_AT in self.draft else None
        return datetime.fromisoformat(found) if found else None

    def refusing(self, words: str, message_id: int, at: datetime | None) -> "Dialog":
        """The same question, which keeps those words."""
        when = {REFUSED_AT: at.isoformat()} if at else {}
        draft = {**json.loads(self.draft), REFUSED: words, REFUSED_IN: message_id, **when}
        return replace(self, draft=json.dumps(draft, ensure_ascii=False, separators=(",", ":")))


class Dialogs(Shelf):
    """One row a chat with an open question."""

    def open(self, chat: ChatId) -> Dialog | None:
        """The open question, expired or not."""
        row = self._connection.execute(OPEN, {"chat_": chat}).one_or_none()
        return None if row is None else Dialog(row.step, row.draft, row.question, row.expires_at)

    def ask(self, chat: ChatId, dialog: Dialog) -> None:
        """Ask something; an earlier question gives way."""
        self._connection.execute(
            ASK,
            {
                "chat": chat,
                "step": dialog.step,
                "draft": dialog.draft,
                "question": dialog.question,
                "expires_at": dialog.expires_at,
            },
        )

    def close(self, chat: ChatId) -> None:
        """The question is answered or given up."""
        self._connection.execute(CLOSE, {"chat_": chat})

    def answered(self, chat: ChatId, now: datetime) -> None:
        """The open question is answered; one that expired waits to be taken up again."""
        self._connection.execute(ANSWERED, {"chat_": chat, "now_": now})
