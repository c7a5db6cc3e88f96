"""How a viewer is placed: its socket, its idle timeout, its limits. The same for every kind of viewer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

NEVER: Final = "never"
"""As an idle timeout: the viewer never sleeps."""

IdleTimeout = float | Literal["never"]


class Placement(StrEnum):
    """How a viewer is reached."""

    SOCKET = "socket"
    """systemd owns the port; the viewer runs behind it in its own network namespace, and sleeps when idle."""
    DIRECT = "direct"
    """The viewer binds the port itself."""


class Hardening(StrEnum):
    """How much of the machine a viewer sees."""

    OFF = "off"
    STANDARD = "standard"
    """The system is read-only and so is the home; no devices, no capabilities, fewer system calls."""
    STRICT = "strict"
    """In addition: no home but the logdir, no other processes, no memory that is both writable and executable."""


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """systemd's limits for one unit: memory in bytes, `cpu_weight` from 1 to 10000 (100 is usual), tasks as a number.

    None: the server's default, or none at all.
    """

    memory_high: int | None = None
    memory_max: int | None = None
    cpu_weight: int | None = None
    tasks_max: int | None = None


@dataclass(frozen=True, slots=True)
class Placing:
    """A user's choices for a job besides the viewer's own options; the names are the API's `job_params`."""

    private: bool = False
    """No TCP port: only the proxy can connect to it."""
    lazy: bool = False
    """Placed asleep: it holds its port at once, and uses no memory until the first visit."""
    direct: bool = False
    """Request the direct placement."""
    idle_timeout: IdleTimeout | None = None
    """Seconds without an open connection after which it sleeps; None: the server's default."""
    memory_high: int | None = None
    memory_max: int | None = None
    cpu_weight: int | None = None
    tasks_max: int | None = None
    writable_logdir: bool | None = None
    """Whether it may write into the folder that it shows; None: the server's default."""

    @property
    def limits(self) -> ResourceLimits:
        return ResourceLimits(self.memory_high, self.memory_max, self.cpu_weight, self.tasks_max)


@dataclass(frozen=True, slots=True)
class Placed:
    """The actual placement: decided at the start of its unit, valid as long as the unit exists."""

    placement: Placement
    protections: tuple[str, ...] = ()
    """Names of the protections that really hold."""
    notices: tuple[str, ...] = ()
    """Sentences about requested protections that do not hold on this host."""


def weight_of_priority(priority: int) -> int:
    """CPUWeight= of a job that sets none: systemd's default of 100, plus 10 for each step of priority."""
    return min(10_000, max(1, 100 + 10 * priority))
