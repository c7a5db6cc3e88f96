"""Messages between the server and a helper process: pickled, each one of these (or True and False)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from forgather_units.files.mounts import Mount


@dataclass(frozen=True, slots=True)
class Task:
    """To the helper: call `function(*args)`, a function of a module, after walking to `path`."""

    path: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    cpu_seconds: float
    """A helper that computes longer is ended by the kernel."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From the helper: it waits for tasks."""


@dataclass(frozen=True, slots=True)
class Entering:
    """From the helper: it is about to access this mount. The server replies whether it may."""

    mount: Mount
    on_the_way: bool
    """To the task's path; else to something that the function has found."""


@dataclass(frozen=True, slots=True)
class Turned:
    """From the helper: it may not enter a mount on the way, and has not accessed anything there."""


@dataclass(frozen=True, slots=True)
class Returned:
    """From the helper: the function's result."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """From the helper: what the function raised, a ForgatherError or an OSError."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Failed:
    """From the helper: it raised another exception, which is a bug; `trace` is the traceback's text."""

    trace: str


Outcome = Turned | Returned | Raised | Failed
