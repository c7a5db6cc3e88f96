"""Curves that look like a small language model in training. Invented, and the same for the same seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_FIRST_LOSS: Final = 9.2
_EVAL_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Shape:
    """What makes one run differ from another: its seed, the loss it tends to, how fast, its top learning rate."""

    seed: str
    floor: float
    pace: float
    learning_rate: float
    steps: int


@dataclass(frozen=True, slots=True)
class Point:
    """One step's values; `eval_loss` only where there was an evaluation."""

    step: int
    loss: float
    grad_norm: float
    learning_rate: float
    eval_loss: float | None

    @property
    def eval_perplexity(self) -> float | None:
        return None if self.eval_loss is None else math.exp(self.eval_loss)


def curve(shape: Shape) -> Iterator[Point]:
    """Points of the steps from 1, without end: beyond `shape.steps` the learning rate stays at its lowest."""
    noise = random.Random(shape.seed)  # noqa: S311 - noise in a curve, no secret
    step = 0
    while True:
        step += 1
        trend = shape.floor + (_FIRST_LOSS - shape.floor) * math.exp(-((step / shape.steps) ** 0.7) * shape.pace)
        evaluated = step % _EVAL_EVERY == 0
        yield Point(
            step=step,
            loss=trend + noise.gauss(0, 0.08),
            grad_norm=0.35 + 4.0 * math.exp(-step / 40) + noise.expovariate(12),
            learning_rate=_scheduled(shape, step),
            eval_loss=trend + 0.06 + noise.gauss(0, 0.015) if evaluated else None,
        )


def _scheduled(shape: Shape, step: int) -> float:
    """A tenth of the steps of warm-up, then a cosine down to a tenth of the top."""
    warm_up = max(1, shape.steps // 10)
    if step <= warm_up:
        return shape.learning_rate * step / warm_up
    done = min(1.0, (step - warm_up) / max(1, shape.steps - warm_up))
    return shape.learning_rate * (0.55 + 0.45 * math.cos(math.pi * done))
