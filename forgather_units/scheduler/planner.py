"""Which jobs start next, and what the others wait for: a pure function of the queue, the active jobs and the ports.

Order: higher priority first, then the earlier submission, then the id. A job that must wait for its port does not
delay those after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from forgather_units.domain.errors import Refused
from forgather_units.domain.job import Active, Job, Sleeping
from forgather_units.domain.listening import AUTO, LAST_PORT, PortState


class Ports(Protocol):
    """The state of this machine's ports."""

    def state(self, address: str, port: int) -> PortState:
        """Whether a process could listen on the port now."""

    def overlap(self, one: str, other: str) -> bool:
        """Whether listeners on these two addresses cannot share a port."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A port that a job of this server holds."""

    address: str
    port: int
    queue_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a job must wait, one sentence; `foreign`: no event reports the end of that."""

    reason: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`starts` contains jobs and their ports (None: private), `waits` a sentence for each job that must wait."""

    starts: Sequence[tuple[Job, int | None]] = ()
    waits: Mapping[str, str] = field(default_factory=dict)
    fails: Mapping[str, Exception] = field(default_factory=dict)
    """The exception for each job that could not be planned; it does not affect the others."""
    waits_for_foreign: frozenset[str] = frozenset()
    """Jobs that wait for something that no event reports: another process frees a port, the host gets an address."""


def dispatch_order(queued: Iterable[Job]) -> list[Job]:
    """The queue in dispatch order."""
    return sorted(queued, key=lambda job: (-job.submission.priority, job.submitted_at, job.queue_id))


def plan(queued: Iterable[Job], active: Sequence[Job], ports: Ports, *, enabled: bool, max_running: int) -> Plan:
    """Which jobs to start now; `max_running` 0 means no cap. A sleeping job counts only as the holder of its port."""
    order = dispatch_order(queued)
    if not enabled:
        return Plan(waits={job.queue_id: "the scheduler is paused" for job in order})
    held = [_holder(job, job.state.port) for job in active if isinstance(job.state, Active) and job.state.port]
    room = max_running - sum(not isinstance(job.state, Sleeping) for job in active) if max_running else len(order)
    starts: list[tuple[Job, int | None]] = []
    waits: dict[str, str] = {}
    fails: dict[str, Exception] = {}
    foreign: set[str] = set()
    for job in order:
        if room <= 0 and not job.submission.placing.lazy:
            waits[job.queue_id] = f"limit reached (max_running is {max_running})"
            continue
        try:
            port = None if job.submission.placing.private else _port_for(job, held, ports)
        except Exception as why:
            fails[job.queue_id] = why
            continue
        if isinstance(port, Wait):
            waits[job.queue_id] = port.reason
            foreign |= {job.queue_id} if port.foreign else set()
            continue
        starts.append((job, port))
        held += [_holder(job, port)] if port else []
        room -= not job.submission.placing.lazy
    return Plan(starts, waits, fails, frozenset(foreign))


def _holder(job: Job, port: int) -> Holder:
    return Holder(job.submission.options.address, port, job.queue_id, job.title)


def _port_for(job: Job, held: Sequence[Holder], ports: Ports) -> int | Wait:
    """The port that the job can use now, or why it must wait. Raises Refused for a port that it can never use."""
    options = job.submission.options
    address = options.address
    if options.port == AUTO:
        return _lowest_free(address, job.submission.kind.usual_port, held, ports)
    for holder in held:
        if holder.port == options.port and ports.overlap(holder.address, address):
            return Wait(f"port {options.port} is held by {holder.queue_id} ({holder.title})")
    match ports.state(address, options.port):
        case PortState.FREE:
            return options.port
        case PortState.TAKEN:
            return Wait(f"port {options.port} is held by another process", foreign=True)
        case PortState.NO_ADDRESS:
            return Wait(f"{address} is not an address of this machine now", foreign=True)
        case PortState.FORBIDDEN:
            raise Refused(f"this account may not listen on port {options.port}")


def _lowest_free(address: str, first: int, held: Sequence[Holder], ports: Ports) -> int | Wait:
    ours: Callable[[int], bool] = {holder.port for holder in held}.__contains__
    for port in range(first, LAST_PORT + 1):
        if ours(port):
            continue
        match ports.state(address, port):
            case PortState.FREE:
                return port
            case PortState.NO_ADDRESS:
                return Wait(f"{address} is not an address of this machine now", foreign=True)
    return Wait(f"every port from {first} is held by another process", foreign=True)
