"""Who is next, and what the others wait for: a pure function of the queue, what runs, and the ports.

Order: higher priority first, then the earlier submission, then the id. A job that must wait for its port lets the
next in line go ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from forgather_units.domain.job import Active, Job, Sleeping
from forgather_units.domain.listening import AUTO

_LAST_PORT: Final = 65535


class Ports(Protocol):
    """What the machine says about its ports."""

    def is_free(self, address: str, port: int) -> bool:
        """Whether nobody listens there now."""

    def overlap(self, one: str, other: str) -> bool:
        """Whether two addresses cannot both have one port."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A port that one of our jobs has."""

    address: str
    port: int
    queue_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now: `starts` has jobs and ports (None: private), `waits` a sentence for each job that must wait."""

    starts: Sequence[tuple[Job, int | None]] = ()
    waits: Mapping[str, str] = field(default_factory=dict)
    waits_for_foreign: bool = False
    """A job waits for a port that another process has: nobody tells us when it is freed."""


def dispatch_order(queued: Iterable[Job]) -> list[Job]:
    """The queue as it will be dispatched."""
    return sorted(queued, key=lambda job: (-job.submission.priority, job.submitted_at, job.queue_id))


def plan(queued: Iterable[Job], active: Sequence[Job], ports: Ports, *, enabled: bool, max_running: int) -> Plan:
    """Whom to start now; `max_running` 0 means no cap. What sleeps uses nothing but its port."""
    order = dispatch_order(queued)
    if not enabled:
        return Plan(waits={job.queue_id: "the scheduler is paused" for job in order})
    held = [_holder(job, job.state.port) for job in active if isinstance(job.state, Active) and job.state.port]
    room = max_running - sum(not isinstance(job.state, Sleeping) for job in active) if max_running else len(order)
    starts: list[tuple[Job, int | None]] = []
    waits: dict[str, str] = {}
    foreign = False
    for job in order:
        if room <= 0 and not job.submission.placing.lazy:
            waits[job.queue_id] = f"as many are running as may (max_running {max_running})"
            continue
        port = None if job.submission.placing.private else _port_for(job, held, ports)
        if isinstance(port, str):
            waits[job.queue_id] = port
            foreign = foreign or port.endswith(_BY_ANOTHER)
            continue
        starts.append((job, port))
        held += [_holder(job, port)] if port else []
        room -= not job.submission.placing.lazy
    return Plan(starts, waits, foreign)


_BY_ANOTHER: Final = "is held by another process"


def _holder(job: Job, port: int) -> Holder:
    return Holder(job.submission.options.address, port, job.queue_id, job.title)


def _port_for(job: Job, held: Sequence[Holder], ports: Ports) -> int | str:
    """The port that the job can have now, or the sentence that says why it cannot."""
    options = job.submission.options
    address = options.address
    if options.port == AUTO:
        return _lowest_free(address, job.submission.kind.usual_port, held, ports)
    for holder in held:
        if holder.port == options.port and ports.overlap(holder.address, address):
            return f"port {options.port} is held by {holder.queue_id} ({holder.title})"
    return options.port if ports.is_free(address, options.port) else f"port {options.port} {_BY_ANOTHER}"


def _lowest_free(address: str, first: int, held: Sequence[Holder], ports: Ports) -> int | str:
    ours: Callable[[int], bool] = {holder.port for holder in held}.__contains__
    for port in range(first, _LAST_PORT + 1):
        if not ours(port) and ports.is_free(address, port):
            return port
    return f"every port from {first} {_BY_ANOTHER}"
