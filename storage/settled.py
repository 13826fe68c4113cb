"""PostgreSQL's locks without its disk: who gives a number commits early, and nothing is told before it is on the disk.

A year's numbers are given one after another under a lock. Held until the commit has reached the disk (or the machine
that confirms it), that lock would let all workers together take one concern per wait. So such a transaction commits
with ``synchronous_commit`` off, which frees its locks at once, and is waited for behind it: the log is written in
order, so a later commit that waits for the disk waits for everything before it.

What was committed early is seen early, and must not be told early either. A unit that wrote something waits for the
disk by its own commit, and so for whatever it saw; one that wrote nothing, and a question, is waited for here.
"""

from collections.abc import MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, event, func, literal_column

EARLY = func.set_config("synchronous_commit", "off", literal_column("true"))
"""For the rest of the transaction in which it is asked for."""
MARK = b"SELECT pg_logical_emit_message(true, 'yixian', '')"
"""A few bytes in the log: the least for which a commit waits."""
UNSETTLED = (
    b"pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() OR current_setting('synchronous_standby_names') <> ''"
)
"""Whether something may not be on the disk yet; nobody here knows what another machine has confirmed."""

COMMIT = b"COMMIT"
"""Of who wrote something."""
COMMIT_EARLY = b"COMMIT; " + MARK
"""Of who gave a number: the mark is a transaction of its own behind it."""
COMMIT_SETTLED = MARK.replace(b"SELECT", b"SELECT CASE WHEN %b THEN" % UNSETTLED) + b" END; COMMIT"
"""Of who wrote nothing: it waits until whatever this transaction has seen is on the disk."""

WROTE = "wrote"
Info = MutableMapping[Any, Any]


def watch(engine: Engine) -> None:
    """From now on what its connections write by SQLAlchemy is noted. What is ready notes itself."""
    event.listen(engine, "after_cursor_execute", _note)


def _note(connection: Connection, cursor: Any, _: str, __: object, context: Any, ___: bool) -> None:
    if (context.isinsert or context.isupdate or context.isdelete) and cursor.rowcount:
        note(connection.info)


def note(info: Info) -> None:
    """Something has been written."""
    info[WROTE] = True


def begun(info: Info) -> None:
    """Nothing has been written yet."""
    info[WROTE] = False


def ending(info: Info, early: bool) -> bytes:
    """How a transaction commits so that its caller may tell whatever it has seen and done."""
    if early:
        return COMMIT_EARLY
    return COMMIT if info[WROTE] else COMMIT_SETTLED
