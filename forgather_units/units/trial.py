"""A short run of a viewer's program in a unit like that of a job: `PROGRAM --version`, isolated in the same way."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Final

from forgather_units.domain.job import Job
from forgather_units.domain.text import shown
from forgather_units.systemd.manager import Manager
from forgather_units.units.service_unit import UnitFactory, command

_LIMIT: Final = 30.0
"""Seconds. TensorBoard's import takes 2, and many more where its files are on a network file system."""
_POLL: Final = 0.05
_OF_JOBS_ONLY: Final = ("ExecStopPostEx", "Requires", "After", "NotifyAccess", "Restart", "RestartUSec")
_STATE: Final = ("ActiveState", "Result", "ExecMainStatus")


def try_program(unit_factory: UnitFactory, bus: Manager, job: Job, output: Path) -> str:
    """Why the program of `job` does not run in a unit; empty if it does.

    The unit has the properties that `makes` gives the job's service, except for its command. `output` is a file that
    gets what the program prints. Raises UnitRefused, and Unavailable.
    """
    unit_factory.files.install_scripts()
    planned = unit_factory.plan(job, None, [])
    service = unit_factory.names.service(job)
    properties = {key: value for key, value in planned.units[service].items() if key not in _OF_JOBS_ONLY}
    program = unit_factory.program(job.submission.kind).command
    properties |= {
        "Type": "oneshot",
        "RemainAfterExit": True,
        "ExecStart": command([*program, "--version"]),
        "TimeoutStartUSec": int(_LIMIT * 1e6),
        # Not the stop_timeout of jobs: a program that ignores SIGTERM would keep its trial for that long.
        "TimeoutStopUSec": 1_000_000,
        "StandardOutputFile": str(output),
        "StandardErrorFile": str(output),
    }
    # Not the name of a job's unit: the server neither adopts nor sweeps it.
    unit = f"{unit_factory.names.prefix}-trial-{secrets.token_hex(4)}.service"
    bus.start_transient(unit, {unit: properties})
    try:
        return _outcome(bus, unit, output)
    finally:
        bus.stop(unit)
        bus.reset_failed(unit)


def _outcome(bus: Manager, unit: str, output: Path) -> str:
    deadline = time.monotonic() + _LIMIT + 5
    # Polled: it lasts for a second, and a subscription to its signals would cost another connection.
    while (state := bus.properties(unit, _STATE))["ActiveState"] not in ("active", "failed"):
        if time.monotonic() > deadline:
            return "it does not end"
        time.sleep(_POLL)
    if state["ActiveState"] == "active":
        return ""
    if state["Result"] == "timeout":
        return f"it does not end within {_LIMIT:g} s"
    lines = output.read_text(errors="replace").split("\n") if output.exists() else []
    said = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return shown(said) if said else f"{state['Result']}, status {state['ExecMainStatus']}"
