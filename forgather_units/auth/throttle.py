"""Delays sign-ins by a password after wrong ones: those of an address, and those of all unknown addresses together.

Only passwords count. A token has 256 bits and cannot be guessed; counting wrong tokens would let anyone, and an old
link, lock out a client behind the same address.

A flood from many addresses must not keep the right password out. So it delays no address from which a sign-in succeeded
before, and the others take turns: an address that is refused gets a turn, which no other address can take.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from forgather_units.auth.turns import Turns

_FREE_EACH: Final = 5
_FREE_TOGETHER: Final = 50
_MAX_PAUSE: Final = 60.0
_FORGET_SECONDS: Final = 900.0
_MAX_CLIENTS: Final = 10_000
_MAX_KNOWN: Final = 1000
_MAX_DOUBLINGS: Final = 10


@dataclass(slots=True)
class _Attempts:
    count: int
    last: float

    def add(self, now: float) -> None:
        self.count = 1 if now - self.last > _FORGET_SECONDS else self.count + 1
        self.last = now


class Throttle:
    """Counts failures of the latest `max_clients` addresses; times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, max_clients: int = _MAX_CLIENTS) -> None:
        self._clock = clock
        self._max_clients = max_clients
        self._attempts: dict[str, _Attempts] = {}
        self._together = _Attempts(0, clock())
        self._known: dict[str, None] = {}
        self._turns = Turns(max_clients)
        self._lock = threading.Lock()

    @property
    def counts(self) -> int:
        """The number of addresses whose failures are stored."""
        return len(self._attempts)

    def admit(self, client: str) -> float:
        """0: admitted, and counted as a failure until `succeeded`; else the seconds until `client` may try again.

        Counted before the check: a hundred simultaneous attempts are a hundred attempts.
        """
        name = _network(client)
        with self._lock:
            now = self._clock()
            pause = self._pause(name, now) or self._wait(name, now)
            if not pause:
                self._count(name, now)
            return pause

    def succeeded(self, client: str) -> None:
        """A sign-in succeeded: forget the client's failures, and do not delay it for those of others."""
        name = _network(client)
        with self._lock:
            if self._attempts.pop(name, None) and name not in self._known:
                self._together.count = max(0, self._together.count - 1)
            self._known.pop(name, None)
            self._known[name] = None
            if len(self._known) > _MAX_KNOWN:
                del self._known[next(iter(self._known))]

    def _pause(self, name: str, now: float) -> float:
        """Seconds for which the address's own failures delay it."""
        attempts = self._attempts.get(name)
        if attempts is None or attempts.count < _FREE_EACH:
            return 0.0
        pause = min(_MAX_PAUSE, 2.0 ** min(attempts.count - _FREE_EACH, _MAX_DOUBLINGS))
        return max(0.0, attempts.last + pause - now)

    def _wait(self, name: str, now: float) -> float:
        """Seconds for which the failures of all unknown addresses delay it."""
        together = self._together
        if name in self._known or together.count < _FREE_TOGETHER or now - together.last > _FORGET_SECONDS:
            return 0.0
        return self._turns.wait(name, now)

    def _count(self, name: str, now: float) -> None:
        attempts = self._attempts.pop(name, None) or _Attempts(0, now)
        attempts.add(now)
        # Move it to the end: the first entry is the oldest. A client with ten thousand addresses could push its own
        # count out, but not that of all addresses.
        self._attempts[name] = attempts
        if len(self._attempts) > self._max_clients:
            del self._attempts[next(iter(self._attempts))]
        if name not in self._known:
            self._together.add(now)
            self._turns.used(name, now)


def _network(client: str) -> str:
    """The client's address; for IPv6 its /64, all of which one client can use."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return client
