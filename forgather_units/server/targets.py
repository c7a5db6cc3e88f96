"""Where the proxy finds a job."""

from __future__ import annotations

from collections.abc import Callable

from forgather_units.domain.errors import NotFound
from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting
from forgather_units.proxy import target
from forgather_units.scheduler.scheduler import Scheduler

SocketPath = Callable[[str], str]
"""The path of a job's unix socket, from its id."""


def address_of(job: Job, port: int) -> target.Open:
    """Where a TensorBoard that has its port itself listens."""
    return target.Open(job.submission.options.address, port)


def resolver(scheduler: Scheduler, socket_path: SocketPath) -> target.Resolver:
    """The proxy's question, answered from what the scheduler knows.

    Behind a socket there is nothing to wait for: a connection stands at once, and is answered when the viewer is awake.
    """

    def resolve(queue_id: str) -> target.Target:
        try:
            job = scheduler.job(queue_id)
        except NotFound:
            return target.Unknown()
        match job.state:
            case Starting() | Running() | Sleeping() if job.has_socket:
                return target.OpenUnix(socket_path(queue_id))
            case Running(port=int(port)):
                return address_of(job, port)
            case Starting(started_at=since):
                return target.NotReady(job.title, queue_id, since)
            case Queued(waits_for=reason):
                return target.Waiting(job.title, queue_id, reason)
            case Ended(reason=reason):
                return target.Ended(queue_id, reason or job.status)
        return target.Unknown()

    return resolve
