"""Outcomes of requests: from the cache, else rendered in processes of their own. For any number of threads.

There is no lock around rendering: a request for one project never waits for a listing of all. Simultaneous requests
for the same config render it once.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Final

from forgather_units.projects.cache import OutcomeCache, key_of
from forgather_units.projects.isolation import Isolated
from forgather_units.projects.outcome import Outcome, Request

_MOST_PROCESSES: Final = 4
# Fewer than that are rendered sooner than a second process has started.
_WORTH_ANOTHER: Final = 12
# Requests for single projects that have processes at the same time; others wait for one of them to end.
_MOST_AT_ONCE: Final = 4

Ask = Callable[[Sequence[Request]], list[Outcome]]


class Renderers:
    """`start` makes a process that answers one request after the other."""

    def __init__(self, cache: OutcomeCache, start: Callable[[], Isolated]) -> None:
        self._cache = cache
        self._start = start
        self._lock = threading.Lock()
        self._under_way: dict[str, threading.Event] = {}
        self._listing = threading.Lock()
        self._single = threading.BoundedSemaphore(_MOST_AT_ONCE)

    @contextmanager
    def of_one(self) -> Iterator[Ask]:
        """A function from the requests of one project to their outcomes. Raises Unavailable where none can start."""
        with self._asking(self._single) as ask:
            yield ask

    @contextmanager
    def of_all(self) -> Iterator[Ask]:
        """The same for a listing; of several that have to render, one does it and the others find it done."""
        with self._asking(self._listing) as ask:
            yield ask

    @contextmanager
    def _asking(self, place: AbstractContextManager[object]) -> Iterator[Ask]:
        with ExitStack() as held:
            check = self._cache.check()
            processes: list[Isolated] = []
            has_place = False

            def ask(requests: Sequence[Request]) -> list[Outcome]:
                nonlocal check, has_place
                outcomes = check.get_all(requests)
                if None in outcomes and not has_place:
                    held.enter_context(place)
                    has_place = True
                    # The previous holder of the place may have rendered these.
                    check = self._cache.check()
                    outcomes = check.get_all(requests)
                missing = [at for at, outcome in enumerate(outcomes) if outcome is None]
                wanted = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)), 1 + len(missing) // _WORTH_ANOTHER)
                while missing and len(processes) < wanted:
                    processes.append(held.enter_context(self._start()))
                for at, outcome in self._answered(processes, [(each, requests[each]) for each in missing]):
                    outcomes[at] = outcome
                return [outcome for outcome in outcomes if outcome is not None]

            yield ask

    def _answered(
        self, processes: Sequence[Isolated], asked: Sequence[tuple[int, Request]]
    ) -> Iterator[tuple[int, Outcome]]:
        """Each process takes the next request as soon as it is free."""
        waiting = iter(asked)
        lock = threading.Lock()

        def work(process: Isolated) -> list[tuple[int, Outcome]]:
            done: list[tuple[int, Outcome]] = []
            while True:
                with lock:
                    at, request = next(waiting, (-1, None))
                if request is None:
                    return done
                done.append((at, self._rendered(process, request)))

        if len(processes) == 1:
            yield from work(processes[0])
        elif processes:
            with ThreadPoolExecutor(len(processes)) as threads:
                for part in threads.map(work, processes):
                    yield from part

    def _rendered(self, process: Isolated, request: Request) -> Outcome:
        """By this process, or by that of another thread which is just at it."""
        key = key_of(request)
        while True:
            with self._lock:
                other = self._under_way.get(key)
                if other is None:
                    done = self._under_way[key] = threading.Event()
                    break
            other.wait()
        try:
            # Another thread may have rendered it since the cache was asked.
            outcome = self._cache.check().get(request)
            if outcome is None:
                started = time.time_ns()
                outcome = process.answer(request)
                self._cache.put(request, outcome, started)
            return outcome
        finally:
            with self._lock:
                del self._under_way[key]
            done.set()
