"""Destinations of a request to a viewer, as a Resolver returns them for a queue id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

VIEWER: Final = "{viewer}"
"""Placeholder for `noun` in error texts about the connection to a viewer."""


@dataclass(frozen=True, slots=True)
class Open:
    """Forward over TCP to `host` (a name or an address) and `port`. The path is sent as it was received."""

    host: str
    port: int
    release: str = ""
    """Identifies its static files: viewers of one release serve the same. Empty: not cached."""
    run: str = ""
    """Identifies this run of the viewer; changes with each start."""
    noun: str = "the viewer"
    """The name of its program in a sentence: `TensorBoard`."""


@dataclass(frozen=True, slots=True)
class OpenUnix:
    """Forward over the unix socket at `path`."""

    path: str
    release: str = ""
    """As of `Open`."""
    asleep: bool = False
    """The viewer is not running; the next connection starts it."""
    is_new: bool = False
    """Placed, and no run of it was seen: systemd may not listen on the socket yet."""
    run: str = ""
    """As of `Open`."""
    noun: str = "the viewer"
    """As of `Open`."""


@dataclass(frozen=True, slots=True)
class Moved:
    """It has another prefix (without a trailing slash): that of its service."""

    prefix: str


@dataclass(frozen=True, slots=True)
class Returning:
    """It was put to sleep or restarted just now, and will be available soon."""

    title: str
    queue_id: str


@dataclass(frozen=True, slots=True)
class NotReady:
    """Its unit has been starting since `since` (seconds since the epoch) and has not responded yet."""

    title: str
    queue_id: str
    since: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """Queued; `waits_for` is the reason as a sentence (None: it is next)."""

    title: str
    queue_id: str
    waits_for: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """It has ended; `reason` is one sentence (may be empty)."""

    queue_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No such job."""


Destination = Open | OpenUnix | Moved | Returning | NotReady | Waiting | Ended | Unknown
Resolver = Callable[[str, str], Destination]
"""From a mount and a name below it (untrusted) to a destination. Called for each request, so it must be fast."""


def sentence_of(error: Exception, noun: str = "the viewer") -> str:
    """The text of an error, with the viewer's noun in place of VIEWER."""
    text = str(error).replace(VIEWER, noun)
    return text[:1].upper() + text[1:]
