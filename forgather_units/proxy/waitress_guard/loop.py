"""The loop that serves waitress's connections: asked is only who has something to say.

waitress's own asks every connection at every turn whether it has, so that a hundred idle pages would slow each click.
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
# Deadlines, and what waitress does to idle connections, are noticed within so many seconds.
_EVERYBODY: Final = 1.0


class Loop(dict[int, Any]):
    """waitress's map of its dispatchers, by file number, with a turn of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._poll = select.epoll()
        self._watched: dict[int, int] = {}
        # Appended to by any thread.
        self._changed: deque[int] = deque()
        self._next_look = 0.0
        self._appointments: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def __setitem__(self, number: int, dispatcher: Any) -> None:
        super().__setitem__(number, dispatcher)
        self._changed.append(number)

    def __delitem__(self, number: int) -> None:
        super().__delitem__(number)
        self._watch(number, 0)

    def changed(self, number: int | None) -> None:
        """Something was done to this dispatcher by other means than its own events. Wake the loop after that."""
        if number is not None:
            self._changed.append(number)

    def call_at(self, when: float, call: Callable[[], None]) -> None:
        """Have it done in this thread at that time, as of time.monotonic()."""
        heapq.heappush(self._appointments, (when, next(self._count), call))

    def turn(self, seconds: float) -> None:
        """Wait for the next events, so long at most, and have them dealt with."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + _EVERYBODY
            self._look_at_all()
        while self._changed:
            self._look_at(self._changed.popleft())
        for number, events in self._poll.poll(self._until_next(min(seconds, _EVERYBODY))):
            if (dispatcher := self.get(number)) is None:
                continue
            if not dispatcher.readable():
                # It was left among the readable ones, since by now it mostly is again. That its client has left is
                # seen when it is.
                events &= select.EPOLLOUT
                self._watch(number, self._watched.get(number, 0) & select.EPOLLOUT)
            if events:
                wasyncore.readwrite(dispatcher, events)
                self._look_at(number)
        while self._appointments and self._appointments[0][0] <= time.monotonic():
            try:
                heapq.heappop(self._appointments)[2]()
            except Exception:  # one of many: the others are served on
                log.exception("an appointment was not kept")

    def _until_next(self, seconds: float) -> float:
        if not self._appointments:
            return seconds
        return min(seconds, max(0.0, self._appointments[0][0] - time.monotonic()))

    def close(self) -> None:
        self._poll.close()

    def _look_at_all(self) -> None:
        for number, dispatcher in tuple(self.items()):
            # Asked so, waitress's see to their idle connections, and who waits looks at the time.
            dispatcher.readable()
            self._look_at(number)

    def _look_at(self, number: int) -> None:
        dispatcher = self.get(number)
        if dispatcher is None:
            return
        watched = self._watched.get(number, 0)
        events = watched & _READ or (_READ if dispatcher.readable() else 0)
        if dispatcher.writable() and not dispatcher.accepting:
            events |= select.EPOLLOUT
        # Asked, it may have left.
        if events != watched and number in self:
            self._watch(number, events)

    def _watch(self, number: int, events: int) -> None:
        watched = self._watched.get(number, 0)
        if not events:
            if watched:
                del self._watched[number]
                with suppress(OSError):  # it is closed already
                    self._poll.unregister(number)
            return
        self._watched[number] = events
        if watched:
            self._poll.modify(number, events)
        else:
            self._poll.register(number, events)
