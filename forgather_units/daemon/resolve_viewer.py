"""Resolves a viewer's address: a mount and a name to the proxy's Destination."""

from __future__ import annotations

from collections.abc import Callable

from forgather_units.domain.errors import NotFound
from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting
from forgather_units.domain.queue_id import is_queue_id
from forgather_units.proxy import destination
from forgather_units.scheduler.scheduler import Scheduler

SocketPath = Callable[[str], str]
"""The path of a job's unix socket, from its id."""


Release = Callable[[Job], str]
"""Identifies the static files of a job's viewer; empty if unknown."""


def address_of(job: Job, port: int, release: str = "") -> destination.Open:
    """The address of a viewer with its own port."""
    return destination.Open(job.submission.options.address, port, release, job.invocation_id, job.submission.kind.noun)


WaitsFor = Callable[[str, str], str]
"""Why a declared service, by mount and name, has no instance yet; empty if it does not wait."""


def resolver(
    scheduler: Scheduler, socket_path: SocketPath, release: Release, waits_for: WaitsFor
) -> destination.Resolver:
    """A Resolver on the scheduler's jobs.

    A viewer behind a socket is never NotReady: systemd accepts the connection, and the viewer responds when it is
    awake.
    """

    def resolve(mount: str, name: str) -> destination.Destination:
        try:
            job = scheduler.job(name) if is_queue_id(name) else scheduler.service_job(mount, name)
        except NotFound:
            awaited = waits_for(mount, name)
            return destination.Waiting(name, name, awaited) if awaited else destination.Unknown()
        if job.is_ended and (awaited := waits_for(mount, name)):
            return destination.Waiting(job.title, name, awaited)
        if job.path_prefix != mount + name:
            # A job of another kind, or the id of a job that has a name.
            return destination.Moved(job.path_prefix) if job.mount == mount and not job.is_ended else _ended(job)
        queue_id = job.queue_id
        if scheduler.returning.includes(job):
            return destination.Returning(job.title, queue_id)
        match job.state:
            case Starting() | Running() | Sleeping() if job.has_socket:
                return destination.OpenUnix(
                    socket_path(queue_id),
                    release(job),
                    asleep=isinstance(job.state, Sleeping),
                    is_new=not job.invocation_id,
                    run=job.invocation_id,
                    noun=job.submission.kind.noun,
                )
            case Running(port=int(port)):
                return address_of(job, port, release(job))
            case Starting(started_at=since):
                return destination.NotReady(job.title, queue_id, since)
            case Queued(waits_for=reason):
                return destination.Waiting(job.title, queue_id, reason)
        return _ended(job)

    return resolve


def _ended(job: Job) -> destination.Destination:
    if not isinstance(job.state, Ended):
        return destination.Unknown()
    return destination.Ended(job.queue_id, job.state.reason or job.status)
