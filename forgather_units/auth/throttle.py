"""Delays sign-ins by a password after wrong ones, per address and for all addresses together.

Only passwords count. A token has 256 bits and cannot be guessed; counting wrong tokens would let anyone, and an old
link, lock out a client behind the same address.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_ALL: Final = "*"
_FREE: Final = {_ALL: 50}
_FREE_EACH: Final = 5
_MAX_PAUSE: Final = 60.0
_FORGET_SECONDS: Final = 900.0
_MAX_CLIENTS: Final = 10_000
_MAX_DOUBLINGS: Final = 10


@dataclass(slots=True)
class _Attempts:
    count: int
    last: float


class Throttle:
    """Counts failures of the latest `max_clients` addresses; times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, max_clients: int = _MAX_CLIENTS) -> None:
        self._clock = clock
        self._max_clients = max_clients
        self._attempts: dict[str, _Attempts] = {}
        self._lock = threading.Lock()

    @property
    def counts(self) -> int:
        """The number of stored counts, one of which is for all clients together."""
        return len(self._attempts)

    def admit(self, client: str) -> float:
        """0: admitted, and counted as a failure until `succeeded`; else the seconds until `client` may try again.

        Counted before the check: a hundred simultaneous attempts are a hundred attempts.
        """
        names = (_network(client), _ALL)
        with self._lock:
            now = self._clock()
            pause = max(self._pause(name, now) for name in names)
            if not pause:
                for name in names:
                    self._count(name, now)
            return pause

    def succeeded(self, client: str) -> None:
        """The last admitted attempt succeeded: forget the client's failures."""
        with self._lock:
            self._attempts.pop(_network(client), None)
            if total := self._attempts.get(_ALL):
                total.count = max(0, total.count - 1)

    def _pause(self, name: str, now: float) -> float:
        attempts = self._attempts.get(name)
        if attempts is None:
            return 0.0
        over = attempts.count - _FREE.get(name, _FREE_EACH)
        pause = min(_MAX_PAUSE, 2.0 ** min(over, _MAX_DOUBLINGS)) if over >= 0 else 0.0
        return max(0.0, attempts.last + pause - now)

    def _count(self, name: str, now: float) -> None:
        attempts = self._attempts.pop(name, None)
        if attempts is None or now - attempts.last > _FORGET_SECONDS:
            attempts = _Attempts(0, now)
        attempts.count += 1
        attempts.last = now
        # Move it to the end: the first entry is the oldest. A client with ten thousand addresses could push its own
        # count out, but not the total, which has just been renewed.
        self._attempts[name] = attempts
        if len(self._attempts) > self._max_clients:
            del self._attempts[next(name for name in self._attempts if name != _ALL)]


def _network(client: str) -> str:
    """The client's address; for IPv6 its /64, all of which one client can use."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return client
