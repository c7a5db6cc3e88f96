"""Slows down those who guess: a growing pause after some failed sign-ins, for each address and for all together.

Only sign-ins count. A token has 256 bits and cannot be guessed; to count wrong ones on every route would let anybody
lock out a client behind the same address.
"""

from __future__ import annotations

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


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0


class Throttle:
    """Counts by client address; times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def wait(self, client: str) -> float:
        """Seconds until `client` may try again; 0: now."""
        with self._lock:
            return max(self._wait(client), self._wait(_EVERYBODY))

    def failed(self, client: str) -> None:
        with self._lock:
            now = self._clock()
            if len(self._failures) >= _MOST_CLIENTS:
                self._forget_old(now)
            for name in (client, _EVERYBODY):
                failures = self._failures.setdefault(name, _Failures())
                if now - failures.last > _FORGOTTEN_AFTER:
                    failures.count = 0
                failures.count += 1
                failures.last = now

    def succeeded(self, client: str) -> None:
        with self._lock:
            self._failures.pop(client, None)

    def _wait(self, name: str) -> float:
        failures = self._failures.get(name)
        if failures is None:
            return 0.0
        over = failures.count - _FREE.get(name, _FREE_EACH)
        pause = min(_LONGEST, 2.0 ** min(over, 10)) if over >= 0 else 0.0
        return max(0.0, failures.last + pause - self._clock())

    def _forget_old(self, now: float) -> None:
        everybody = self._failures.get(_EVERYBODY, _Failures())
        kept = {name: each for name, each in self._failures.items() if now - each.last < _LONGEST}
        # Somebody with ten thousand addresses is slowed down by the count for all.
        self._failures = kept if len(kept) < _MOST_CLIENTS else {}
        self._failures[_EVERYBODY] = everybody
