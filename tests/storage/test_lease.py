"""One leads at a time, another takes over, and whoever stood still knows that it no longer leads."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from storage.lease import BEAT, SILENCE, SURE, Lease
from tests.postgres import Server

KEY = (4, 0)
QUICK = {"beat": 0.05, "sure": 0.3, "silence": 1.0}


@pytest.fixture
def url(postgres: Server) -> Iterator[str]:
    """A database to lead on."""
    with postgres.database() as found:
        yield found


@asynccontextmanager
async def lease(
    postgres: Server,
    url: str,
    woken: Callable[[], object] = lambda: None,
    changed: Callable[[], object] = lambda: None,
    **times: float,
) -> AsyncIterator[Lease]:
    """One that has begun."""
    found = Lease(lambda: postgres.at(url), KEY, **times)
    found.start(changed, woken)
    try:
        yield found
    finally:
        await found.close()


async def leads(found: Lease, seconds: float = 10) -> None:
    """Wait until it does."""
    async with asyncio.timeout(seconds):
        while not found.leading:  # noqa: ASYNC110 - another thread finds out
            await asyncio.sleep(0.01)


async def test_one_leads_and_the_other_takes_over_when_it_goes(postgres: Server, url: str) -> None:
    async with lease(postgres, url, **QUICK) as second:
        await leads(second)
        async with lease(postgres, url, **QUICK) as third:
            await asyncio.sleep(0.3)
            assert (second.leading, third.leading) == (True, False)
            await second.close()
            await leads(third)
            assert not second.leading


async def test_whoever_stands_still_stops_leading_before_another_begins(postgres: Server, url: str) -> None:
    """Planted faults: ``leading`` is what was true last (both lead); no ``idle_session_timeout`` (nobody does)."""
    go_on = threading.Event()
    async with lease(postgres, url, changed=lambda: go_on.wait(30), **QUICK) as still:
        await leads(still)
        async with lease(postgres, url, **QUICK) as other:
            await leads(other)
            assert not still.leading
            go_on.set()


async def test_a_session_that_is_cut_is_noticed_and_made_anew(postgres: Server, url: str) -> None:
    """Planted fault: no ``psycopg.Error`` caught in ``_run``, and nobody ever leads again."""
    async with lease(postgres, url, **QUICK) as found:
        await leads(found)
        with postgres.at(url) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        async with asyncio.timeout(10):
            while found.leading:  # noqa: ASYNC110 - another thread finds out
                await asyncio.sleep(0.005)
        await leads(found)


async def test_others_wake_whoever_leads(postgres: Server, url: str) -> None:
    """Long before the next beat. Planted fault: no LISTEN, or no NOTIFY."""
    woken = threading.Event()
    async with lease(postgres, url, woken.set, beat=0.05) as leader:
        await leads(leader)
        async with lease(postgres, url, beat=30.0) as other:
            other.wake()
            assert await asyncio.to_thread(woken.wait, 10)
            assert not other.leading


def test_a_takeover_takes_less_than_fifteen_seconds() -> None:
    assert SURE < SILENCE - 2 * BEAT
    assert SILENCE + 2 * BEAT < 15
