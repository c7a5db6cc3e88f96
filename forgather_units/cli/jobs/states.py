"""A job's state, in the words of the command line; the API's are in --json."""

from __future__ import annotations

import signal
from typing import Any, Final

Record = dict[str, Any]

_ENDED: Final = ("done", "failed", "aborted")
STOPPED: Final = "stopped"
_ACTIVE: Final = ("starting", "running", "sleeping")
ENDED_STATES: Final = ("done", "failed", STOPPED)
STATES: Final = ("queued", *_ACTIVE, "stopping", *ENDED_STATES)
"""All of them."""


def is_ended(job: Record) -> bool:
    return job.get("status") in _ENDED or job.get("finished_at") is not None


def state(job: Record) -> str:
    """In one word. A job that a user ended, or an end of the machine, is `stopped`: the API calls it aborted."""
    status = str(job.get("status"))
    if status == "aborted":
        return STOPPED
    return "stopping" if job.get("stop_requested") and status in _ACTIVE else status


def state_and_exit(job: Record) -> str:
    """With the exit code or the signal of a failure: `failed, signal 9`."""
    word = state(job)
    if word in ("done", STOPPED):
        return word
    if job.get("signal") is not None:
        return f"{word}, signal {job['signal']}"
    if job.get("exit_code") is not None:
        return f"{word}, exit code {job['exit_code']}"
    return word


def exit_status(job: Record) -> int:
    """As a shell reports the end of a program: its exit code, or 128 and the number of the signal. 143, as for SIGTERM,
    for a job that was stopped; 1 for a failure without either."""
    word = state(job)
    if word == "done":
        return 0
    if job.get("signal") is not None:
        return 128 + int(job["signal"])
    if word == STOPPED:
        return 128 + signal.SIGTERM
    return int(job.get("exit_code") or 1)
