"""What is counted of the server, for Prometheus: requests, streams, jobs, waits, wake times, units."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from forgather_units.domain.job import Job, Queued, Running, Sleeping, Starting, State
from forgather_units.domain.queue_id import is_queue_id
from forgather_units.proxy.relay import STREAMS, TRANSFERS, Relay
from forgather_units.server.house import House

_ANSWER: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WAKE: Final = (0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60)
_WAIT: Final = (0.1, 1, 10, 60, 600, 3600, 21600, 86400)
_RELAYS: Final[dict[str, Relay]] = {"events": STREAMS, "transfers": TRANSFERS}
_STATES: Final = ("queued", "starting", "running", "sleeping", "done", "failed", "aborted")


class Metrics:
    """Counts from now on; what can be read at any time is read when it is asked for.

    A job's own counters are kept as long as it has not ended, so their number is bounded by the jobs that are alive.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "forgather_proxy_requests",
            "Requests for a viewer, by the status that was sent (0: the client left before).",
            ("job", "code"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "forgather_proxy_request_seconds",
            "From the request to the end of its answer.",
            ("job",),
            buckets=_ANSWER,
            registry=self._registry,
        )
        self._waits = Histogram(
            "forgather_queue_wait_seconds", "From queued to started.", buckets=_WAIT, registry=self._registry
        )
        self._starts = Histogram(
            "forgather_start_seconds",
            "From started to ready, by what it came from: wake or start.",
            ("how",),
            buckets=_WAKE,
            registry=self._registry,
        )
        self._codes: dict[str, set[str]] = {}
        # The state that each living job was in before its present one.
        self._before: dict[str, tuple[type[State], type[State]]] = {
            job.queue_id: (type(job.state), Queued) for job in house.scheduler.jobs() if not job.is_ended
        }
        self._registry.register(_Snapshot(house))
        self._held = ExitStack()
        self._held.enter_context(house.changes.listening(self._changed))

    def answered(self, job: str, code: int, seconds: float) -> None:
        """The proxy's observer."""
        text = str(code)
        self._codes.setdefault(job, set()).add(text)
        self._requests.labels(job, text).inc()
        self._seconds.labels(job).observe(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        self._forget_the_ended()
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

    def _forget_the_ended(self) -> None:
        """A download may have ended after its job."""
        alive = {job.queue_id for job in self._house.scheduler.jobs() if not job.is_ended}
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
    """What is so at the moment."""

    def __init__(self, house: House) -> None:
        self._house = house

    def describe(self) -> Iterator[Metric]:
        """Nothing: the registry would otherwise collect once, to hear the names."""
        yield from ()

    def collect(self) -> Iterator[Metric]:
        jobs = self._house.scheduler.jobs()
        queued = self._house.scheduler.queue()
        tally = Tally(job.status for job in {job.queue_id: job for job in (*jobs, *queued)}.values())
        states = GaugeMetricFamily("forgather_jobs", "Jobs, by state.", labels=("state",))
        for state in _STATES:
            states.add_metric((state,), tally[state])
        relays = GaugeMetricFamily(
            "forgather_relayed", "What is under way outside of worker threads.", labels=("kind",)
        )
        for kind, relay in _RELAYS.items():
            relays.add_metric((kind,), relay.places.taken)
        yield from (states, relays, *self._units(jobs))

    def _units(self, jobs: list[Job]) -> Iterator[Metric]:
        memory = GaugeMetricFamily("forgather_unit_memory_bytes", "A viewer's memory.", labels=("job",))
        cpu = CounterMetricFamily("forgather_unit_cpu_seconds", "A viewer's CPU time.", labels=("job",))
        for job in jobs:
            usage = self._house.accounting.usage(job) if isinstance(job.state, Starting | Running) else None
            if usage and usage.memory_bytes is not None:
                memory.add_metric((job.queue_id,), usage.memory_bytes)
            if usage and usage.cpu_seconds is not None:
                cpu.add_metric((job.queue_id,), usage.cpu_seconds)
        yield from (memory, cpu)
