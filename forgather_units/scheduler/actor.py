"""One thread that runs tasks one after the other: only it changes the scheduler's state, so no lock is needed."""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")
Task = Callable[[], Any]


def _nothing() -> None:
    pass


class Actor:
    """Runs tasks in the order of their arrival, and timed ones when they are due.

    It calls `after_each` after each task, before the caller of `ask` gets the task's result.
    """

    def __init__(self, name: str, after_each: Task = _nothing) -> None:
        self._inbox: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._due: list[tuple[float, int, Task]] = []
        self._numbers = itertools.count()
        self._after_each = after_each
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the tasks that have arrived, then end the thread."""
        if self._thread.is_alive():
            self._inbox.put(None)
            self._thread.join(10)

    def post(self, task: Task) -> None:
        """Run `task` and return at once; its exceptions are logged."""
        self._inbox.put(task)

    def ask(self, task: Callable[[], Result]) -> Result:
        """Run `task` and return its result; raises what the task raises."""
        future: Future[Result] = Future()

        def run() -> None:
            try:
                result = task()
                self._after_each()
            except BaseException as why:
                future.set_exception(why)
            else:
                future.set_result(result)

        self.post(run)
        return future.result()

    def after(self, seconds: float, task: Task) -> None:
        """Run `task` in `seconds`. May be called only on this actor's own thread."""
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), task))

    def _run(self) -> None:
        while True:
            task = self._next()
            if task is None:
                return
            try:
                task()
                self._after_each()
            except Exception:
                log.exception("a task of %s failed", threading.current_thread().name)

    def _next(self) -> Task | None:
        while True:
            wait = self._due[0][0] - time.monotonic() if self._due else None
            if wait is not None and wait <= 0:
                return heapq.heappop(self._due)[2]
            try:
                return self._inbox.get(timeout=wait)
            except queue.Empty:
                continue
