"""The transient service of one TensorBoard, as systemd's properties."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.job import Job
from forgather_units.domain.record import item_of, job_of_item
from forgather_units.domain.tensorboard import job_flags
from forgather_units.units.exit_record import stop_post_command
from forgather_units.units.names import UnitNames
from forgather_units.units.scope import Scope

CARRIED: Final = "FORGATHER_JOB"
"""The environment variable in which a unit carries its own job, so that a lost database can be made again."""
CARRIED_PORT: Final = "FORGATHER_PORT"


@dataclass(frozen=True, slots=True)
class ServiceMaker:
    """Makes the properties of a job's service."""

    scope: Scope
    names: UnitNames
    tensorboard: tuple[str, ...]
    """The stock command: the absolute path of its program first."""
    exits_dir: Path
    stop_timeout: float
    """Seconds from SIGTERM to SIGKILL."""

    def properties(self, job: Job, port: int) -> dict[str, Any]:
        """Properties for StartTransientUnit, by name; `port` is the decided one."""
        unit = self.names.service(job.queue_id)
        runtime = f"{self.names.prefix}-tensorboard/{job.queue_id}"
        argv = [*self.tensorboard, *job_flags(job.submission.options, port, job.queue_id)]
        return {
            "Description": f"TensorBoard of {_one_line(job.title)} on port {port} ({job.queue_id})",
            "Documentation": ["man:systemctl(1)"],
            "Slice": self.names.slice,
            "Type": "exec",
            # ExecStart= would expand $VAR in a logdir; a folder's name must arrive as it is.
            "ExecStartEx": [(argv[0].encode(), [word.encode() for word in argv], [b"no-env-expand"])],
            "ExecStopPostEx": stop_post_command(self.exits_dir / job.queue_id, unit, self.scope.flag),
            "Environment": [
                variable.encode()
                for variable in (
                    # TensorBoard writes a world-readable file with logdir and port into TMPDIR: it gets its own.
                    f"TMPDIR={self._runtime_root}/{runtime}",
                    "CUDA_VISIBLE_DEVICES=",
                    "PYTHONUNBUFFERED=1",
                    f"{CARRIED}={json.dumps(item_of(job))}",
                    f"{CARRIED_PORT}={port}",
                )
            ],
            # What a child prints and dies at once, journald attributes to no unit; this is on the stream itself.
            "SyslogIdentifier": self.names.identifier(unit),
            "RuntimeDirectory": [runtime],
            "RuntimeDirectoryMode": 0o700,
            "UMask": 0o077,
            # Its data server is a child that a signal to the main process alone would leave behind.
            "KillMode": "control-group",
            "TimeoutStopUSec": int(self.stop_timeout * 1e6),
            "OOMPolicy": "stop",
            "CollectMode": "inactive",
            "NoNewPrivileges": True,
            **({"DevicePolicy": "closed", "PrivateTmp": False} if self.scope is Scope.SYSTEM else {}),
        }

    @property
    def _runtime_root(self) -> str:
        return self.scope.runtime_dir


def carried_job(environment: list[str]) -> tuple[Job, int] | None:
    """The job and the port that a unit carries in its Environment=; None for a unit that is none of ours."""
    variables = dict(variable.partition("=")[::2] for variable in environment)
    try:
        return job_of_item(json.loads(variables[CARRIED])), int(variables[CARRIED_PORT])
    except (KeyError, TypeError, ValueError):
        return None


def _one_line(text: str) -> str:
    """`systemctl` shows a description on one line; a control character would garble a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
