"""A job and the states that it goes through: queued -> starting -> running <-> sleeping -> done | failed | aborted.

Times are seconds since the epoch. A state is a sum type: each one carries what is true only in it.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from forgather_units.domain.placement import Placed, Placement, Placing
from forgather_units.domain.viewer import Options, ViewerKind, mount_path


class Outcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Exit:
    """How the main process ended: an exit `code`, or the number of the `signal` that killed it, never both.

    Both are None if there was no process, or its end was not observed.
    """

    code: int | None = None
    signal: int | None = None

    def __str__(self) -> str:
        if self.signal is not None:
            return f"signal {self.signal} ({_signal_name(self.signal)})"
        return f"exit code {self.code}" if self.code is not None else "no exit status"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown signal"


@dataclass(frozen=True, slots=True)
class Queued:
    """Waits in the queue; `waits_for` is a sentence about what it waits for (None: it is next)."""

    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Starting:
    """Its unit was started, or woken, at `started_at` and is not ready yet. `port` is None for a private viewer."""

    started_at: float
    port: int | None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """It became ready (responded under its prefix) at `ready_at`."""

    started_at: float
    ready_at: float
    port: int | None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Sleeping:
    """Idle since `since`: systemd holds its port, no process runs, and the next request starts it."""

    since: float
    port: int | None
    started_at: float | None = None
    """When it last started; None: it never has."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It has ended. `reason` is one sentence (empty if the outcome is enough)."""

    outcome: Outcome
    finished_at: float
    exit: Exit = Exit()
    reason: str = ""
    started_at: float | None = None
    port: int | None = None


State = Queued | Starting | Running | Sleeping | Ended
Active = Starting | Running | Sleeping


@dataclass(frozen=True, slots=True)
class Submission:
    """A validated request for a job."""

    project_dir: str
    config: str
    kind: ViewerKind
    options: Options
    priority: int = 0
    requested_gpus: int = 0
    dynamic_args: dict[str, Any] = field(default_factory=dict)
    placing: Placing = field(default_factory=Placing)
    read_only_paths: tuple[str, ...] = ()
    """Folders outside the logdir to which links in it lead: the viewer can read them too."""
    service: str = ""
    """The name of the declared service that it is an instance of; empty for a job that a user queued."""
    owner: str = ""
    """The account of the user who queued it; empty for a job that the server queued."""
    signature: str = ""
    """Of the service's declaration: an instance of a different declaration is replaced."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job with its current state."""

    queue_id: str
    submission: Submission
    submitted_at: float
    state: State = Queued()
    invocation_id: str = ""
    """systemd's id of the unit's run, 32 hex digits; empty until it started."""
    stop_requested: bool = False
    """A user asked to end it: its outcome is then aborted, however the process ends."""
    restart_requested: bool = False
    """It returns to the queue after its end."""
    placed: Placed | None = None
    """How its unit was placed; None until it started."""
    restarts: int = 0
    """How often systemd restarted it after a failure."""
    boot_id: str = ""
    """The kernel's id of the boot in which its unit was started, 32 hex digits and dashes."""
    last_failure: str = ""
    """Its last failure after which systemd restarted it; empty if there was none."""
    folder_notice: str = ""
    """The problem with its folder, in a sentence; empty if there is none."""

    @property
    def status(self) -> str:
        """The state's name in the API."""
        match self.state:
            case Queued():
                return "queued"
            case Starting():
                return "starting"
            case Running():
                return "running"
            case Sleeping():
                return "sleeping"
            case Ended(outcome=outcome):
                return outcome.value

    @property
    def is_active(self) -> bool:
        """Whether a unit exists for it."""
        return isinstance(self.state, Active)

    @property
    def is_ended(self) -> bool:
        return isinstance(self.state, Ended)

    @property
    def path_prefix(self) -> str:
        """Its viewer's addresses begin with it; no trailing slash. A service always keeps the same prefix."""
        return f"{self.mount}{self.submission.service or self.queue_id}"

    @property
    def mount(self) -> str:
        """The common prefix of all viewers of its kind; with a trailing slash."""
        return mount_path(self.submission.kind)

    @property
    def title(self) -> str:
        """Its name for users."""
        return self.submission.options.title

    @property
    def has_socket(self) -> bool:
        """Whether systemd holds its port, also while it sleeps."""
        return self.placed is not None and self.placed.placement is Placement.SOCKET

    def placed_as(self, placed: Placed) -> Job:
        """The same job, placed."""
        return replace(self, placed=placed)

    def now(self, state: State) -> Job:
        """The same job in another state."""
        return replace(self, state=state)
