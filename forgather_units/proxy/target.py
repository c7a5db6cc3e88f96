"""Where a request for a viewer goes: what the scheduler's side answers when the proxy asks for a queue id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Open:
    """Forward over TCP to `host` (a name or an address) and `port`. The path is sent as it was received."""

    host: str
    port: int
    release: str = ""
    """Which static parts it serves: viewers of one release serve the same. Empty: none of it is kept."""


@dataclass(frozen=True, slots=True)
class OpenUnix:
    """Forward over the unix socket at `path`."""

    path: str
    release: str = ""
    """As of `Open`."""
    asleep: bool = False
    """Nobody is behind it now: the next connection starts the viewer."""


@dataclass(frozen=True, slots=True)
class Moved:
    """It lives below another prefix (no slash at its end): a service has one of its own."""

    prefix: str


@dataclass(frozen=True, slots=True)
class NotReady:
    """Its unit starts since `since` (seconds since the epoch) and has not answered yet."""

    title: str
    queue_id: str
    since: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Still queued; `waits_for` is the sentence that says for what (None: it is next)."""

    title: str
    queue_id: str
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over; `reason` is one sentence (may be empty)."""

    queue_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such job."""


Target = Open | OpenUnix | Moved | NotReady | Waiting | Ended | Unknown
Resolver = Callable[[str, str], Target]
"""From a mount and a name below it (whatever the client wrote there) to a target. Called for each request: quick."""
