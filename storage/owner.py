"""Whose database it is: the bot that it was made for, or that first ran on it. Messages and files are that bot's.

Every bot counts its messages for itself, and a file's id is of use to one bot only. Another one would take its own
messages for those of the one before; where it is to go on in the other's place, whatever names messages goes.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from storage.settings import Settings
from storage.shelf import Shelf
from storage.tables import cards, messages, outbox, updates

BOT = "bot_id"
BOT_USERNAME = "bot_username"
LATEST = select(updates.c.bot).where(updates.c.bot > 0).order_by(updates.c.at.desc()).limit(1)
"""A database made before its owner was written down remembers whose updates it took in during the last days."""
FORGET = (delete(messages), delete(cards))
UNDRAWN = (
    update(outbox)
    .where(outbox.c.state.in_(("pending", "held")), outbox.c.mode != "send")
    .values(state="expired", pending_key=None, fields="{}", finished_at=bindparam("now_"))
)
UNNUMBERED = update(outbox).where(outbox.c.message_id.is_not(None)).values(message_id=None)


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot by its number, the first half of its token, and by its name where that is known."""

    id: int
    username: str = ""

    def __str__(self) -> str:
        return f"bot {self.id} (@{self.username})" if self.username else f"bot {self.id}"


class Owner(Shelf):
    """One, from the first start on."""

    def found(self) -> Bot | None:
        """The bot whose database this is; None where no bot ever ran on it."""
        settings = Settings(self._connection)
        told = settings.get(BOT)
        number = int(told) if told else self._connection.execute(LATEST).scalar_one_or_none()
        return Bot(number, settings.get(BOT_USERNAME) or "") if number else None

    def claim(self, bot: int) -> None:
        """Write down whose it is, unless that stands there. Whoever calls has seen that it is no other bot's."""
        settings = Settings(self._connection)
        if not settings.get(BOT):
            settings.put(BOT, str(bot))

    def give_to(self, bot: int, now: datetime) -> None:
        """Another bot goes on here: whatever was to be drawn anew or is found by a message's number is forgotten."""
        for statement in FORGET:
            self._connection.execute(statement)
        self._connection.execute(UNDRAWN, {"now_": now})
        self._connection.execute(UNNUMBERED)
        settings = Settings(self._connection)
        settings.put(BOT, str(bot))
        settings.put(BOT_USERNAME, "")
