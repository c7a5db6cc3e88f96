"""Where the proxy finds a job."""

from __future__ import annotations

from collections.abc import Callable

from forgather_units.domain.errors import NotFound
from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting
from forgather_units.domain.queue_id import is_queue_id
from forgather_units.proxy import target
from forgather_units.scheduler.scheduler import Scheduler

SocketPath = Callable[[str], str]
"""The path of a job's unix socket, from its id."""


Release = Callable[[Job], str]
"""Which static parts a job's viewer serves; empty where nobody knows."""


def address_of(job: Job, port: int, release: str = "") -> target.Open:
    """Where a TensorBoard that has its port itself listens."""
    return target.Open(job.submission.options.address, port, release)


def resolver(scheduler: Scheduler, socket_path: SocketPath, release: Release) -> target.Resolver:
    """The proxy's question, answered from what the scheduler knows.

    Behind a socket there is nothing to wait for: a connection stands at once, and is answered when the viewer is awake.
    """

    def resolve(mount: str, name: str) -> target.Target:
        try:
            job = scheduler.job(name) if is_queue_id(name) else scheduler.service_job(mount, name)
        except NotFound:
            return target.Unknown()
        if job.path_prefix != mount + name:
            # A job of another kind, or the id of one that has a name.
            return target.Moved(job.path_prefix) if job.mount == mount and not job.is_ended else _ended(job)
        queue_id = job.queue_id
        match job.state:
            case Starting() | Running() | Sleeping() if job.has_socket:
                return target.OpenUnix(socket_path(queue_id), release(job), isinstance(job.state, Sleeping))
            case Running(port=int(port)):
                return address_of(job, port, release(job))
            case Starting(started_at=since):
                return target.NotReady(job.title, queue_id, since)
            case Queued(waits_for=reason):
                return target.Waiting(job.title, queue_id, reason)
        return _ended(job)

    return resolve


def _ended(job: Job) -> target.Target:
    if not isinstance(job.state, Ended):
        return target.Unknown()
    return target.Ended(job.queue_id, job.state.reason or job.status)
