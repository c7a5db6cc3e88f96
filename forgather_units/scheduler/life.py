"""What a look at a living unit means for its job: starting, running, asleep, started again."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from forgather_units.domain.job import Active, Exit, Job, Running, Sleeping, Starting
from forgather_units.units.exit_record import ExitRecord
from forgather_units.units.viewers import Alive

_RESULTS: Final = {"oom-kill": "was out of memory", "timeout": "did not answer in time", "watchdog": "hung"}


def alive(job: Job, seen: Alive, now: float) -> Job:
    """The job whose unit lives. Behind a socket systemd knows when it answered; else the readiness watch says so."""
    assert isinstance(job.state, Active)
    port = job.state.port
    since = seen.since or now
    state: Active
    match job.state:
        case Starting() | Running() if not job.has_socket:
            # Started again, it has to answer again.
            again = seen.restarts > job.restarts
            state = Starting(since, port, seen.pid) if again else replace(job.state, pid=seen.pid)
        case _ if seen.active_since is not None:
            state = Running(since, seen.active_since, port, seen.pid)
        case Running():
            # On its way down, and not yet over.
            state = replace(job.state, pid=seen.pid)
        case _:
            state = Starting(since, port, seen.pid)
    return replace(
        job.now(state), invocation_id=seen.invocation_id or job.invocation_id, restarts=max(seen.restarts, job.restarts)
    )


def asleep(job: Job, since: float) -> Job:
    """The job whose unit has gone to sleep."""
    assert isinstance(job.state, Active)
    if isinstance(job.state, Sleeping):
        return job
    return job.now(Sleeping(since, job.state.port, job.state.started_at))


def restarting(job: Job, record: ExitRecord) -> Job:
    """The job that ran, failed, and is about to be started again."""
    assert isinstance(job.state, Active)
    how = _RESULTS.get(record.result, f"ended with {Exit(record.code, record.signal)}")
    return replace(job.now(Starting(record.at, job.state.port)), last_failure=how)
