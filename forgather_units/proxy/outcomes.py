"""Outcomes of a forwarded request: without a complete response yet, and as the observer gets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from forgather_units.http.message import Headers
from forgather_units.proxy.upstream import Exchange


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The relay sends the response; the worker thread has nothing left to do."""


class Relayed:
    """A WSGI iterable: the worker thread passes the response on in pieces. `close` ends the exchange."""

    __slots__ = ("_pieces", "close_at_end", "headers", "status")

    def __init__(self, exchange: Exchange, pieces: Iterator[bytes], headers: Headers) -> None:
        self.status = exchange.head.status
        self.headers = headers
        self.close_at_end = ExitStack()
        self.close_at_end.callback(exchange.close)
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self.close_at_end.close()


class HeadAnswered(ConnectionAbortedError):
    """Closes the connection after the head: waitress would send a last chunk after a HEAD without Content-Length."""


Observer = Callable[[str, int, float], None]
"""Called for each finished request: queue id, status code sent (0: the client left before), duration in seconds."""


def ignore(queue_id: str, code: int, seconds: float) -> None:
    """An Observer that does nothing."""
