"""Where a viewer lives and what it may use: its socket, its sleep, its limits. The same for every kind of viewer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

NEVER: Final = "never"
"""As an idle timeout: it does not fall asleep."""

IdleTimeout = float | Literal["never"]


class Placement(StrEnum):
    """How a viewer is reached."""

    SOCKET = "socket"
    """systemd owns the port; the viewer runs behind it in a network of its own, and sleeps when nobody looks."""
    DIRECT = "direct"
    """The viewer binds the port itself."""


class Hardening(StrEnum):
    """How much of the machine a viewer sees."""

    OFF = "off"
    STANDARD = "standard"
    """The system is read-only and so is the home; no devices, no capabilities, fewer system calls."""
    STRICT = "strict"
    """Besides: no home but the logdir, no other processes, no memory that is both writable and executable."""


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
    """What a user may say about it; the names are the API's `job_params`, beside the viewer's own options."""

    private: bool = False
    """No TCP port at all: the proxy alone reaches it."""
    lazy: bool = False
    """Placed asleep: it takes its port at once, and no memory before the first look."""
    direct: bool = False
    """Ask for the direct placement."""
    idle_timeout: IdleTimeout | None = None
    """Seconds without an open connection after which it falls asleep; None: the server's default."""
    memory_high: int | None = None
    memory_max: int | None = None
    cpu_weight: int | None = None
    tasks_max: int | None = None

    @property
    def limits(self) -> ResourceLimits:
        return ResourceLimits(self.memory_high, self.memory_max, self.cpu_weight, self.tasks_max)


@dataclass(frozen=True, slots=True)
class Placed:
    """How it was really placed: decided at the start of its unit, true for as long as the unit is there."""

    placement: Placement
    protections: tuple[str, ...] = ()
    """Names of the protections that really hold."""
    notices: tuple[str, ...] = ()
    """What was asked for and does not hold on this host: sentences."""


def weight_of_priority(priority: int) -> int:
    """CPUWeight= of a job that names none: systemd's usual 100, and a tenth of it more or less for each step."""
    return min(10_000, max(1, 100 + 10 * priority))
