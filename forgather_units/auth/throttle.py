"""Slows down those who guess: a growing pause after some failed sign-ins, for each address and for all together.

Only sign-ins count. A token has 256 bits and cannot be guessed; to count wrong ones on every route would let anybody
lock out a client behind the same address.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_EVERYBODY: Final = "*"
_FREE: Final = {_EVERYBODY: 50}
_FREE_EACH: Final = 5
_LONGEST: Final = 60.0
_FORGOTTEN_AFTER: Final = 900.0
_MOST_CLIENTS: Final = 10_000
_MOST_DOUBLINGS: Final = 10


@dataclass(slots=True)
class _Attempts:
    count: int
    last: float


class Throttle:
    """Counts by client address; times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: dict[str, _Attempts] = {}
        self._lock = threading.Lock()

    def admit(self, client: str) -> float:
        """0: try, and it counts as a failure until `succeeded`; else the seconds until `client` may try again.

        Counted before it is decided: a hundred attempts at the same moment are a hundred attempts.
        """
        names = (_network(client), _EVERYBODY)
        with self._lock:
            now = self._clock()
            pause = max(self._pause(name, now) for name in names)
            if not pause:
                for name in names:
                    self._count(name, now)
            return pause

    def succeeded(self, client: str) -> None:
        """The last admitted attempt was no guess: forget the client's failures."""
        with self._lock:
            self._attempts.pop(_network(client), None)
            if everybody := self._attempts.get(_EVERYBODY):
                everybody.count = max(0, everybody.count - 1)

    def _pause(self, name: str, now: float) -> float:
        attempts = self._attempts.get(name)
        if attempts is None:
            return 0.0
        over = attempts.count - _FREE.get(name, _FREE_EACH)
        pause = min(_LONGEST, 2.0 ** min(over, _MOST_DOUBLINGS)) if over >= 0 else 0.0
        return max(0.0, attempts.last + pause - now)

    def _count(self, name: str, now: float) -> None:
        attempts = self._attempts.pop(name, None)
        if attempts is None or now - attempts.last > _FORGOTTEN_AFTER:
            attempts = _Attempts(0, now)
        attempts.count += 1
        attempts.last = now
        # Put at the end again: what stands first was quiet for longest. Who has ten thousand addresses to push
        # his own count out is slowed down by the count for all, which has just been renewed and never stands first.
        self._attempts[name] = attempts
        if len(self._attempts) > _MOST_CLIENTS:
            del self._attempts[next(each for each in self._attempts if each != _EVERYBODY)]


def _network(client: str) -> str:
    """An IPv6 client has a whole /64 of addresses to try from."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return client
