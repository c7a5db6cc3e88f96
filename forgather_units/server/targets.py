"""Where the proxy finds a job."""

from __future__ import annotations

from forgather_units.domain.errors import NotFound
from forgather_units.domain.job import Ended, Job, Queued, Running, Starting
from forgather_units.proxy import target
from forgather_units.scheduler.scheduler import Scheduler


def address_of(job: Job, port: int) -> target.Open:
    """Where the job's TensorBoard listens."""
    return target.Open(job.submission.options.address, port)


def resolver(scheduler: Scheduler) -> target.Resolver:
    """The proxy's question, answered from what the scheduler knows."""

    def resolve(queue_id: str) -> target.Target:
        try:
            job = scheduler.job(queue_id)
        except NotFound:
            return target.Unknown()
        match job.state:
            case Running(port=port):
                return address_of(job, port)
            case Starting(started_at=since):
                return target.NotReady(job.title, queue_id, since)
            case Queued(waits_for=reason):
                return target.Waiting(job.title, queue_id, reason)
            case Ended(reason=reason):
                return target.Ended(queue_id, reason or job.status)

    return resolve
