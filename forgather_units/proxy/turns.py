"""How many small requests a viewer is asked at once.

A viewer in Python answers three at once sooner than sixteen, whose threads wait for one lock: of TensorBoard's small
answers an eighth more in the same time. So the others have their turn when one of the three is answered, or has taken
longer than a small one does: whoever is slow holds up nobody.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Final

AT_ONCE: Final = 3
MOMENT: Final = 0.01
"""Seconds after which a request no longer counts."""

CallAt = Callable[[float, Callable[[], None]], None]
"""Have something done at a time, as of time.monotonic(), in the thread that asks for it."""


class Turn(ABC):
    """One request's, with `viewer`."""

    __slots__ = ("until", "viewer")

    def __init__(self, viewer: Hashable) -> None:
        self.viewer = viewer
        self.until = 0.0

    @abstractmethod
    def go(self) -> bool:
        """It has come. Whether there is an answer to wait for."""


class _Lane:
    """One viewer's: who is asked now, in the order of their turns, and who waits."""

    __slots__ = ("asked", "is_watched", "waiting")

    def __init__(self) -> None:
        self.asked: list[Turn] = []
        self.waiting: list[Turn] = []
        self.is_watched = False


class Turns:
    """For one thread, which also runs what it gives to `call_at`."""

    def __init__(self, call_at: CallAt, clock: Callable[[], float] = time.monotonic) -> None:
        self._call_at = call_at
        self._clock = clock
        self._lanes: dict[Hashable, _Lane] = {}

    def __len__(self) -> int:
        """How many viewers are asked or waited for."""
        return len(self._lanes)

    def wait_for(self, turn: Turn) -> None:
        """It comes at once where there is room: before this returns. If it goes, or waits, `end` it in every case."""
        lane = self._lanes.get(turn.viewer)
        if lane is None:
            lane = self._lanes[turn.viewer] = _Lane()
        lane.waiting.append(turn)
        self._go_on(turn.viewer, lane)

    def end(self, turn: Turn) -> None:
        """It is answered, or nobody waits for it any more; safe to repeat."""
        lane = self._lanes.get(turn.viewer)
        if lane is None:
            return
        if turn in lane.asked:
            lane.asked.remove(turn)
        elif turn in lane.waiting:
            lane.waiting.remove(turn)
        self._go_on(turn.viewer, lane)

    def _go_on(self, viewer: Hashable, lane: _Lane) -> None:
        """Let those go for whom there is room by now, and see to the others in time."""
        if lane.waiting:
            now = self._clock()
            while lane.asked and lane.asked[0].until <= now:
                del lane.asked[0]
            while lane.waiting and len(lane.asked) < AT_ONCE:
                turn = lane.waiting.pop(0)
                turn.until = now + MOMENT
                if turn.go():
                    lane.asked.append(turn)
        if lane.waiting:
            if not lane.is_watched:
                lane.is_watched = True
                self._call_at(lane.asked[0].until, lambda: self._seen_to(viewer, lane))
        elif not lane.asked:
            del self._lanes[viewer]

    def _seen_to(self, viewer: Hashable, lane: _Lane) -> None:
        lane.is_watched = False
        if self._lanes.get(viewer) is lane:
            self._go_on(viewer, lane)
