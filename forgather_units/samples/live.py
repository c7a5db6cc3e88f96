"""A live run: a step every half second, until stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from forgather_units.samples.collection import OUTPUT_MODELS, run_folder
from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run

MODEL: Final = "tiny"
LOG_NAME: Final = "live"
_PAUSE: Final = 0.5
_SHAPE: Final = Shape("live", floor=3.0, pace=5.0, learning_rate=1e-3, steps=4000)


def write_live(root: Path, seconds: float | None = None, stop: threading.Event | None = None) -> Path:
    """Write one run of model `tiny` below `root` until `stop` is set or `seconds` are over; returns its folder.

    Its trainer_logs.json is closed in good order. Raises OSError where it cannot write.
    """
    stop = stop or threading.Event()
    deadline = None if seconds is None else time.monotonic() + seconds
    folder = root / OUTPUT_MODELS / run_folder(MODEL, LOG_NAME, _free_moment(root))
    with open_run(folder, _SHAPE, time.time()) as run:
        while True:
            run.step(time.time())
            run.flush()
            left = _PAUSE if deadline is None else min(_PAUSE, deadline - time.monotonic())
            if left <= 0 or stop.wait(left):
                return folder


def _free_moment(root: Path) -> datetime:
    """The present second, or the first after it for which no live run exists: one may have ended just now."""
    second = int(time.time())
    while (root / OUTPUT_MODELS / run_folder(MODEL, LOG_NAME, _moment(second))).exists():
        second += 1
    return _moment(second)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set. For the main thread."""
    stop = threading.Event()
    before = {each: signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
