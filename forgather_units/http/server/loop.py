"""epoll loop for waitress's dispatchers. Unlike wasyncore.poll it only calls those that are ready.

wasyncore asks every connection in every round whether it is readable: a hundred idle pages would slow each request.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import select
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from waitress import wasyncore

log = logging.getLogger(__name__)

_READ: Final = select.EPOLLIN | select.EPOLLPRI
# Seconds within which deadlines are noticed, and idle connections closed by waitress.
_SWEEP_SECONDS: Final = 1.0


class Loop(dict[int, Any]):
    """waitress's map of dispatchers by file number, with its own polling."""

    def __init__(self) -> None:
        super().__init__()
        self._poll = select.epoll()
        self._registered: dict[int, int] = {}
        # Any thread may append.
        self._changed: deque[int] = deque()
        self._next_sweep = 0.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def __setitem__(self, number: int, dispatcher: Any) -> None:
        super().__setitem__(number, dispatcher)
        self._changed.append(number)

    def __delitem__(self, number: int) -> None:
        super().__delitem__(number)
        self._register(number, 0)

    def changed(self, number: int | None) -> None:
        """A dispatcher's state changed without an event of its own. Wake the loop afterwards."""
        if number is not None:
            self._changed.append(number)

    def call_at(self, when: float, call: Callable[[], None]) -> None:
        """Call `call` in the loop's thread at `when` (of time.monotonic())."""
        heapq.heappush(self._timers, (when, next(self._count), call))

    def run_once(self, seconds: float) -> None:
        """Wait for events, for at most `seconds`, and handle them."""
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            self._update_all()
        while self._changed:
            self._update(self._changed.popleft())
        for number, events in self._poll.poll(self._until_next(min(seconds, _SWEEP_SECONDS))):
            if (dispatcher := self.get(number)) is None:
                continue
            if not dispatcher.readable():
                # Not unregistered earlier, since it is mostly readable again by then. Its close is noticed when it is
                # readable again.
                events &= select.EPOLLOUT
                self._register(number, self._registered.get(number, 0) & select.EPOLLOUT)
            if events:
                wasyncore.readwrite(dispatcher, events)
                self._update(number)
        while self._timers and self._timers[0][0] <= time.monotonic():
            try:
                heapq.heappop(self._timers)[2]()
            except Exception:  # must not end the loop
                log.exception("a timer's call failed")

    def _until_next(self, seconds: float) -> float:
        if not self._timers:
            return seconds
        return min(seconds, max(0.0, self._timers[0][0] - time.monotonic()))

    def close(self) -> None:
        self._poll.close()

    def _update_all(self) -> None:
        for number, dispatcher in tuple(self.items()):
            # The call has side effects: waitress closes idle connections, early requests check their deadline.
            dispatcher.readable()
            self._update(number)

    def _update(self, number: int) -> None:
        dispatcher = self.get(number)
        if dispatcher is None:
            return
        registered = self._registered.get(number, 0)
        events = registered & _READ or (_READ if dispatcher.readable() else 0)
        if dispatcher.writable() and not dispatcher.accepting:
            events |= select.EPOLLOUT
        # readable() or writable() may have removed it.
        if events != registered and number in self:
            self._register(number, events)

    def _register(self, number: int, events: int) -> None:
        registered = self._registered.get(number, 0)
        if not events:
            if registered:
                del self._registered[number]
                with suppress(OSError):  # it is closed already
                    self._poll.unregister(number)
            return
        self._registered[number] = events
        if registered:
            self._poll.modify(number, events)
        else:
            self._poll.register(number, events)
