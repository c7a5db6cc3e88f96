"""Turns of addresses that share a rate of attempts, in the order in which they first asked."""

from __future__ import annotations

from typing import Final

_INTERVAL: Final = 2.0
# The page sends a delayed attempt when its time has come; a person who reads the seconds is slower.
_VALID_SECONDS: Final = 300.0
_FULL_SECONDS: Final = 60.0


class Turns:
    """One attempt each two seconds. A refused address has a turn that no other can take; at most `most` wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._turns: dict[str, float] = {}
        """The time of each address's turn, the earliest first."""
        self._free = float("-inf")
        """The first time that is not given away."""

    def wait(self, name: str, now: float) -> float:
        """0: `name` may try now; else the seconds until its turn."""
        turn = self._turns.get(name)
        if turn is not None and now <= turn + _VALID_SECONDS:
            return max(0.0, turn - now)
        self._turns.pop(name, None)
        if now >= self._free:
            return 0.0
        self._forget_missed(now)
        if len(self._turns) >= self._most:
            return _FULL_SECONDS
        self._turns[name] = self._free
        self._free += _INTERVAL
        return self._turns[name] - now

    def used(self, name: str, now: float) -> None:
        """`name` has tried: its turn is over."""
        if self._turns.pop(name, None) is None:
            self._free = max(self._free, now + _INTERVAL)

    def _forget_missed(self, now: float) -> None:
        while self._turns:
            name, turn = next(iter(self._turns.items()))
            if now <= turn + _VALID_SECONDS:
                return
            del self._turns[name]
