"""The transient units of one viewer, as systemd's properties."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.host import Capabilities
from forgather_units.domain.job import Job
from forgather_units.domain.placement import NEVER, Hardening, IdleTimeout, Placed, Placement, ResourceLimits
from forgather_units.domain.placement import weight_of_priority as weight
from forgather_units.domain.program import Program
from forgather_units.domain.record import item_of, job_of_item, placed_fields, placed_of
from forgather_units.domain.viewer import Kinds, Options, ViewerKind
from forgather_units.units.exit_record import stop_post_command
from forgather_units.units.hardening import Situation, harden
from forgather_units.units.limits import limit
from forgather_units.units.names import UnitNames
from forgather_units.units.program import BEHIND_SOCKET, socket_proxy
from forgather_units.units.scope import Scope
from forgather_units.units.socket_unit import socket_path, socket_properties

CARRIED: Final = "FORGATHER_JOB"
"""The environment variable in which a unit carries its own job, so that a lost database can be made again."""

# A TensorBoard that leaks and dies comes back; one that cannot live is left alone. A wake counts as a start too.
_STARTS: Final = {"StartLimitBurst": 10, "StartLimitIntervalUSec": 60_000_000}
_RESTART_PAUSE: Final = 1_000_000
_SIGKILL: Final = 9


@dataclass(frozen=True, slots=True)
class Rules:
    """What the server's settings say of every viewer; times in seconds."""

    start_timeout: float = 120.0
    stop_timeout: float = 10.0
    idle_timeout: IdleTimeout = 900.0
    sockets: bool = True
    """Whether the socket placement may be used at all."""
    hardening: Hardening = Hardening.STRICT
    read_only_paths: tuple[str, ...] = ()
    hidden_paths: tuple[str, ...] = ()
    """The server's own secrets: an account's may lie outside of /home."""
    limits: ResourceLimits = field(default_factory=ResourceLimits)


@dataclass(slots=True)
class InForce:
    """The rules of now: they may change while the server runs, and hold for what is started from then on."""

    rules: Rules


@dataclass(frozen=True, slots=True)
class Planned:
    """The units of a job: names and properties. `first` is the one to start; `then` (may be empty) follows it."""

    units: Mapping[str, Mapping[str, Any]]
    first: str
    then: str
    placed: Placed


@dataclass(frozen=True, slots=True)
class ServiceMaker:
    """Makes the units of a job."""

    scope: Scope
    names: UnitNames
    program: Callable[[ViewerKind], Program]
    """Raises Refused where it is not installed."""
    exits_dir: Path
    prepared_dir: Path
    """The folder of the files that some kinds need before they start."""
    in_force: InForce
    host: Capabilities

    @property
    def rules(self) -> Rules:
        return self.in_force.rules

    def plan(self, job: Job, port: int | None, listen: Sequence[tuple[str, int]]) -> Planned:
        """`port` is the decided one (None: private), `listen` the numeric addresses that it stands for."""
        service = self.names.service(job)
        placement, why_not = self._placement(job)
        placing = job.submission.placing
        situation = Situation(self.scope, placement, self.rules.hardening, self.host)
        hardened = harden(situation, self._visible(job), self.rules.hidden_paths)
        limited = limit(placing.limits, self.rules.limits, self.host, weight(job.submission.priority))
        placed = Placed(placement, (*hardened.holds, *limited.holds), (*why_not, *limited.notices))
        properties = {
            **self._common(job, port, placed),
            **hardened.properties,
            **limited.properties,
            **(self._behind_socket(job, port) if placement is Placement.SOCKET else self._directly(job, port)),
        }
        if placement is Placement.DIRECT:
            return Planned({service: properties}, service, "", placed)
        socket = self.names.socket(job)
        about = socket_properties(
            self.socket_path(job.queue_id),
            list(listen),
            f"Socket of {self._description(job, port)}",
            self.socket_exit_file(job.queue_id),
            socket,
            self.scope.flag,
        )
        units = {socket: {**about, "Slice": self.names.slice}, service: properties}
        return Planned(units, socket, "" if placing.lazy else service, placed)

    def socket_path(self, queue_id: str) -> str:
        return socket_path(self.scope, self.names.prefix, queue_id)

    def exit_file(self, queue_id: str) -> Path:
        return self.exits_dir / queue_id

    def socket_exit_file(self, queue_id: str) -> Path:
        return self.exits_dir / f"{queue_id}.socket"

    def prepared_file(self, queue_id: str) -> Path:
        return self.prepared_dir / f"{queue_id}.yml"

    def prepare(self, job: Job) -> None:
        """Write what its kind needs before it starts. Raises OSError."""
        if (text := self._prepared(job)) is not None:
            self.prepared_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.prepared_file(job.queue_id).write_text(text, encoding="utf-8")

    def _placement(self, job: Job) -> tuple[Placement, tuple[str, ...]]:
        if job.submission.placing.direct or not self.rules.sockets:
            return Placement.DIRECT, ()
        if self.host.sockets:
            return Placement.SOCKET, ()
        return Placement.DIRECT, (f"placed directly, without a network of its own: {self.host.reason}",)

    def _visible(self, job: Job) -> list[str]:
        """What the viewer must see, although it may lie where it sees nothing else."""
        submission = job.submission
        notify = [f"{self.scope.runtime_dir}/systemd/notify"] if self.scope is Scope.USER else []
        return [
            *self.program(submission.kind).folders,
            *([str(self.prepared_file(job.queue_id))] if self._prepared(job) else []),
            str(BEHIND_SOCKET),
            *notify,
            submission.options.folder,
            *submission.read_only_paths,
            *self.rules.read_only_paths,
        ]

    def _environment(self, job: Job, port: int | None, placed: Placed, tmp: str) -> list[bytes]:
        carried = {"item": item_of(job), "port": port, **placed_fields(placed)}
        variables = {
            # TensorBoard writes a world-readable file with logdir and port into TMPDIR: it gets its own.
            "TMPDIR": tmp,
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONUNBUFFERED": "1",
            CARRIED: json.dumps(carried),
        }
        if placed.placement is Placement.SOCKET:
            options = job.submission.options.on_loopback()
            variables["FORGATHER_COMMAND"] = shlex.join(self._command_line(job, options, port))
        return [f"{name}={value}".encode() for name, value in variables.items()]

    def _common(self, job: Job, port: int | None, placed: Placed) -> dict[str, Any]:
        unit, socket = self.names.service(job), self.names.socket(job)
        has_socket = placed.placement is Placement.SOCKET
        own_tmp = "private /tmp" in placed.protections
        runtime = f"{self.names.prefix}-viewers/{job.queue_id}"
        tmp = "/tmp" if own_tmp else f"{self.scope.runtime_dir}/{runtime}"  # noqa: S108 - PrivateTmp
        return {
            "Description": self._description(job, port),
            "Documentation": ["man:forgather(1)"],
            "Slice": self.names.slice,
            "ExecStopPostEx": stop_post_command(
                self.exit_file(job.queue_id), unit, self.scope.flag, socket if has_socket else ""
            ),
            "Environment": self._environment(job, port, placed, tmp),
            **({} if own_tmp else {"RuntimeDirectory": [runtime], "RuntimeDirectoryMode": 0o700}),
            # What a child prints and dies at once, journald attributes to no unit; this is on the stream itself.
            "SyslogIdentifier": self.names.identifier(unit),
            "TimeoutStartUSec": int(self.rules.start_timeout * 1e6),
            "TimeoutStopUSec": int(self.rules.stop_timeout * 1e6),
            "OOMPolicy": "stop",
            "CollectMode": "inactive",
            "LimitNOFILE": 16384,
            "Restart": "on-failure",
            "RestartUSec": _RESTART_PAUSE,
            # SIGKILL is somebody's will (ours too, with force-kill): what got it stays down.
            "RestartPreventExitStatus": ([], [_SIGKILL]),
            **_STARTS,
        }

    def _directly(self, job: Job, port: int | None) -> dict[str, Any]:
        argv = self._command_line(job, job.submission.options, port)
        # Its data server is a child that a signal to the main process alone would leave behind.
        return {"Type": "exec", "ExecStart": command(argv), "KillMode": "control-group"}

    def _behind_socket(self, job: Job, port: int | None) -> dict[str, Any]:
        socket = self.names.socket(job)
        idle = job.submission.placing.idle_timeout or self.rules.idle_timeout
        argv = [
            "/bin/bash",
            str(BEHIND_SOCKET),
            socket_proxy() or "",
            "infinity" if idle == NEVER else f"{idle:g}",
            str(port or job.submission.kind.usual_port),
            job.submission.kind.readiness_path(job.path_prefix),
            *self._command_line(job, job.submission.options.on_loopback(), port),
        ]
        return {
            "Type": "notify",
            "NotifyAccess": "all",
            "ExecStart": command(argv),
            # The shell hands the signal on, once; what is left behind the viewer gets SIGKILL.
            "KillMode": "mixed",
            # A socket that cannot have its port stops the start before anything runs.
            "Requires": [socket],
            "After": [socket],
        }

    def _command_line(self, job: Job, options: Options, port: int | None) -> list[str]:
        kind = job.submission.kind
        prepared = str(self.prepared_file(job.queue_id))
        return [
            *self.program(kind).command,
            *kind.flags(options, port or kind.usual_port, job.path_prefix, prepared),
        ]

    @staticmethod
    def _prepared(job: Job) -> str | None:
        """What stands in its prepared file."""
        return job.submission.kind.prepare(job.submission.options, job.path_prefix)

    @staticmethod
    def _description(job: Job, port: int | None) -> str:
        where = f"on port {port}" if port else "without a port"
        return f"{job.submission.kind.noun} of {_one_line(job.title)} {where} ({job.queue_id})"


def carried_job(environment: list[str], kinds: Kinds) -> tuple[Job, int | None] | None:
    """The job and the port that a unit carries in its Environment=; None for a unit that is none of ours."""
    variables = dict(variable.partition("=")[::2] for variable in environment)
    try:
        carried = json.loads(variables[CARRIED])
        job, port = job_of_item(carried["item"], kinds), carried["port"]
        placed = placed_of(carried)
    except (KeyError, TypeError, ValueError):
        return None
    if placed is None or not isinstance(port, int | None):
        return None
    return job.placed_as(placed), port


def command(argv: list[str]) -> list[tuple[bytes, list[bytes], bool]]:
    """The value of ExecStart= in which every word arrives as it is: systemd expands $VAR, and makes $ of $$.

    ExecStartEx= with no-env-expand says the same, but systemd 252 writes a transient unit down under that name and
    does not know it when it reads it back: after a daemon-reload nothing could be woken.
    """
    return [(argv[0].encode(), [word.replace("$", "$$").encode() for word in argv], False)]


def _one_line(text: str) -> str:
    """`systemctl` shows a description on one line; a control character would garble a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
