"""A job and the states that it goes through: queued -> starting -> running <-> sleeping -> done | failed | aborted.

Times are seconds since the epoch. A state is a sum type: each one carries what is true only in it.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from forgather_units.domain.placement import Placed, Placement, Placing
from forgather_units.domain.viewer import Options, ViewerKind


class Outcome(StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class Exit:
    """How the main process went: an exit `code`, or the number of the `signal` that killed it, never both.

    Both are None where there was no process, or where nobody saw it end.
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
    """Waits for its turn; `waits_for` is the sentence that says for what (None: it is next)."""

    waits_for: str | None = None


@dataclass(frozen=True, slots=True)
class Starting:
    """Its unit was started, or woken, at `started_at` and has not answered yet. `port` is None for a private one."""

    started_at: float
    port: int | None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """It answered under its prefix at `ready_at`."""

    started_at: float
    ready_at: float
    port: int | None
    pid: int | None = None


@dataclass(frozen=True, slots=True)
class Sleeping:
    """Nobody looked: systemd holds its port since `since`, no process runs, and the next request wakes it."""

    since: float
    port: int | None
    started_at: float | None = None
    """When it last ran; None: nobody has looked yet."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over. `reason` is one sentence (empty where the outcome says all)."""

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
    """What a client asked for, already validated."""

    project_dir: str
    config: str
    kind: ViewerKind
    options: Options
    priority: int = 0
    requested_gpus: int = 0
    dynamic_args: dict[str, Any] = field(default_factory=dict)
    placing: Placing = field(default_factory=Placing)
    read_only_paths: tuple[str, ...] = ()
    """Folders outside the logdir to which links in it lead: the viewer is to see them too."""
    service: str = ""
    """The name of the declared service that it is an instance of; empty for what somebody queued."""
    owner: str = ""
    """The account of who queued it; empty for what the server did by itself."""
    signature: str = ""
    """Of the service's declaration: an instance of another one is replaced."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job with its present state."""

    queue_id: str
    submission: Submission
    submitted_at: float
    state: State = Queued()
    invocation_id: str = ""
    """systemd's id of the unit's run, 32 hex digits; empty until it started."""
    stop_requested: bool = False
    """Somebody asked us to end it: its end is then an abort, however the process went."""
    restart_requested: bool = False
    """Once it has ended it goes back into the queue."""
    placed: Placed | None = None
    """How its unit was placed; None until it started."""
    restarts: int = 0
    """How often systemd started it again after a failure."""
    boot_id: str = ""
    """The kernel's id of the boot in which its unit was started, 32 hex digits and dashes."""
    last_failure: str = ""
    """How it failed the last time, where systemd started it again; empty where it never did."""

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
        """Its viewer's addresses begin with it; no slash at its end. A service keeps its own for ever."""
        return f"{self.mount}{self.submission.service or self.queue_id}"

    @property
    def mount(self) -> str:
        """Where the viewers of its kind lie; a slash at its end."""
        return f"/api/{self.submission.kind.segment}/"

    @property
    def title(self) -> str:
        """What a person calls it."""
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
