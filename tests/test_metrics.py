"""What Prometheus and monitors read: /metrics, /healthz, /healthz/ready; and that it costs next to nothing."""

import asyncio
import re
import sys
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.health import LOOKS_WITHIN, POLLS_WITHIN
from bot.meter import Meter
from bot.metrics import Metrics
from bot.web import build_web, numbers, readiness, serving
from domain.people import Role
from storage.cases import Cases
from tests.stage import Role_, Stage, stage
from tests.test_commands import run

WANG = Role_("王芳", Role.RESIDENT)
CHEN = Role_("陈静", Role.COORDINATOR)
LAMP = "城北社区的路灯坏了三天"


async def page(monitor: aiohttp.ClientSession) -> dict[str, float]:
    """Every sample by its name and labels, asked anew."""
    async with monitor.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/plain"
        text = await answer.text()
    assert not re.search(r"[^\x00-\x7f]", text), "no word of anybody's"
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def metrics_of(place: Stage, worker: int = 0) -> Metrics:
    """As the program puts them together."""
    app = place.app
    return Metrics(app.settings, app.database, place.clock, app.turns.meter, app.intake.backlog, worker)


async def test_a_worker_tells_of_itself_by_its_number_and_of_the_database_like_all(tmp_path: Path) -> None:
    """Planted fault: the page of a bot that is one process."""
    async with stage(tmp_path) as place:
        families = text_string_to_metric_families((await metrics_of(place, worker=2).page()).decode())
        labels = {sample.name: sample.labels.get("worker") for family in families for sample in family.samples}
    own = {name for name, worker in labels.items() if worker == "2"}
    assert {"yixian_turn_seconds_count", "yixian_failed_ticks_total", "yixian_process_open_fds"} <= own
    assert {"yixian_outbox_rows", "yixian_cases_overdue"} <= {name for name, worker in labels.items() if worker is None}


async def test_what_happens_is_counted(tmp_path: Path) -> None:
    """Turns, sends, follow-ups, cases. Planted faults: count a turn that failed as done; no ``followed``."""
    async with stage(tmp_path) as place:
        await place.join(WANG)
        await place.join(CHEN)
        async with (
            serving(build_web(numbers(metrics_of(place))), "127.0.0.1", 0) as port,
            aiohttp.ClientSession(f"http://127.0.0.1:{port}") as monitor,
        ):
            place.world.say(1001, LAMP)
            await place.settle()
            await place.advance(timedelta(minutes=20))
            with pytest.MonkeyPatch.context() as planted:
                planted.setattr(Cases, "add", lambda *_: 1 / 0)
                place.world.say(1001, "城北社区的水管漏水,两天没人来修")
                await place.settle()
            await place.advance(timedelta(days=3))
            found = await page(monitor)
    assert found["yixian_turns_total text done"] == 1
    assert found["yixian_turns_total text failed"] == 1
    assert found["yixian_turn_seconds_count"] == 2
    assert found["yixian_turn_seconds_bucket +Inf"] == 2
    assert found["yixian_sends_total sent"] >= 2
    assert sum(value for name, value in found.items() if name.startswith("yixian_followups_total")) >= 2
    assert found["yixian_cases_open accepted"] + found["yixian_cases_open submitted"] == 1
    assert found["yixian_cases_overdue"] == 1
    assert found["yixian_quarantined"] == 1
    assert found["yixian_outbox_rows pending"] == 0
    assert found["yixian_outbox_age_seconds"] == 0
    assert found["yixian_failed_ticks_total"] == 0
    assert found["yixian_process_resident_memory_bytes"] > 1e7


async def test_ready_says_which_part_is_not(tmp_path: Path) -> None:
    """Planted fault: answer 200 whatever the checks say."""
    async with (
        stage(tmp_path) as place,
        serving(build_web(readiness(place.app.health)), "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as monitor,
    ):

        async def ready() -> tuple[int, str]:
            async with monitor.get("/healthz/ready") as answer:
                return answer.status, await answer.text()

        assert (await ready())[0] == 200
        place.app.intake.polled_at -= POLLS_WITHIN + 1
        status, text = await ready()
        assert status == 503
        assert "failed polling" in text
        place.app.intake.polled_at = time.monotonic()
        place.app.stopping.set()
        place.app.sender.looked_at -= LOOKS_WITHIN + 60
        assert "failed sender" in (await ready())[1]
        await place.app.database.schema(
            lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num='0000'").rowcount
        )
        assert "failed database" in (await ready())[1]
        async with monitor.get("/healthz") as alive:
            assert await alive.text() == "ok\n"
        async with monitor.get("/metrics") as nothing:
            assert nothing.status == 404, "only where it is wanted"


def test_counting_a_turn_costs_microseconds() -> None:
    """The best of several rounds, for the machine may be busy."""
    meter = Meter()

    def round_() -> float:
        started = time.perf_counter()
        for _ in range(2000):
            meter.turn("message", "done", 0.003)
        return (time.perf_counter() - started) / 2000

    assert min(round_() for _ in range(10)) < 10e-6
    assert meter.turns["message", "done"] == 20_000
    assert sum(meter.times.counts) == 20_000


async def test_what_serves_it_is_loaded_only_where_it_is_served() -> None:
    """Memory after the start: the libraries for HTTP take 10 MB and more."""
    code = "import sys, bot.commands; print({'uvicorn', 'starlette', 'prometheus_client'} & set(sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    assert out.decode().strip() == "set()"


async def test_health_of_a_bot_that_does_not_run(tmp_path: Path) -> None:
    assert (await run("init", "--dir", str(tmp_path / "x"), "--coordinator", "1")).code == 0
    ran = await run("health", "--config", str(tmp_path / "x" / "config.toml"))
    assert (ran.code, "does not run" in ran.out) == (1, True)
