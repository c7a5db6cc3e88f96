"""One thread that does one thing at a time: it alone touches what the scheduler knows, so nothing needs a lock."""

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

Answer = TypeVar("Answer")
Task = Callable[[], Any]


class Mailbox:
    """Runs tasks in the order of their arrival, and timed ones when they are due."""

    def __init__(self, name: str) -> None:
        self._inbox: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._due: list[tuple[float, int, Task]] = []
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what has arrived, then end the thread."""
        if self._thread.is_alive():
            self._inbox.put(None)
            self._thread.join(10)

    def post(self, task: Task) -> None:
        """Have `task` done; its exceptions go to the log."""
        self._inbox.put(task)

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """Have `question` answered and wait for it; its exceptions are the caller's."""
        future: Future[Answer] = Future()

        def answer() -> None:
            try:
                future.set_result(question())
            except BaseException as why:
                future.set_exception(why)

        self.post(answer)
        return future.result()

    def after(self, seconds: float, task: Task) -> None:
        """Have `task` done `seconds` from now. Only for tasks of this mailbox (its own thread)."""
        heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), task))

    def _run(self) -> None:
        while True:
            task = self._next()
            if task is None:
                return
            try:
                task()
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
