"""Order in which requests get worker threads: many requests for one resource do not delay the others.

Worker threads share the interpreter lock: of a hundred that compute at once, each takes a hundred times as long. So
only a few requests are started at a time, and the others wait here. A request that takes longer than a short one no
longer counts: a hundred that wait for a file system or a viewer do not keep others from starting.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from forgather_units.http.limiter import COUNTED_SECONDS, CallAt

MAX_ACTIVE: Final = 4
_DEPTH: Final = 3
"""Path segments that make separate branches: `/api/tb/<id>`."""

Item = TypeVar("Item")


class RoundRobin(Generic[Item]):
    """A tree of queues by path segment. take() cycles through the branches of each node, whatever their lengths."""

    def __init__(self) -> None:
        self._here: deque[Item] = deque()
        self._branches: OrderedDict[str, RoundRobin[Item]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._here or self._branches)

    def put(self, branch: Sequence[str], item: Item) -> None:
        if not branch:
            self._here.append(item)
            return
        if branch[0] not in self._branches:
            self._branches[branch[0]] = RoundRobin()
        self._branches[branch[0]].put(branch[1:], item)

    def take(self) -> Item:
        """Remove and return the next item. Raises KeyError if there is none."""
        if self._here:
            return self._here.popleft()
        name, branch = self._branches.popitem(last=False)
        item = branch.take()
        if branch:
            self._branches[name] = branch
        return item


def branch_of(target: str) -> list[str]:
    """The tree path of a request target: the first segments of its path, then all of it."""
    segments = target.partition("?")[0].split("/", _DEPTH + 1)[1 : _DEPTH + 1]
    return [*segments, target]


class FairQueue(Generic[Item]):
    """Thread-safe, except that `put` must be called in the thread in which `call_at` calls."""

    def __init__(
        self, start: Callable[[Item], None], call_at: CallAt, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`start` passes an item to a worker thread; it must not block."""
        self._start = start
        self._call_at = call_at
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: RoundRobin[Item] = RoundRobin()
        self._counted: dict[Item, float] = {}
        """When each started item stops to count; infinite until a worker thread serves it."""
        self._has_timer = False

    def put(self, target: str, item: Item) -> None:
        """Queue an item; starts it at once if the limit allows."""
        with self._lock:
            self._waiting.put(branch_of(target), item)
        self._start_waiting()
        self._set_timer()

    def begin(self, item: Item) -> None:
        """A worker thread starts to serve it. `begin` and `end` are thread-safe, and ignore items that were not
        queued."""
        with self._lock:
            if item in self._counted:
                self._counted[item] = self._clock() + COUNTED_SECONDS

    def end(self, item: Item) -> None:
        """The item is done."""
        with self._lock:
            self._counted.pop(item, None)
        self._start_waiting()

    def _start_waiting(self) -> None:
        with self._lock:
            if not self._waiting:
                return
            now = self._clock()
            self._counted = {item: until for item, until in self._counted.items() if until > now}
            while self._waiting and len(self._counted) < MAX_ACTIVE:
                item = self._waiting.take()
                self._counted[item] = math.inf
                self._start(item)

    def _set_timer(self) -> None:
        """Check again after COUNTED_SECONDS, while items wait."""
        with self._lock:
            if self._has_timer or not self._waiting:
                return
            self._has_timer = True
        self._call_at(self._clock() + COUNTED_SECONDS, self._timer_expired)

    def _timer_expired(self) -> None:
        self._has_timer = False
        self._start_waiting()
        self._set_timer()
