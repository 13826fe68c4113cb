"""PostgreSQL's locks without its disk: who gives a number commits early, and nothing is told before it is on the disk.

A year's numbers are given one after another under a lock. Held until the commit has reached the disk (or the machine
that confirms it), that lock would let all workers together take one concern per wait. So such a transaction commits
with ``synchronous_commit`` off, which frees its locks at once, and is waited for behind it: the log is written in
order, so a later commit that waits for the disk waits for everything before it.

What was committed early is seen early, and must not be told early either. A unit that wrote something waits for the
disk by its own commit, and so for whatever it saw; one that wrote nothing, and a question, is waited for here.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event, func, literal_column, or_, select

EARLY = func.set_config("synchronous_commit", "off", literal_column("true"))
"""For the rest of the transaction in which it is asked for."""
MARK = select(func.pg_logical_emit_message(literal_column("true"), "yixian", ""))
"""A few bytes in the log: the least for which a commit waits."""
UNSETTLED = select(
    or_(
        func.pg_current_wal_insert_lsn() > func.pg_current_wal_flush_lsn(),
        func.current_setting("synchronous_standby_names") != "",
    )
)
"""Whether something may not be on the disk yet; nobody here knows what another machine has confirmed."""
WROTE = "wrote"


def watch(engine: Engine) -> None:
    """From now on its connections know whether they wrote something since ``begun``."""
    event.listen(engine, "after_cursor_execute", _note)


def _note(connection: Connection, cursor: Any, _: str, __: object, context: Any, ___: bool) -> None:
    if (context.isinsert or context.isupdate or context.isdelete) and cursor.rowcount:
        connection.info[WROTE] = True


def begun(connection: Connection) -> None:
    """Nothing has been written yet."""
    connection.info[WROTE] = False


def wrote(connection: Connection) -> bool:
    """Whether its next commit waits for the disk by itself."""
    return bool(connection.info[WROTE])


def settle(connection: Connection) -> None:
    """Let the commit that comes next wait until whatever this transaction has seen is on the disk."""
    if connection.execute(UNSETTLED).scalar_one():
        connection.execute(MARK)


def settle_own(connection: Connection) -> None:
    """Wait until what ``connection`` has just committed early is on the disk. It is in no transaction."""
    connection.execution_options(isolation_level="AUTOCOMMIT").execute(MARK)
