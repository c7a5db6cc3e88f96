"""Pure transitions of a job: what the state of its unit, or the end of it, means for the job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.job import Active, Ended, Exit, Job, Outcome, Queued, Running, Sleeping, Starting
from forgather_units.domain.viewer import label_of
from forgather_units.units.control import Alive
from forgather_units.units.exit_record import ExitRecord

_FAILURES: Final = {
    "oom-kill": "was out of memory",
    "timeout": "did not answer in time",
    "watchdog": "hung",
    "resources": "could not be started: systemd lacked the resources",
}


def alive(job: Job, seen: Alive, now: float) -> Job:
    """The job whose unit runs. Behind a socket unit systemd knows when it is ready; else the readiness watch does."""
    assert isinstance(job.state, Active)
    port = job.state.port
    since = seen.since or now
    state: Active
    match job.state:
        case Starting() | Running() if not job.has_socket:
            # After a restart its readiness is not known.
            again = seen.restarts > job.restarts
            state = Starting(since, port, seen.pid) if again else replace(job.state, pid=seen.pid)
        case _ if seen.active_since is not None:
            state = Running(since, seen.active_since, port, seen.pid)
        case Running():
            # It stops, and has not ended yet.
            state = replace(job.state, pid=seen.pid)
        case _:
            state = Starting(since, port, seen.pid)
    return replace(
        job.now(state), invocation_id=seen.invocation_id or job.invocation_id, restarts=max(seen.restarts, job.restarts)
    )


def ready(job: Job, state: Starting, now: float) -> Job:
    """The job in `state` whose viewer is ready."""
    return job.now(Running(state.started_at, now, state.port, state.pid))


def asleep(job: Job, since: float) -> Job:
    """The job whose unit has gone to sleep."""
    assert isinstance(job.state, Active)
    if isinstance(job.state, Sleeping):
        return job
    return job.now(Sleeping(since, job.state.port, job.state.started_at))


def restarting(job: Job, record: ExitRecord) -> Job:
    """The job whose viewer failed, and which systemd is about to restart."""
    assert isinstance(job.state, Active)
    how = _FAILURES.get(record.result, f"ended with {Exit(record.code, record.signal)}")
    return replace(job.now(Starting(record.at, job.state.port)), last_failure=how)


def again(job: Job, waits_for: str | None = None) -> Job:
    """The job as it was when it was submitted; `waits_for` as in Queued."""
    return Job(job.queue_id, job.submission, job.submitted_at, Queued(waits_for))


def on_port(job: Job, port: int) -> Job:
    """The job that accepts any port, on the port that the planner chose."""
    submission = job.submission
    label = label_of(submission.kind.name, port)
    return replace(job, submission=replace(submission, options=submission.options.on_port(port), config=label))


LACKS_RESOURCES: Final = "systemd lacked the resources to start it"

# systemd's Result= of a service, explained. (systemd.exec(5), $SERVICE_RESULT)
_RESULTS: Final[Mapping[str, str]] = {
    "oom-kill": "killed: out of memory",
    "watchdog": "killed by its watchdog",
    "start-limit-hit": "started too often in a short time",
    "service-start-limit-hit": "started too often in a short time, so systemd closed its socket",
    "trigger-limit-hit": "woken too often in a short time, so systemd closed its socket",
    "resources": LACKS_RESOURCES,
    "timeout": "did not stop in time and was killed",
}

# Exit codes that systemd itself sets when it cannot even start the program. (systemd.exec(5), process exit codes)
# The shell that starts a viewer behind a socket unit sets these; after readiness they are the viewer's own codes.
_SHELL_CODES: Final = (126, 127)
_SETUP_CODES: Final[Mapping[int, str]] = {
    126: "the {program} program cannot be executed (126)",
    127: "the {program} program cannot be executed (127: it is not there)",
    200: "its working folder cannot be entered (200/CHDIR)",
    203: "the {program} program cannot be executed (203/EXEC)",
    214: "its CPU scheduling cannot be set (214/SETSCHEDULER)",
    217: "its user cannot be determined (217/USER)",
    226: "its namespace cannot be set up (226/NAMESPACE)",
    233: "its runtime folder cannot be made (233/RUNTIME_DIRECTORY)",
}


def _times(job: Job) -> tuple[float | None, int | None]:
    return getattr(job.state, "started_at", None), getattr(job.state, "port", None)


def ended_by(job: Job, record: ExitRecord, last_lines: Sequence[str], boot_id: str = "") -> Job:
    """The job after its unit ended as `record` says; `last_lines` of its output explain a failure.

    `boot_id` is the id of the current boot: a unit of an earlier boot ended with that boot.
    """
    started_at, port = _times(job)
    how = Exit(record.code, record.signal)
    if record.stopped and _other_boot(job, boot_id):
        return job.now(Ended(Outcome.ABORTED, record.at, how, _REBOOT, started_at, port))
    outcome, reason = _judge(job, record, how)
    if outcome is Outcome.FAILED and last_lines:
        reason = f"{reason}; its last output: {' / '.join(last_lines)}"
    return job.now(Ended(outcome, record.at, how, reason, started_at, port))


def _judge(job: Job, record: ExitRecord, how: Exit) -> tuple[Outcome, str]:
    if job.stop_requested:
        return Outcome.ABORTED, "killed on request"
    if record.with_manager:
        return Outcome.ABORTED, _WITH_MANAGER
    if record.stopped:
        return Outcome.ABORTED, "its unit was stopped from outside"
    # "protocol": exited before READY. Exit status 0 still counts as success.
    if record.result in ("success", "protocol") and how.signal is None and not how.code:
        return Outcome.DONE, ""
    if record.result == "oom-kill" and (cap := _memory_cap(job)):
        return Outcome.FAILED, f"killed: exceeded {cap}"
    if record.result in _RESULTS:
        return Outcome.FAILED, _RESULTS[record.result]
    by_the_viewer = how.code in _SHELL_CODES and isinstance(job.state, Running)
    if how.code is not None and how.code in _SETUP_CODES and not by_the_viewer:
        return Outcome.FAILED, f"could not start: {_SETUP_CODES[how.code].format(program=job.submission.kind.name)}"
    return Outcome.FAILED, f"ended with {how}"


_WITH_MANAGER: Final = "ended with its service manager: a log-out without lingering, or a restart of the manager"
_REBOOT: Final = "ended by a restart of the machine"


def _other_boot(job: Job, boot_id: str) -> bool:
    return bool(job.boot_id and boot_id) and job.boot_id != boot_id


def _memory_cap(job: Job) -> str | None:
    """`MemoryMax 2G`, if the job has such a limit."""
    holds = job.placed.protections if job.placed else ()
    return next((name for name in holds if name.startswith("MemoryMax ")), None)


def lost(job: Job, now: float, boot_id: str = "") -> Job:
    """The job whose unit is gone and left no exit record; `boot_id` is the id of the current boot."""
    started_at, port = _times(job)
    if _other_boot(job, boot_id):
        return job.now(Ended(Outcome.ABORTED, now, Exit(), _REBOOT, started_at, port))
    if job.stop_requested:
        return job.now(Ended(Outcome.ABORTED, now, Exit(), "killed on request", started_at, port))
    reason = "its unit is gone and left no exit record: was the machine or the service manager restarted?"
    return job.now(Ended(Outcome.FAILED, now, Exit(), reason, started_at, port))


def cancelled(job: Job, now: float) -> Job:
    """The queued job that a user cancelled."""
    return job.now(Ended(Outcome.ABORTED, now, reason="cancelled before it started"))


def broken(job: Job, now: float, moment: str, why: Exception) -> Job:
    """The job that raised `why` while it was `moment` (planned, started, inspected, recorded)."""
    started_at, port = _times(job)
    if isinstance(why, ForgatherError):
        reason = why.message
    else:
        reason = f"an error while it was {moment} ({type(why).__name__}: {why}); the server's journal has the details"
    return job.now(Ended(Outcome.FAILED, now, Exit(), reason, started_at, port))


def not_started(job: Job, now: float, why: str) -> Job:
    """The job whose unit systemd refused."""
    return job.now(Ended(Outcome.FAILED, now, reason=f"systemd refused its unit: {why}"))


def never_answered(job: Job, now: float, seconds: float, last_lines: Sequence[str]) -> Job:
    """The job whose viewer was not ready within the start timeout."""
    started_at, port = _times(job)
    said = f"; its last output: {' / '.join(last_lines)}" if last_lines else "; it printed nothing"
    return job.now(Ended(Outcome.FAILED, now, Exit(), f"did not answer within {seconds:g} s{said}", started_at, port))
