"""The transient units of one viewer, as systemd's properties."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.job import Job, Submission
from forgather_units.domain.machine import Machine
from forgather_units.domain.placement import NEVER, Hardening, IdleTimeout, Placed, Placement, ResourceLimits
from forgather_units.domain.placement import weight_of_priority as weight
from forgather_units.domain.program import Program
from forgather_units.domain.record import check_usable, item_of, job_of_item, placed_fields, placed_of
from forgather_units.domain.text import shown, unicode_problem
from forgather_units.domain.viewer import Kinds, Options, ViewerKind
from forgather_units.systemd.manager import UnitRefused
from forgather_units.systemd.names import UnitNames
from forgather_units.units.exit_command import ExitCommand
from forgather_units.units.hardening import Hidden, Situation, harden
from forgather_units.units.hiding import name_servers, why_not_bound
from forgather_units.units.limits import Limited, limit
from forgather_units.units.scripts import Scripts
from forgather_units.units.socket_unit import socket_properties
from forgather_units.units.unit_files import UnitFiles
from forgather_units.units.unit_paths import UnitPaths
from forgather_units.units.writable_logdir import write_access

CARRIED: Final = "FORGATHER_JOB"
"""The environment variable in which a unit carries its own job, so that a lost database can be made again."""

# Restart after failures, at most ten in a minute. systemd counts wakes too, so exit_record.sh resets the counter after
# each clean end.
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
    hidden: Hidden = field(default_factory=Hidden)
    writable_logdir: bool = False
    """Of each job that does not say."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that every viewer gets."""
    limits: ResourceLimits = field(default_factory=ResourceLimits)
    public_url: str = ""
    """The address under which people open the server; empty where it is not known."""


@dataclass(slots=True)
class CurrentRules:
    """Mutable holder of the rules. A reload replaces them; they apply to units started from then on."""

    rules: Rules


@dataclass(frozen=True, slots=True)
class Planned:
    """The units of a job: names and properties. `first` is the one to start; `then` (may be empty) follows it."""

    units: Mapping[str, Mapping[str, Any]]
    first: str
    then: str
    placed: Placed
    drop_in: str
    """The content of the service's drop-in file."""


def prepared_text(job: Job, public_url: str, scripts: str) -> str | None:
    """The content of the file that the viewer of `job` needs before it starts; None if it needs none."""
    return job.submission.kind.prepare(job.submission.options, job.path_prefix, public_url, scripts)


@dataclass(frozen=True, slots=True)
class UnitFactory:
    """Makes the units of a job."""

    machine: Machine
    names: UnitNames
    program: Callable[[ViewerKind], Program]
    """Raises Refused where it is not installed."""
    paths: UnitPaths
    files: UnitFiles
    scripts: Scripts
    current_rules: CurrentRules
    prepared_text: Callable[[Job, str, str], str | None] = prepared_text
    """From a job, the server's public address and the folder of the scripts, the content of its prepared file; None
    if it needs none."""

    @property
    def rules(self) -> Rules:
        return self.current_rules.rules

    @property
    def no_sockets(self) -> str:
        """Why the socket placement cannot be used now; empty where it can."""
        return self.machine.capabilities.reason if self.rules.sockets else "the setting placement is direct"

    def plan(self, job: Job, port: int | None, listen: Sequence[tuple[str, int]]) -> Planned:
        """`port` is the decided one (None: private), `listen` its numeric addresses.

        Raises UnitRefused for a job that needs a socket where the rules or the host allow none.
        """
        service = self.names.service(job)
        placement, why_not = self._placement(job)
        placing = job.submission.placing
        situation = Situation(self.machine.scope, placement, self.rules.hardening, self.machine.capabilities)
        visible, not_visible = bindable(self._visible(job, placement))
        hardened = harden(situation, visible, self.rules.hidden)
        limited = self._limited(job.submission)
        plugins = self.program(job.submission.kind).writing_plugins
        confined, remarks = write_access(hardened.properties, job.submission, self.rules.writable_logdir, plugins)
        notices = (*why_not, *not_visible, *hardened.notices, *limited.notices, *remarks)
        placed = Placed(placement, (*hardened.holds, *limited.holds), notices)
        at_end = self._exit_command(job, placement)
        properties = {
            **self._common(job, port, placed),
            "ExecStopPostEx": at_end.service_property(),
            **confined,
            **limited.properties,
            **(self._behind_socket(job, port) if placement is Placement.SOCKET else self._directly(job, port)),
        }
        if placement is Placement.DIRECT:
            return Planned({service: properties}, service, "", placed, at_end.drop_in())
        socket = self.names.socket(job)
        about = socket_properties(
            self.paths.socket(job.queue_id),
            list(listen),
            f"Socket of {self._description(job, port)}",
            self._recorded(self.paths.socket_exit_file(job.queue_id), socket),
        )
        units = {socket: {**about, "Slice": self.names.slice}, service: properties}
        return Planned(units, socket, "" if placing.lazy else service, placed, at_end.drop_in())

    def unenforced(self, submission: Submission) -> tuple[str, ...]:
        """A sentence for each of its limits that the manager accepts and does not enforce on this host."""
        return self._limited(submission).notices

    def _limited(self, submission: Submission) -> Limited:
        asked, priority = submission.placing.limits, submission.priority
        return limit(asked, self.rules.limits, self.machine.capabilities, weight(priority))

    def prepare(self, job: Job) -> None:
        """Write the files that its units need. Raises OSError, or a ForgatherError if they cannot be generated."""
        self.files.install_scripts()
        if (text := self.prepared_text(job, self.rules.public_url, str(self.scripts.current))) is not None:
            self.files.prepare(job.queue_id, text)

    def _placement(self, job: Job) -> tuple[Placement, tuple[str, ...]]:
        placing, why_not = job.submission.placing, self.no_sockets
        if not placing.direct and not why_not:
            return Placement.SOCKET, ()
        # The submission was accepted under other settings, or by a server on a host that had sockets.
        for name in ("private", "lazy"):
            if getattr(placing, name):
                raise UnitRefused(f"{name} needs the socket placement: {why_not or 'the job asks for direct'}")
        if placing.direct or not self.rules.sockets:
            return Placement.DIRECT, ()
        return Placement.DIRECT, (f"placed directly, without a network of its own: {why_not}",)

    def _visible(self, job: Job, placement: Placement) -> list[str]:
        """Paths to bind, which the viewer needs even where it sees nothing else."""
        submission = job.submission
        prepared = self.files.is_prepared(job.queue_id)
        behind = [f"{self.machine.runtime_dir}/systemd/notify"]
        return [
            *self.program(submission.kind).folders,
            *([str(self.paths.prepared_file(job.queue_id))] if prepared else []),
            *([str(self.scripts.current)] if placement is Placement.SOCKET or prepared else []),
            *(behind if placement is Placement.SOCKET else name_servers()),
            submission.options.folder,
            *submission.read_only_paths,
            *self.rules.read_only_paths,
        ]

    def _environment(self, job: Job, port: int | None, placed: Placed, tmp: str) -> list[bytes]:
        carried = {"item": item_of(job), "port": port, "scripts": self.scripts.version, **placed_fields(placed)}
        variables = {
            **self.rules.environment,
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
        own_tmp = "private /tmp" in placed.protections
        runtime = f"{self.names.prefix}-viewers/{job.queue_id}"
        tmp = "/tmp" if own_tmp else f"{self.machine.runtime_dir}/{runtime}"  # noqa: S108 - PrivateTmp
        return {
            "Description": self._description(job, port),
            "Documentation": ["man:forgather(1)"],
            "Slice": self.names.slice,
            "Environment": self._environment(job, port, placed, tmp),
            **({} if own_tmp else {"RuntimeDirectory": [runtime], "RuntimeDirectoryMode": 0o700}),
            # What a child prints and dies at once, journald attributes to no unit; this is on the stream itself.
            "SyslogIdentifier": self.names.identifier(self.names.service(job)),
            "TimeoutStartUSec": int(self.rules.start_timeout * 1e6),
            "TimeoutStopUSec": int(self.rules.stop_timeout * 1e6),
            "OOMPolicy": "stop",
            "CollectMode": "inactive",
            "LimitNOFILE": 16384,
            "Restart": "on-failure",
            "RestartUSec": _RESTART_PAUSE,
            # SIGKILL is deliberate (as by force-kill): do not restart after it.
            "RestartPreventExitStatus": ([], [_SIGKILL]),
            **_STARTS,
        }

    def _exit_command(self, job: Job, placement: Placement) -> ExitCommand:
        socket = self.names.socket(job) if placement is Placement.SOCKET else ""
        return self._recorded(self.paths.exit_file(job.queue_id), self.names.service(job), socket)

    def _recorded(self, file: Path, unit: str, socket: str = "") -> ExitCommand:
        spare = str(self.paths.spare_file(file))
        return ExitCommand(self.scripts.exit_record, file, unit, self.machine.scope.flag, socket, spare)

    def _directly(self, job: Job, port: int | None) -> dict[str, Any]:
        argv = self._command_line(job, job.submission.options, port)
        # Its data server is a child that a signal to the main process alone would leave behind.
        return {"Type": "exec", "ExecStart": command(argv), "KillMode": "control-group"}

    def _behind_socket(self, job: Job, port: int | None) -> dict[str, Any]:
        socket = self.names.socket(job)
        idle = job.submission.placing.idle_timeout or self.rules.idle_timeout
        argv = [
            "/bin/bash",
            str(self.scripts.behind_socket),
            self.machine.socket_proxyd,
            "infinity" if idle == NEVER else f"{idle:g}",
            str(port or job.submission.kind.usual_port),
            job.submission.kind.readiness_path(job.path_prefix),
            *self._command_line(job, job.submission.options.on_loopback(), port),
        ]
        return {
            "Type": "notify",
            "NotifyAccess": "all",
            "ExecStart": command(argv),
            # The shell forwards the signal once; remaining processes get SIGKILL.
            "KillMode": "mixed",
            # A socket that cannot have its port stops the start before anything runs.
            "Requires": [socket],
            "After": [socket],
        }

    def _command_line(self, job: Job, options: Options, port: int | None) -> list[str]:
        kind = job.submission.kind
        prepared = str(self.paths.prepared_file(job.queue_id))
        return [
            *self.program(kind).command,
            *kind.flags(options, port or kind.usual_port, job.path_prefix, prepared),
        ]

    @staticmethod
    def _description(job: Job, port: int | None) -> str:
        where = f"on port {port}" if port else "without a port"
        return f"{job.submission.kind.noun} of {_one_line(job.title)} {where} ({job.queue_id})"


def carried_scripts(environment: list[str]) -> str:
    """The version of the scripts that a unit uses; empty for units of 0.1.0, which name none."""
    variables = dict(variable.partition("=")[::2] for variable in environment)
    try:
        version = json.loads(variables[CARRIED]).get("scripts", "")
    except (KeyError, AttributeError, ValueError):
        return ""
    return version if isinstance(version, str) else ""


def carried_job(environment: list[str], kinds: Kinds) -> tuple[Job, int | None] | None:
    """The job and the port in a unit's Environment=; None for a unit of another program.

    Raises the errors of check_usable for an unusable job.
    """
    variables = dict(variable.partition("=")[::2] for variable in environment)
    try:
        carried = json.loads(variables[CARRIED])
        job, port = job_of_item(carried["item"], kinds), carried["port"]
        placed = placed_of(carried)
    except (KeyError, TypeError, ValueError):
        return None
    if placed is None or not isinstance(port, int | None):
        return None
    check_usable(job)
    return job.placed_as(placed), port


def bindable(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """The paths that a unit can bind, and a sentence for each other one.

    libsystemd takes the name of the next property for a path that it could not add to the message, and systemd 252
    reads some names back as other paths (why_not_bound).
    """
    good, sentences = [], []
    for path in paths:
        if path.startswith("/") and not unicode_problem(path) and "\0" not in path:
            if why := why_not_bound(path):
                sentences.append(f"{shown(path)} is not visible to it: it {why}")
            else:
                good.append(path)
        else:
            sentences.append(f"{shown(path)} is not visible to it: systemd binds absolute paths in UTF-8 only")
    return good, sentences


def command(argv: list[str]) -> list[tuple[bytes, list[bytes], bool]]:
    """The value of ExecStart= in which every word arrives as it is: systemd expands $VAR, and makes $ of $$.

    ExecStartEx= with no-env-expand says the same, but systemd 252 writes a transient unit down under that name and
    does not know it when it reads it back: after a daemon-reload nothing could be woken.
    Raises Refused for a word that is not UTF-8.
    """
    for word in argv:
        if problem := unicode_problem(word):
            raise Refused(f"{shown(word)} in its command line {problem}")
    return [(argv[0].encode(), [word.replace("$", "$$").encode() for word in argv], False)]


def _one_line(text: str) -> str:
    """`systemctl` shows a description on one line; a control character would garble a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
