"""Limits how many small requests a viewer gets at a time.

A viewer in Python serves three concurrent requests faster than sixteen, whose threads compete for one lock (measured
with TensorBoard's small responses: one eighth more per second). So the others wait until one of the three ends, or
takes longer than a small request does: a slow request does not delay the others.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Final

MAX_ACTIVE: Final = 3
COUNTED_SECONDS: Final = 0.01
"""A request that takes longer no longer counts as active."""

CallAt = Callable[[float, Callable[[], None]], None]
"""Calls the function at a time (of time.monotonic()), in the thread that scheduled it."""


class LimitedRequest(ABC):
    """A request to `viewer`."""

    __slots__ = ("counts_until", "viewer")

    def __init__(self, viewer: Hashable) -> None:
        self.viewer = viewer
        self.counts_until = 0.0

    @abstractmethod
    def start(self) -> bool:
        """Called when the limit allows it. Returns whether the request is active: a response is to come."""


class _Queue:
    """The requests to one viewer: active and waiting ones, each in the order of their start."""

    __slots__ = ("active", "has_timer", "waiting")

    def __init__(self) -> None:
        self.active: list[LimitedRequest] = []
        self.waiting: list[LimitedRequest] = []
        self.has_timer = False


class Limiter:
    """Not thread-safe: all calls, and those that `call_at` makes, are in one thread."""

    def __init__(self, call_at: CallAt, clock: Callable[[], float] = time.monotonic) -> None:
        self._call_at = call_at
        self._clock = clock
        self._queues: dict[Hashable, _Queue] = {}

    def __len__(self) -> int:
        """The number of viewers with active or waiting requests."""
        return len(self._queues)

    def submit(self, request: LimitedRequest) -> None:
        """Call request.start() before returning if the limit allows it, else queue it. Always `release` it."""
        queue = self._queues.get(request.viewer)
        if queue is None:
            queue = self._queues[request.viewer] = _Queue()
        queue.waiting.append(request)
        self._start_waiting(request.viewer, queue)

    def release(self, request: LimitedRequest) -> None:
        """The request has ended or is no longer wanted; safe to repeat."""
        queue = self._queues.get(request.viewer)
        if queue is None:
            return
        if request in queue.active:
            queue.active.remove(request)
        elif request in queue.waiting:
            queue.waiting.remove(request)
        self._start_waiting(request.viewer, queue)

    def _start_waiting(self, viewer: Hashable, queue: _Queue) -> None:
        """Start as many as the limit allows, and set a timer for the others."""
        if queue.waiting:
            now = self._clock()
            while queue.active and queue.active[0].counts_until <= now:
                del queue.active[0]
            while queue.waiting and len(queue.active) < MAX_ACTIVE:
                request = queue.waiting.pop(0)
                request.counts_until = now + COUNTED_SECONDS
                if request.start():
                    queue.active.append(request)
        if queue.waiting:
            if not queue.has_timer:
                queue.has_timer = True
                self._call_at(queue.active[0].counts_until, lambda: self._timer_expired(viewer, queue))
        elif not queue.active:
            del self._queues[viewer]

    def _timer_expired(self, viewer: Hashable, queue: _Queue) -> None:
        queue.has_timer = False
        if self._queues.get(viewer) is queue:
            self._start_waiting(viewer, queue)
