"""A curve of any length in few points: averages neighbours, more of them as the curve grows."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

Point = tuple[float, float]


class Curve:
    """At most `most` points at any time. Each has its last x and the mean of its finite values."""

    def __init__(self, most: int) -> None:
        self._most: Final = max(2, most - most % 2)
        self._points: list[Point] = []
        self._each = 1
        self._count = 0
        self._sum = 0.0
        self._x = 0.0

    def add(self, x: float, y: float) -> None:
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        self._count += 1
        self._sum += y
        self._x = x
        if self._count == self._each:
            self._points.append((x, self._sum / self._count))
            self._count, self._sum = 0, 0.0
            if len(self._points) == self._most:
                pairs = zip(self._points[::2], self._points[1::2], strict=True)
                self._points = [(right[0], (left[1] + right[1]) / 2) for left, right in pairs]
                self._each *= 2

    def points(self) -> list[Point]:
        if self._count:
            return [*self._points, (self._x, self._sum / self._count)]
        return list(self._points)


class Smoother:
    """The mean of the last `over` values; fewer at the beginning. Ignores non-finite values."""

    def __init__(self, over: int) -> None:
        self._values: deque[float] = deque(maxlen=max(1, over))

    def next(self, value: float) -> float:
        if math.isfinite(value):
            self._values.append(value)
            return sum(self._values) / len(self._values)
        return value
