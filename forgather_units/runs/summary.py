"""A run in figures: those that `forgather logs summary` prints."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from forgather_units.runs.figures import Figures
from forgather_units.runs.record_splitter import Record
from forgather_units.runs.rows import EPOCH, STEP, TIMESTAMP, Row, RowOrder, number

LOSS: Final = "loss"
EVAL_LOSS: Final = "eval_loss"
GRAD_NORM: Final = "grad_norm"
MAX_GRAD_NORM: Final = "max_grad_norm"
LEARNING_RATE: Final = "learning_rate"
_METRICS: Final = (LOSS, EVAL_LOSS, GRAD_NORM, MAX_GRAD_NORM, LEARNING_RATE)

RUNTIME: Final = "train_runtime"
SAMPLES_PER_SECOND: Final = "train_samples_per_second"
STEPS_PER_SECOND: Final = "train_steps_per_second"
SAMPLES: Final = "train_samples"
BATCH_SIZE: Final = "effective_batch_size"
_CLOSING: Final = (RUNTIME, SAMPLES_PER_SECOND, STEPS_PER_SECOND, SAMPLES, BATCH_SIZE)
_WANTED: Final = frozenset({STEP, EPOCH, TIMESTAMP, *_METRICS, *_CLOSING})


@dataclass(frozen=True, slots=True)
class Summary:
    """`metrics` and `closing` contain the values of the log by their names there. Durations are in seconds."""

    steps: int | None
    epoch: float | None
    duration: float | None
    metrics: dict[str, Figures]
    closing: dict[str, float]
    passed_over: int = 0
    """Records that are in no figure: broken, without a step, or of a step that was long past."""

    def of(self, metric: str) -> Figures:
        """All of them empty where the run has no such metric."""
        return self.metrics.get(metric, _NONE)

    @property
    def is_finished(self) -> bool:
        """Whether the log has the trainer's final record."""
        return RUNTIME in self.closing

    @property
    def steps_per_second(self) -> float | None:
        """From the trainer's final record, or computed from the log of an unfinished run."""
        if (said := self.closing.get(STEPS_PER_SECOND)) is not None and math.isfinite(said):
            return said
        return self.steps / self.duration if self.steps and self.duration else None


_NONE: Final = Figures()


def _wanted(record: Record) -> Record:
    """Rows wait for their order: the hundreds of figures of a layer each do not wait with them."""
    if _WANTED.issuperset(record):
        return record
    return {name: value for name, value in record.items() if name in _WANTED}


class Summarizer:
    """Takes a run's records in chunks; the summary is available at any time."""

    def __init__(self) -> None:
        self._order = RowOrder()
        self._sums = _Sums()

    def add(self, records: Iterable[Record]) -> None:
        for row in self._order.add(map(_wanted, records)):
            self._sums.add(row)

    @property
    def waiting(self) -> list[Row]:
        """The rows that wait for their order."""
        return self._order.waiting()

    def summary(self, broken: int = 0) -> Summary:
        """`broken`: how many records could not even be read."""
        sums = copy.deepcopy(self._sums)
        for row in self.waiting:
            sums.add(row)
        return sums.summary(broken + self._order.late + self._order.nameless)


class _Sums:
    def __init__(self) -> None:
        self._metrics = {name: Figures() for name in _METRICS}
        self._closing: dict[str, float] = {}
        self._step: int | None = None
        self._epoch: float | None = None
        self._earliest = math.inf
        self._latest = -math.inf

    def add(self, row: Row) -> None:
        step = self._step = int(row[STEP])
        for name, figures in self._metrics.items():
            if name in row and (value := number(row[name])) is not None:
                figures.add(step, value)
        if (epoch := number(row.get(EPOCH))) is not None and math.isfinite(epoch):
            self._epoch = epoch
        if (moment := number(row.get(TIMESTAMP))) is not None and math.isfinite(moment):
            self._earliest = min(self._earliest, moment)
            self._latest = max(self._latest, moment)
        if RUNTIME in row:
            said = {name: number(row.get(name)) for name in _CLOSING}
            self._closing = {name: value for name, value in said.items() if value is not None}

    def summary(self, passed_over: int) -> Summary:
        # The time in the final record starts before the first record.
        duration = self._closing.get(RUNTIME)
        if duration is None or not math.isfinite(duration):
            duration = self._latest - self._earliest if self._latest >= self._earliest else None
        metrics = {name: each for name, each in self._metrics.items() if each.last is not None}
        return Summary(self._step, self._epoch, duration, metrics, self._closing, passed_over)
