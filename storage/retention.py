"""How long rows stay. Every table has a rule; what is only of use for a while goes once a day.

Cases, their journal, visits and the roster are the group's record and stay; the rest is the bot's own memory.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Delete, bindparam, delete

from storage.shelf import Shelf
from storage.tables import dialogs, errands, outbox, updates

KEPT = frozenset(
    {
        "people",
        "cases",
        "attachments",
        "journal",
        "visits",
        "calls",
        "messages",
        "cards",
        "subscriptions",
        "settings",
        "invites",
        "quarantine",
        "relays",
    }
)
"""The group's record, and what finds it again (which message is about which case)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows older than ``age`` go."""

    age: timedelta
    statement: Delete


RULES: dict[str, Rule] = {
    # Telegram redelivers nothing older than 24 hours; a week more for restored backups.
    "updates": Rule(timedelta(days=8), delete(updates).where(updates.c.at < bindparam("before_"))),
    # An expired question is offered once more for a week.
    "dialogs": Rule(timedelta(days=7), delete(dialogs).where(dialogs.c.expires_at < bindparam("before_"))),
    # Long enough to see what was said and when; keys of digests and reminders are by date and do not come again.
    "outbox": Rule(timedelta(days=90), delete(outbox).where(outbox.c.finished_at < bindparam("before_"))),
    "errands": Rule(
        timedelta(days=30),
        delete(errands).where(errands.c.state.in_(("done", "failed")), errands.c.not_before < bindparam("before_")),
    ),
}


class Retention(Shelf):
    """Sweeps."""

    def sweep(self, now: datetime) -> dict[str, int]:
        """Drop what is past its time; how many rows of each table."""
        return {
            name: self._connection.execute(rule.statement, {"before_": now - rule.age}).rowcount
            for name, rule in RULES.items()
        }
