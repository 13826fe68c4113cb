"""``/metrics``: what the meter counted, and what waits in the database, in Prometheus's format.

Several workers share an address, and each tells of itself by its number: what they counted is added up by whoever asks.
Imported only where it is served. The registry is our own: besides ours it holds the process's memory, processor time
and open files, and nothing else. What needs the database is asked on a reader connection, and again after five seconds.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from itertools import accumulate
from time import monotonic

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from bot.backups import kept
from bot.clock import Clock
from bot.config import Settings
from bot.meter import BUCKETS, Meter
from bot.waiting import Backlog
from storage.database import Database
from storage.operations import Gauges

FRESH = 5.0
"""Seconds for which what the database said is said again."""
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


class Metrics(Collector):
    """Collects when it is asked; ``page`` is the whole answer."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        meter: Meter,
        backlog: Callable[[], Awaitable[Backlog]],
        worker: int = 0,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._meter = meter
        self._ask_backlog = backlog
        self._backlog = Backlog(0.0, 0)
        self._worker = worker
        self._process = ProcessCollector(namespace="yixian", registry=None)
        self._gauges: Gauges | None = None
        self._asked = float("-inf")
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    async def page(self) -> bytes:
        """Everything, as of now. Raises whatever the database does where it does not answer."""
        if monotonic() - self._asked >= FRESH:
            now = self._clock.now()
            self._gauges = await self._database.read(lambda unit: unit.operations.gauges(now))
            self._asked = monotonic()
        self._backlog = await self._ask_backlog()
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing is collected before it is asked for."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The meter's numbers, then the database's, then the backups'."""
        yield from of_worker(self._worker, [*counted(self._meter), *delivered(self._backlog), *self._process.collect()])
        if self._gauges is not None:
            yield from waiting(self._gauges)
        yield from backed_up(self._settings, self._clock.now())


def of_worker(number: int, metrics: Iterable[Metric]) -> Iterator[Metric]:
    """The same with the worker's number, from 1; 0 is a bot that is one process."""
    for metric in metrics:
        if number:
            metric.samples = [one._replace(labels={**one.labels, "worker": str(number)}) for one in metric.samples]
        yield metric


def counted(meter: Meter) -> Iterator[Metric]:
    """What happened since the start."""
    turns = CounterMetricFamily("yixian_turns", "Turns of people by kind and outcome.", labels=["kind", "outcome"])
    for (kind, outcome), count in sorted(meter.turns.items()):
        turns.add_metric([kind, outcome], count)
    yield turns
    bounds = [*map(str, BUCKETS), "+Inf"]
    took = HistogramMetricFamily("yixian_turn_seconds", "From reading an update to its commit, in seconds.")
    took.add_metric([], list(zip(bounds, accumulate(meter.times.counts), strict=True)), meter.times.total)
    yield took
    yield by("yixian_sends", "Messages handed to Telegram, by what came of it.", "result", meter.sends)
    yield by("yixian_followups", "What the clock did about cases, by mark.", "mark", meter.followups)
    failed = CounterMetricFamily("yixian_failed_ticks", "The clock's turns that failed.")
    failed.add_metric([], meter.failed_ticks)
    yield failed


def delivered(backlog: Backlog) -> Iterator[Metric]:
    """What Telegram delivered and is not committed."""
    yield gauge("yixian_updates_waiting_seconds", "How long the oldest update has waited for its commit.", backlog.age)
    yield gauge("yixian_updates_not_taken", "Updates that could not be committed, so that they come again.",
                backlog.not_taken)  # fmt: skip


def by(name: str, text: str, label: str, counts: dict[str, int]) -> Metric:
    """A counter with one label."""
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def waiting(gauges: Gauges) -> Iterator[Metric]:
    """What is in the database at this moment."""
    yield gauge("yixian_outbox_rows", "Messages that wait, by state.", gauges.outbox, "state")
    yield gauge("yixian_outbox_age_seconds", "How long the oldest message that should be gone has waited.",
                gauges.outbox_age)  # fmt: skip
    yield gauge("yixian_errands", "Work for the network that waits.", gauges.errands)
    yield gauge("yixian_quarantined", "Updates that were set aside.", gauges.quarantined)
    yield gauge("yixian_updates_unstored", "Updates that were acknowledged although no row could be stored, ever.",
                gauges.unstored)  # fmt: skip
    yield gauge("yixian_cases_open", "Cases that are not finished, by state.", gauges.cases, "state")
    yield gauge("yixian_cases_overdue", "Cases past a deadline.", gauges.overdue)


def gauge(name: str, text: str, value: float | dict[str, int], label: str = "") -> Metric:
    """One value, or one for each value of a label."""
    if not isinstance(value, dict):
        return GaugeMetricFamily(name, text, value=value)
    family = GaugeMetricFamily(name, text, labels=[label])
    for name_, count in sorted(value.items()):
        family.add_metric([name_], count)
    return family


def backed_up(settings: Settings, now: datetime) -> Iterator[Metric]:
    """The newest backup; nothing where there is none."""
    found = kept(settings.backup_folder)
    if found:
        age = (now - found[0].at).total_seconds()
        yield gauge("yixian_backup_age_seconds", "Age of the newest checked backup.", age)
        yield gauge("yixian_backup_bytes", "Size of the newest checked backup.", found[0].path.stat().st_size)
