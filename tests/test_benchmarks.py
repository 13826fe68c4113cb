"""The benchmark counts what it says it counts. Its numbers are not looked at here: machines differ."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks import long, pace, start, workers
from benchmarks.concern import Act, Concern, Update
from benchmarks.figures import most_in_a_chat, most_within, quantile, slope
from benchmarks.http import Connection, fields_of
from benchmarks.loopback import Town
from benchmarks.measure import check
from benchmarks.process import Failure, family
from benchmarks.table import BEGIN, END, written
from simulator.server import build, serving
from simulator.world import World
from storage.database import open_database
from tests.postgres import required


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/json", json.dumps({"chat_id": 7, "reply_markup": {"inline_keyboard": []}}).encode()),
        (b"application/x-www-form-urlencoded", b"chat_id=7&reply_markup=%7B%22inline_keyboard%22%3A+%5B%5D%7D"),
    ],
)
def test_a_call_is_understood_in_either_form(kind: bytes, body: bytes) -> None:
    found: dict[str, Any] = fields_of([b"Host: x", b"Content-Type: " + kind], body)
    buttons = found["reply_markup"]
    assert int(found["chat_id"]) == 7
    assert (json.loads(buttons) if isinstance(buttons, str) else buttons) == {"inline_keyboard": []}


def test_the_most_within_a_second_is_found_wherever_it_begins() -> None:
    """Planted fault: count by whole seconds, and five around the turn of one are two and three."""
    times = [0.0, 0.8, 0.9, 1.1, 1.2, 1.3, 3.0]
    assert most_within(times, 1.0) == 5
    assert most_within([], 1.0) == 0
    assert most_in_a_chat([(0.0, 1), (0.1, 2), (0.2, 1), (5.0, 1)]) == 2


def test_shares_and_slopes() -> None:
    assert [quantile([1, 2, 3, 4], share) for share in (0, 0.5, 0.99)] == [1, 3, 4]
    assert quantile([], 0.5) == 0
    assert slope([(0, 7), (10, 27), (20, 47)]) == 2


def test_the_page_keeps_what_is_around_its_tables() -> None:
    page = f"before {BEGIN}\n\nold\n\n{END} after"
    assert written(page, "new") == f"before {BEGIN}\n\nnew\n\n{END} after"
    with pytest.raises(ValueError, match="has no"):
        written("a page without a place", "new")


@pytest.mark.parametrize(
    ("cases", "told", "misnumbered", "out_of_order"),
    [
        ({1: 1, 2: 2}, [(1, 1), (2, 2)], 0, 0),
        ({1: 1, 2: 3}, [(1, 1), (2, 3)], 1, 0),
        ({1: 1, 2: 1}, [(1, 1), (2, 1)], 1, 0),
        ({1: 1, 2: 2}, [(1, 2), (2, 1)], 2, 1),
        ({1: 2, 2: 1}, [(1, 2), (2, 1)], 0, 1),
    ],
    ids=["right", "a gap", "one twice", "told another", "the later one first"],
)
def test_wrong_numbers_are_counted(
    cases: dict[int, int], told: list[tuple[int, int]], misnumbered: int, out_of_order: int
) -> None:
    texts = {Update(0, Concern(number), Act.TELL).text: serial for number, serial in cases.items()}
    found = check(texts, len(texts), told)
    assert (found.misnumbered, found.out_of_order) == (misnumbered, out_of_order)


def test_sentences_in_the_wrong_order_are_counted() -> None:
    first, second = (Update(0, Concern(7), act).text for act in (Act.TELL, Act.ADD))
    assert workers.disordered([f"{first}\n{second}"], [7]) == 0
    assert workers.disordered([f"{second}\n{first}", first, second], [7]) == 1


Handle = Callable[[Connection, str, dict[str, Any]], None]


class Program:
    """A bot of a few lines, called by the town's webhook. The very first call is not taken."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.heard: list[str] = []
        self.callers: list[Connection] = []
        self.refused = False
        self.silent = ""

    def called(self) -> Connection:
        """Somebody calls."""
        self.callers.append(Connection(self.take))
        return self.callers[-1]

    def take(self, connection: Connection, _: str, update: dict[str, Any]) -> None:
        """Answer a first sentence with a receipt that has a button, and a press at once."""
        if not self.refused:
            self.refused = True
            connection.refuse()
            return
        connection.answer(b"true")
        if query := update.get("callback_query"):
            self.heard.append(query["data"])
            self._call("answerCallbackQuery", callback_query_id=query["id"])
            return
        message = update["message"]
        self.heard.append(message["text"])
        if "诉求" in message["text"]:
            markup = {"inline_keyboard": [[{"text": "+", "callback_data": "more"}]]}
            self._call("sendMessage", chat_id=message["chat"]["id"], text=message["text"], reply_markup=markup)

    def _call(self, method: str, **fields: Any) -> None:
        if method != self.silent:
            self._town.handle(Connection(self.take), method, fields)


@asynccontextmanager
async def called() -> AsyncIterator[tuple[Town, Program]]:
    """A town that calls a program's webhook."""
    town = Town()
    program = Program(town)
    server = await asyncio.get_running_loop().create_server(program.called, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    town.handle(Connection(program.take), "getMe", {})
    assert not town.ready.is_set()
    town.handle(Connection(program.take), "setWebhook", {"url": f"http://127.0.0.1:{port}/x", "secret_token": "s"})
    assert town.ready.is_set()
    try:
        yield town, program
    finally:
        await town.close()
        for connection in program.callers:
            connection.refuse()
        server.close()


async def test_somebody_says_one_thing_after_the_other_to_a_webhook() -> None:
    """What was not taken is delivered again, before what the same person says next."""
    async with called() as (town, program):
        report = await town.run(1, 10, acts=len(Act))
    assert (report["answered"], report["lost"], report["copies"], report["again"]) == (1, 0, 0, 1)
    assert program.heard == ["第1号诉求:城北社区楼道里的路灯坏了好几天", "补充1号:四楼", "more", "/mine"]


async def test_what_is_never_answered_is_lost() -> None:
    """Planted fault: count receipts alone, and a press that was not answered is not missed."""
    async with called() as (town, program):
        program.silent = "answerCallbackQuery"
        report = await town.run(2, 0.3, acts=Act.PRESS)
        assert (report["answered"], report["lost"]) == (2, 2)
        program.silent = "sendMessage"
        report = await town.run(3, 0.2)
    assert (report["answered"], report["lost"]) == (0, 3)


async def test_notices_wait_in_the_file(tmp_path: Path) -> None:
    await pace.fill(tmp_path, 30)
    database = await open_database(f"sqlite:///{pace.DATABASE}", tmp_path)
    try:
        assert await database.read(lambda unit: unit.outbox.counts()) == {"pending": 30}
    finally:
        await database.close()


async def test_a_long_life_is_measured_step_by_step() -> None:
    found = await long.measure_long(long.STEPS * long.ACTS)
    assert [one.updates for one in found] == [step * long.ACTS for step in range(long.STEPS + 1)]
    assert [one.lost for one in found] == [0] * (long.STEPS + 1)
    assert all(0 < one.proportional_mb <= one.resident_mb for one in found)
    assert long.markdown(found).endswith(" bytes an update.")


async def test_two_workers_are_measured_and_judged() -> None:
    required()
    found = await workers.shared(2, 0, ("fsync = off",), 64)
    assert (found.lost, found.copies, found.misnumbered, found.out_of_order) == (0, 0, 0, 0)
    assert found.cpu_ms > 0 < found.database_ms
    assert "| lost | 0 | 0 |" in workers.markdown([found, found])


async def test_a_town_is_awake_once_its_story_is_told() -> None:
    world = World()
    async with serving(build(world, page=None)) as address:
        waiting = asyncio.create_task(start.awake(f"{address}/?key=none"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        world.tell_story("done", 1, 1)
        await asyncio.wait_for(waiting, 10)


async def test_a_demo_that_prints_nothing_is_a_failure() -> None:
    async with start.printing("-c", "pass") as output:
        with pytest.raises(Failure, match="no address"):
            await start.first_line(output)


async def test_a_family_is_everybody_that_a_process_started() -> None:
    """Planted fault: count the first process alone, and workers and PostgreSQL cost nothing."""
    script = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    child = int(await process.stdout.readline())
    try:
        assert family(process.pid) == [process.pid, child]
    finally:
        os.kill(child, signal.SIGKILL)
        await process.communicate(b"")
