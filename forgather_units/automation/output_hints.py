"""Finds hints at a missing setting in a viewer's output, and adds them to the job as a notice.

Searches when a viewer falls asleep: it has been used by then, and following the output of all viewers for one message
would cost too much.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from forgather_units.domain.job import Job, Sleeping
from forgather_units.scheduler.events import Event, EventBus
from forgather_units.scheduler.scheduler import Scheduler

log = logging.getLogger(__name__)

_READ_ONLY: Final = "Read-only file system"
"""strerror(EROFS) in English: viewers start without a locale."""

LastLines = Callable[[Job], Sequence[str]]


class OutputHints:
    """Reads the last lines of each viewer that falls asleep. One thread."""

    def __init__(self, scheduler: Scheduler, changes: EventBus, last_lines: LastLines) -> None:
        self._scheduler = scheduler
        self._changes = changes
        self._last_lines = last_lines
        self._asleep = queue.SimpleQueue[Job | None]()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Active inside the `with`."""
        thread = threading.Thread(target=self._work, name="output-hints", daemon=True)
        thread.start()
        with self._changes.subscribed(self._changed):
            yield
        self._asleep.put(None)
        thread.join()

    def _changed(self, change: Event) -> None:
        if (
            isinstance(change, Job)
            and isinstance(change.state, Sleeping)
            and change.state.started_at is not None
            and not change.folder_notice
            and change.submission.placing.writable_logdir is not True
        ):
            self._asleep.put(change)

    def _work(self) -> None:
        while (job := self._asleep.get()) is not None:
            try:
                if any(_READ_ONLY in line for line in self._last_lines(job)):
                    noun = job.submission.kind.noun
                    notice = f"{noun} tried to write where it may only read: some plugins need --writable-logdir"
                    self._scheduler.set_folder_notice(job.queue_id, notice)
            except OSError as why:
                log.info("the output of %s could not be read: %s", job.queue_id, why)
