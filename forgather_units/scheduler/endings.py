"""What the end of a unit means for its job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from forgather_units.domain.job import Ended, Exit, Job, Outcome
from forgather_units.units.exit_record import ExitRecord

# systemd's Result= of a service, in words that need no manual. (systemd.exec(5), $SERVICE_RESULT)
_RESULTS: Final[Mapping[str, str]] = {
    "oom-kill": "killed: out of memory",
    "watchdog": "killed by its watchdog",
    "start-limit-hit": "started too often in a short time",
    "service-start-limit-hit": "started too often in a short time, so systemd closed its socket",
    "trigger-limit-hit": "woken too often in a short time, so systemd closed its socket",
    "resources": "systemd lacked the resources to start it",
    "timeout": "did not stop in time and was killed",
}

# Exit codes that systemd itself sets when it cannot even start the program. (systemd.exec(5), process exit codes)
# 126 and 127 are the shell's, which starts a viewer behind a socket.
_SETUP_CODES: Final[Mapping[int, str]] = {
    126: "the tensorboard program cannot be executed (126)",
    127: "the tensorboard program cannot be executed (127: it is not there)",
    200: "its working folder cannot be entered (200/CHDIR)",
    203: "the tensorboard program cannot be executed (203/EXEC)",
    214: "its CPU scheduling cannot be set (214/SETSCHEDULER)",
    217: "its user cannot be determined (217/USER)",
    226: "its namespace cannot be set up (226/NAMESPACE)",
    233: "its runtime folder cannot be made (233/RUNTIME_DIRECTORY)",
}


def _times(job: Job) -> tuple[float | None, int | None]:
    return getattr(job.state, "started_at", None), getattr(job.state, "port", None)


def ended_by(job: Job, record: ExitRecord, last_lines: Sequence[str], boot_id: str = "") -> Job:
    """The job after its unit ended as `record` says; `last_lines` of its output explain a failure.

    `boot_id` is the machine's of now: what ran in another boot was stopped with it.
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
    if record.stopped:
        return Outcome.ABORTED, "its unit was stopped from outside"
    # "protocol": it went before it had answered, which is no crime of a program that ends well.
    if record.result in ("success", "protocol") and how.signal is None and not how.code:
        return Outcome.DONE, ""
    if record.result == "oom-kill" and (cap := _memory_cap(job)):
        return Outcome.FAILED, f"killed: exceeded {cap}"
    if record.result in _RESULTS:
        return Outcome.FAILED, _RESULTS[record.result]
    if how.code is not None and how.code in _SETUP_CODES:
        return Outcome.FAILED, f"could not start: {_SETUP_CODES[how.code]}"
    return Outcome.FAILED, f"ended with {how}"


_REBOOT: Final = "ended by a restart of the machine"


def _other_boot(job: Job, boot_id: str) -> bool:
    return bool(job.boot_id and boot_id) and job.boot_id != boot_id


def _memory_cap(job: Job) -> str | None:
    """`MemoryMax 2G`, where such a limit holds for the job."""
    holds = job.placed.protections if job.placed else ()
    return next((name for name in holds if name.startswith("MemoryMax ")), None)


def lost(job: Job, now: float, boot_id: str = "") -> Job:
    """The job whose unit is gone without a word; `boot_id` is the machine's of now."""
    started_at, port = _times(job)
    if _other_boot(job, boot_id):
        return job.now(Ended(Outcome.ABORTED, now, Exit(), _REBOOT, started_at, port))
    if job.stop_requested:
        return job.now(Ended(Outcome.ABORTED, now, Exit(), "killed on request", started_at, port))
    reason = "its unit is gone without a word: was the machine or the service manager restarted?"
    return job.now(Ended(Outcome.FAILED, now, Exit(), reason, started_at, port))


def cancelled(job: Job, now: float) -> Job:
    """The queued job that somebody took back."""
    return job.now(Ended(Outcome.ABORTED, now, reason="cancelled before it started"))


def not_started(job: Job, now: float, why: str) -> Job:
    """The job whose unit systemd did not take."""
    return job.now(Ended(Outcome.FAILED, now, reason=f"systemd refused its unit: {why}"))


def never_answered(job: Job, now: float, seconds: float, last_lines: Sequence[str]) -> Job:
    """The job whose TensorBoard did not answer under its prefix within the start timeout."""
    started_at, port = _times(job)
    said = f"; its last output: {' / '.join(last_lines)}" if last_lines else "; it printed nothing"
    return job.now(Ended(Outcome.FAILED, now, Exit(), f"did not answer within {seconds:g} s{said}", started_at, port))
