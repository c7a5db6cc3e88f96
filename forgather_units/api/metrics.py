"""Metrics for Prometheus: requests, streams, jobs, waits, wake times, units."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from forgather_units.domain.job import Job, Queued, Running, Sleeping, Starting, State
from forgather_units.domain.queue_id import is_queue_id
from forgather_units.files.lookups import Lookups
from forgather_units.http.relay import STREAMS, TRANSFERS, Relay
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.systemd.accounting import Accounting

_RESPONSE_BUCKETS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WAKE_BUCKETS: Final = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)
_WAIT_BUCKETS: Final = (0.1, 1, 10, 60, 600, 3600, 21600, 86400)
_RELAYS: Final[dict[str, Relay]] = {"events": STREAMS, "transfers": TRANSFERS}
_STATES: Final = ("queued", "starting", "running", "sleeping", "done", "failed", "aborted")


class Metrics:
    """Counters start at 0 with the server; gauges are read on request.

    A job's counters are dropped when it ends, so their number is bounded by the jobs that are alive.
    """

    def __init__(self, scheduler: Scheduler, changes: EventBus, accounting: Accounting, lookups: Lookups) -> None:
        self._scheduler = scheduler
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "forgather_proxy_requests",
            "Requests for a viewer, by the status that was sent (0: the client left before).",
            ("job", "code"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "forgather_proxy_request_seconds",
            "From the request to the end of its response.",
            ("job",),
            buckets=_RESPONSE_BUCKETS,
            registry=self._registry,
        )
        self._waits = Histogram(
            "forgather_queue_wait_seconds", "From queued to started.", buckets=_WAIT_BUCKETS, registry=self._registry
        )
        self._starts = Histogram(
            "forgather_start_seconds",
            "From started to ready, by the cause of the start: wake or start.",
            ("how",),
            buckets=_WAKE_BUCKETS,
            registry=self._registry,
        )
        self._codes: dict[str, set[str]] = {}
        # Of each active job: the type of its state, and of the state before.
        self._before: dict[str, tuple[type[State], type[State]]] = {
            job.queue_id: (type(job.state), Queued) for job in scheduler.jobs() if not job.is_ended
        }
        self._registry.register(_Snapshot(scheduler, accounting, lookups))
        self._held = ExitStack()
        self._held.enter_context(changes.subscribed_to_jobs(self._changed))

    def observe_request(self, job: str, code: int, seconds: float) -> None:
        """The proxy's Observer."""
        text = str(code)
        self._codes.setdefault(job, set()).add(text)
        self._requests.labels(job, text).inc()
        self._seconds.labels(job).observe(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        self._forget_ended()
        return generate_latest(self._registry)

    def _changed(self, job: Job) -> None:
        now = job.state
        before, earlier = self._before.get(job.queue_id, (Queued, Queued))
        if isinstance(now, before):
            return
        if isinstance(now, Starting | Sleeping) and before is Queued:
            self._waits.observe(max(0.0, now.since if isinstance(now, Sleeping) else now.started_at) - job.submitted_at)
        if isinstance(now, Running) and before is Starting:
            how = "wake" if earlier is Sleeping else "start"
            self._starts.labels(how).observe(max(0.0, now.ready_at - now.started_at))
        if job.is_ended:
            self._forget(job.queue_id)
        else:
            self._before[job.queue_id] = type(now), before

    def _forget_ended(self) -> None:
        """A download may end after its job."""
        alive = {job.queue_id for job in self._scheduler.jobs() if not job.is_ended}
        for job in [name for name in self._codes if is_queue_id(name) and name not in alive]:
            self._forget(job)

    def _forget(self, job: str) -> None:
        self._before.pop(job, None)
        codes = self._codes.pop(job, set())
        for code in codes:
            self._requests.remove(job, code)
        if codes:
            self._seconds.remove(job)


class _Snapshot:
    """Gauges, read at each request."""

    def __init__(self, scheduler: Scheduler, accounting: Accounting, lookups: Lookups) -> None:
        self._scheduler = scheduler
        self._accounting = accounting
        self._lookups = lookups

    def describe(self) -> Iterator[Metric]:
        """Nothing: otherwise the registry would collect once to get the names."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        jobs = self._scheduler.jobs()
        tally = Tally(job.status for job in jobs) + Tally(self._scheduler.ended_by_status())
        states = GaugeMetricFamily("forgather_jobs", "Jobs, by state.", labels=("state",))
        for state in _STATES:
            states.add_metric((state,), tally[state])
        relays = GaugeMetricFamily(
            "forgather_relayed", "Streams and transfers in progress outside of worker threads.", labels=("kind",)
        )
        for kind, relay in _RELAYS.items():
            relays.add_metric((kind,), relay.slots.in_use)
        stuck = GaugeMetricFamily(
            "forgather_lookups_stuck",
            "Helper processes that wait for a file system that does not answer, by mount point.",
            labels=("mount",),
        )
        for where, count in self._lookups.stuck().items():
            stuck.add_metric((where,), count)
        yield from (states, relays, stuck, *self._units(jobs))

    def _units(self, jobs: list[Job]) -> Iterator[Metric]:
        memory = GaugeMetricFamily("forgather_unit_memory_bytes", "A viewer's memory.", labels=("job",))
        cpu = CounterMetricFamily("forgather_unit_cpu_seconds", "A viewer's CPU time.", labels=("job",))
        for job in jobs:
            usage = self._accounting.usage(job) if isinstance(job.state, Starting | Running) else None
            if usage and usage.memory_bytes is not None:
                memory.add_metric((job.queue_id,), usage.memory_bytes)
            if usage and usage.cpu_seconds is not None:
                cpu.add_metric((job.queue_id,), usage.cpu_seconds)
        yield from (memory, cpu)
