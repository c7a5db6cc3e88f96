"""A metric's figures over a whole run, row by row, in constant memory."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(slots=True)
class Figures:
    """NaN and infinities are counted apart: they are no best value and belong in no average, but they may be the last.

    `last` None: there was none yet. `low_step`, `last_step`: of the lowest and of the last value.
    """

    count: int = 0
    not_finite: int = 0
    first: float | None = None
    last: float | None = None
    last_step: int = 0
    low: float = math.inf
    low_step: int = 0
    high: float = -math.inf
    total: float = 0.0

    def add(self, step: int, value: float) -> None:
        """The next value; steps come in order."""
        self.last, self.last_step = value, step
        if not math.isfinite(value):
            self.not_finite += 1
            return
        if self.first is None:
            self.first = value
        self.count += 1
        self.total += value
        if value < self.low:
            self.low, self.low_step = value, step
        if value > self.high:
            self.high = value

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    @property
    def best(self) -> float | None:
        """The lowest finite value."""
        return self.low if self.count else None

    @property
    def best_step(self) -> int | None:
        return self.low_step if self.count else None

    @property
    def highest(self) -> float | None:
        return self.high if self.count else None
