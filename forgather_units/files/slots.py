"""Limits concurrent look-ups in one file system, and the requests that wait for them."""

from __future__ import annotations

import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from forgather_units.domain.errors import Unavailable

_EACH: Final = 2
SLOW: Final = 0.05
"""Seconds without a response after which a file system counts as slow."""
_MOST_PATIENT: Final = 16
"""Requests that wait for slow file systems, all together. A request that waits holds one of the server's threads."""
_MOST_WAITING: Final = 32
"""Requests in one file system that may be slow, before that is known: with those that come at once, a third of the
server's threads."""


class DoesNotAnswer(Unavailable):
    """The file system did not answer in time."""

    def __init__(self, where: str) -> None:
        self.reason = f"the file system at {where} does not answer (NFS server down?)"
        super().__init__(f"not known: {self.reason}", hint=f"`ls {shlex.quote(where)}` returns once it is back")


class _Slot:
    def __init__(self, lock: threading.Lock, where: str, *, is_remote: bool) -> None:
        self.where = where
        self.is_remote = is_remote
        self.taken = 0
        self.stuck = 0
        self.users = 0
        self.progress = time.monotonic()
        self.free = threading.Condition(lock)


class Slots:
    """Two slots per key: a device, or the path itself on local disks. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._patient = 0

    def take(self, key: str, where: str, deadline: float) -> None:
        """Wait until `deadline` (monotonic) for a slot; `where` is its display name.

        Raises DoesNotAnswer, at once where all of them are stuck; Unavailable where too many requests wait for slow
        file systems.
        """
        with self._lock, self._used(key, where) as slot:
            self._await(slot, deadline)
            self._begin(slot)

    def move(self, key: str, to: str, where: str, deadline: float) -> bool:
        """Exchange a slot of `key` for one of `to`; False if none becomes free by `deadline`."""
        with self._lock:
            with self._used(to, where) as slot:
                try:
                    self._await(slot, deadline)
                except Unavailable:
                    return False
                self._begin(slot)
            self._end(key)
            return True

    def _await(self, slot: _Slot, deadline: float) -> None:
        patient = False
        try:
            while slot.taken >= _EACH:
                now = time.monotonic()
                if slot.stuck >= _EACH or now >= deadline:
                    raise DoesNotAnswer(slot.where)
                is_slow = slot.is_remote and bool(slot.stuck or now - slot.progress > SLOW)
                is_crowded = slot.is_remote and slot.users > _MOST_WAITING
                if is_crowded or (is_slow and not patient and self._patient >= _MOST_PATIENT):
                    raise Unavailable(
                        f"the file system at {slot.where} is slow, and many requests wait for it",
                        hint="try again in a moment",
                    )
                if is_slow and not patient:
                    patient = True
                    self._patient += 1
                slot.free.wait(min(deadline - now, SLOW))
        finally:
            self._patient -= patient

    def give_back(self, key: str, *, stuck: bool = False) -> None:
        """`stuck`: the slot was marked by `stick`."""
        with self._lock:
            self._slots[key].stuck -= stuck
            self._end(key)

    def stick(self, key: str) -> str:
        """Mark the slot as stuck: its look-up hangs. Returns the place, for a message."""
        with self._lock:
            slot = self._slots[key]
            slot.stuck += 1
            slot.free.notify_all()
            return slot.where

    def stuck(self) -> dict[str, int]:
        """By place, how many look-ups hang."""
        with self._lock:
            return {slot.where: slot.stuck for slot in self._slots.values() if slot.stuck}

    @contextmanager
    def _used(self, key: str, where: str) -> Iterator[_Slot]:
        slot = self._slots.get(key)
        if slot is None:
            slot = self._slots[key] = _Slot(self._lock, where, is_remote=key != where)
        slot.users += 1
        try:
            yield slot
        finally:
            slot.users -= 1
            self._forget_unused(key)

    @staticmethod
    def _begin(slot: _Slot) -> None:
        if not slot.taken:
            slot.progress = time.monotonic()
        slot.taken += 1

    def _end(self, key: str) -> None:
        slot = self._slots[key]
        slot.taken -= 1
        slot.progress = time.monotonic()
        slot.free.notify()
        self._forget_unused(key)

    def _forget_unused(self, key: str) -> None:
        slot = self._slots[key]
        if not slot.users and not slot.taken:
            del self._slots[key]
