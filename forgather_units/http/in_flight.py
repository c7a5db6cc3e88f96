"""An early request: the server's loop sends it upstream and waits for its response, without a worker thread."""

from __future__ import annotations

import socket
from collections.abc import Callable, Hashable
from enum import Enum
from typing import Any, Protocol

from forgather_units.http.message import Reply


class Progress(Enum):
    """How much of the response has arrived. The value describes the server's next step."""

    NOT_STARTED = "the connection failed before anything was sent: a worker thread starts again"
    INCOMPLETE = "wait for more"
    COMPLETE = "send the reply"
    DEFER = "large, of unknown length or broken: a worker thread or the relay continues"


class InFlight(Protocol):
    """A request to an upstream server, sent or about to be sent. No method blocks."""

    deadline: float
    """The loop stops waiting at this time (of time.monotonic()) and defers the request to a worker thread."""

    @property
    def viewer(self) -> Hashable:
        """The upstream server; requests to it share one limit."""

    def start(self) -> socket.socket | None:
        """Connect and send as much as the socket accepts. None: this request cannot start without blocking."""

    @property
    def is_sending(self) -> bool:
        """Whether a part of the request is still unsent."""

    @property
    def has_sent_nothing(self) -> bool:
        """Whether a worker thread can start it again from the beginning."""

    def poll(self) -> Progress:
        """Send and receive as much as is possible without blocking."""

    def reply(self) -> Reply:
        """The response, after `poll` returned COMPLETE."""

    def close(self) -> None:
        """Close the connection, unless the application has taken it over."""


EarlyHandler = Callable[[dict[str, Any]], Reply | InFlight | None]
"""Handles a request, given as its environ, in the server's loop; None: a worker thread handles it. May not block."""
