"""After any fault: does what is stored agree with itself, and with what people said and saw?

The rule: nothing is taken from the bot's memory or its own shelves' caches. The database is opened read-only, the
journal is played again, and the other side is the simulator's: what was said there, what was seen, and which calls were
answered without the answer arriving. A concern is known by the number in its words (第7号).
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import Row, create_engine, select
from sqlalchemy.pool import NullPool

from domain import followups
from domain.cases import Case, CaseId
from domain.charter import Charter
from simulator.world import World
from storage.cases import case_of
from storage.outbox import Lane, Mode
from storage.tables import cases, errands, outbox, people, quarantine
from storage.unit import Unit
from tests.faults.telegram_side import MARK, ON_ITS_WAY, lost_in, said_in, seen_in, sent_in

ENDS = frozenset({"sent", "undeliverable", "expired", "withheld", "merged", "uncertain"})
"""``dead`` is none: Telegram refused what we said, which is a fault of ours."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A case, its next date, and what its journal says of it."""

    case: Case
    next_at: datetime | None
    replayed: Case | None


@dataclass(frozen=True)
class Facts:
    """Both sides. ``kills`` is when the program died: each time may have copied a message."""

    charter: Charter
    now: datetime
    cases: list[Stored]
    chats: dict[int, int]
    outbox: list[Row[Any]]
    errands: list[Row[Any]]
    quarantined: int
    integrity: str
    said: dict[int, list[str]]
    seen: dict[int, dict[int, str]]
    lost: dict[int, set[int]] = field(default_factory=dict)
    sent: dict[tuple[int, str], list[tuple[datetime, int]]] = field(default_factory=dict)
    kills: tuple[datetime, ...] = ()

    @cached_property
    def of_chat(self) -> dict[int, list[Stored]]:
        """Cases by the chat of whoever reported them, in the order of their numbers."""
        found: dict[int, list[Stored]] = defaultdict(list)
        for stored in self.cases:
            found[self.chats[stored.case.reporter]].append(stored)
        return found

    @cached_property
    def rows_of_chat(self) -> dict[int, list[Row[Any]]]:
        """What was to be said in each chat, in the order of saying."""
        found: dict[int, list[Row[Any]]] = defaultdict(list)
        for row in self.outbox:
            found[row.chat].append(row)
        return found

    def known(self, chat: int) -> set[int]:
        """The messages there that belong to a row, or whose answer did not arrive."""
        return {row.message_id for row in self.rows_of_chat.get(chat, ())} | self.lost.get(chat, set())

    @property
    def copies(self) -> int:
        """How many messages people saw beside those."""
        return sum(len(seen.keys() - self.known(chat)) for chat, seen in self.seen.items())


@contextmanager
def reading(path: Path) -> Iterator[Unit]:
    """The stored rows, through a connection that cannot write."""
    address = f"file:{path}?mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
    with engine.connect() as connection:
        yield Unit(connection)


def facts(
    path: Path, world: World, charter: Charter, now: datetime | None = None, kills: Sequence[datetime] = ()
) -> Facts:
    """Everything there is to compare."""
    with reading(path) as unit:
        connection = unit._connection
        stored = [
            Stored(case := case_of(row), row.next_at, unit.journal.replay(case.id))
            for row in connection.execute(select(cases).order_by(cases.c.id))
        ]
        return Facts(
            charter=charter,
            now=now or world.now(),
            cases=stored,
            chats={row.id: row.chat for row in connection.execute(select(people.c.id, people.c.chat))},
            outbox=list(connection.execute(select(outbox).order_by(outbox.c.id))),
            errands=list(connection.execute(select(errands))),
            quarantined=len(connection.execute(select(quarantine.c.id)).all()),
            integrity=integrity(unit),
            said=said_in(world),
            seen=seen_in(world),
            lost=lost_in(world),
            sent=sent_in(world),
            kills=tuple(kills),
        )


def integrity(unit: Unit) -> str:
    """What SQLite says of its file: "ok", or what is wrong with it."""
    return ", ".join(row[0] for row in unit._connection.exec_driver_sql("PRAGMA integrity_check"))


# -- what must be so; each yields sentences about what is not


def whole_file(facts: Facts) -> Iterator[str]:
    """SQLite finds nothing wrong with its file."""
    if facts.integrity != "ok":
        yield f"the file is broken: {facts.integrity}"


def one_case_each(facts: Facts) -> Iterator[str]:
    """Every concern is in exactly one case of whoever said it, and what they said stands there in their order."""
    told = {chat: MARK.findall("\n".join(s.case.text for s in found)) for chat, found in facts.of_chat.items()}
    for chat in facts.said.keys() | told.keys():
        said, kept = facts.said.get(chat, []), told.get(chat, [])
        if said != kept:
            missing, more = Counter(said) - Counter(kept), Counter(kept) - Counter(said)
            yield f"chat {chat} said {said}, its cases say {kept} (lost {sorted(missing)}, too many {sorted(more)})"


def journal_is_true(facts: Facts) -> Iterator[str]:
    """A case is what its events make of it."""
    for stored in facts.cases:
        if stored.replayed != stored.case:
            yield f"{stored.case.number} is not what its journal says"


def numbers_without_gaps(facts: Facts) -> Iterator[str]:
    """Numbers are 1 to n in each year."""
    years: dict[str, list[int]] = defaultdict(list)
    for stored in facts.cases:
        year, _, serial = stored.case.number.partition("-")
        years[year].append(int(serial))
    for year, serials in years.items():
        if sorted(serials) != list(range(1, len(serials) + 1)):
            yield f"the numbers of {year} are {sorted(serials)}"


def receipts_seen(facts: Facts) -> Iterator[str]:
    """Whoever said something sees its number, unless they cannot be written to."""
    gone = {row.chat for row in facts.outbox if row.state in ("undeliverable", "uncertain", "withheld")}
    for chat, found in facts.of_chat.items():
        words = "\n".join(facts.seen.get(chat, {}).values())
        for stored in found:
            if chat not in gone and stored.case.number not in words:
                yield f"{stored.case.number} is not seen in chat {chat}"


def every_row_ends(facts: Facts) -> Iterator[str]:
    """Nothing waits whose time has come, and nothing was refused."""
    for row in facts.outbox:
        waits = row.state in ("pending", "held") and row.not_before > facts.now
        if row.state not in ENDS and not waits:
            yield f"row {row.id} ({row.kind}, {row.mode}) of chat {row.chat} is {row.state}: {row.error}"
    for row in facts.errands:
        if row.state != "done":
            yield f"errand {row.id} ({row.kind}) is {row.state}: {row.error}"


def answers_in_order(facts: Facts) -> Iterator[str]:
    """In each chat, answers arrived in the order in which they were said."""
    for chat, rows in facts.rows_of_chat.items():
        arrived = [row.message_id for row in rows if is_answer(row)]
        if arrived != sorted(arrived):
            yield f"chat {chat} was answered in the order {arrived}"


def is_answer(row: Row[Any]) -> bool:
    """Whether it was a message of its own to whoever did something."""
    return bool(row.lane == Lane.ANSWER and row.mode == Mode.SEND and row.state == "sent" and row.message_id)


def every_answer_arrived(facts: Facts) -> Iterator[str]:
    """What counts as sent is in the chat."""
    for chat, rows in facts.rows_of_chat.items():
        seen = facts.seen.get(chat, {})
        for row in rows:
            if row.state == "sent" and row.mode == Mode.SEND and row.message_id not in seen:
                yield f"row {row.id} counts as sent, and chat {chat} has no message {row.message_id}"


def copies_only_where_in_doubt(facts: Facts) -> Iterator[str]:
    """Each message belongs to a row; beside them a lost answer makes one, and of one message each kill at most one."""
    for chat, seen in facts.seen.items():
        known = facts.known(chat)
        copies = Counter(words for number, words in seen.items() if number not in known)
        for words, count in copies.items():
            if count > len(facts.kills):
                yield f"chat {chat} saw {count} more of {words[:30]!r}, after {len(facts.kills)} kills"


def a_kill_between_copies(facts: Facts) -> Iterator[str]:
    """Whoever sees the same twice, one of them beside the rows, saw the program die in between."""
    for (chat, words), sent in facts.sent.items():
        known = facts.known(chat) if len(sent) > 1 else set()
        for (earlier, one), (later, other) in pairwise(sent):
            died = any(earlier - ON_ITS_WAY <= kill <= later for kill in facts.kills)
            if not died and not {one, other} <= known:
                yield f"chat {chat} was sent {words[:30]!r} at {earlier} and at {later}, and nothing died in between"


def one_next_date(facts: Facts) -> Iterator[str]:
    """A case at rest has no next date; any other has the one its clocks give."""
    for stored in facts.cases:
        wanted = followups.next_at(stored.case, facts.charter)
        if stored.case.at_rest is not (stored.next_at is None):
            yield f"{stored.case.number} is {stored.case.state}, its next date is {stored.next_at}"
        elif stored.next_at != wanted:
            yield f"{stored.case.number} is looked at {stored.next_at} instead of {wanted}"


def nothing_set_aside(facts: Facts) -> Iterator[str]:
    """No update was given up."""
    if facts.quarantined:
        yield f"{facts.quarantined} updates are in quarantine"


CHECKS = (
    whole_file,
    one_case_each,
    journal_is_true,
    numbers_without_gaps,
    receipts_seen,
    every_row_ends,
    every_answer_arrived,
    answers_in_order,
    copies_only_where_in_doubt,
    a_kill_between_copies,
    one_next_date,
    nothing_set_aside,
)


def wrong(found: Facts) -> list[str]:
    """Everything that is not as it must be."""
    return [sentence for check in CHECKS for sentence in check(found)]


def check(
    path: Path, world: World, charter: Charter, now: datetime | None = None, kills: Sequence[datetime] = ()
) -> Facts:
    """All of it. AssertionError with a sentence for each thing that is not so."""
    found = facts(path, world, charter, now, kills)
    sentences = wrong(found)
    assert not sentences, "\n".join(sentences[:20])
    return found


def awake(found: Facts) -> list[CaseId]:
    """Cases that are not at rest."""
    return [stored.case.id for stored in found.cases if not stored.case.at_rest]
