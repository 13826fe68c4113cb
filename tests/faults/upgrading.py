"""Upgrades that can be killed: everything is loaded once, and each order forks a process that upgrades one database.

Orders come as lines of JSON on standard input: ``{"url": …, "folder": …, "versions": …, "head": …, "deadly": 7}``. The
process kills itself by SIGKILL before its n-th statement; 0: it lives and says how many there were, ``{"statements":
…}``. Then comes ``{"status": …}``: 0, or a negative signal, or 1 with the reason on standard error. The last statement
counted is the one after the upgrade: killed there, COMMIT has been answered.
"""

import asyncio
import itertools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401 - loaded once, for every upgrade
import psycopg  # noqa: F401 - the same
from sqlalchemy import Connection, event

import storage.postgresql  # noqa: F401 - the same
from storage import schema
from storage.database import open_database


def say(**line: Any) -> None:
    """A line for whoever gave the order."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Count:
    """Of statements, one of which is deadly."""

    def __init__(self, deadly: int) -> None:
        self.deadly = deadly
        self.seen = 0

    def one(self, *_: Any) -> None:
        """One more, which is not done yet."""
        self.seen += 1
        if self.seen == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def counted(connection: Connection, count: Count) -> None:
    """Every statement of SQLite's, also those within a statement; of another engine all that are sent, and COMMIT."""
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.dbapi_connection
        raw.set_trace_callback(count.one)
        return
    event.listen(connection, "before_cursor_execute", count.one)
    event.listen(connection, "commit", count.one)


async def upgraded(order: dict[str, Any], count: Count) -> None:
    """The upgrade, as the program does it when it starts."""
    schema.FOLDER, schema.HEAD = Path(order["versions"]), order["head"]

    def work(connection: Connection) -> None:
        counted(connection, count)
        schema.upgrade(connection)

    database = await open_database(order["url"], Path(order["folder"]), make=True)
    await database.schema(work)
    count.one()
    await database.close()


def lived(order: dict[str, Any]) -> int:
    """0, or 1 where it failed."""
    count = Count(order["deadly"])
    try:
        asyncio.run(upgraded(order, count))
    except Exception:
        traceback.print_exc()
        return 1
    say(statements=count.seen)
    return 0


def bear(order: dict[str, Any], live: Callable[[dict[str, Any]], int]) -> int:
    """A process of its own; how it ended."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os._exit(live(order))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for line in itertools.takewhile(str.strip, sys.stdin):
        say(status=bear(json.loads(line), lived))
