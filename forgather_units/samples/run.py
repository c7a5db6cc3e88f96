"""One run's folder while it is written: the event file and trainer_logs.json, one step at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from forgather_units.samples.curves import Point, Shape, curve
from forgather_units.samples.event_file import EventFile
from forgather_units.samples.trainer_log import TrainerLog

_STEPS_PER_EPOCH: Final = 200
_BATCH: Final = 32


class Run:
    """Writes one training, point by point."""

    def __init__(self, events: EventFile, log: TrainerLog, shape: Shape, started: float) -> None:
        self._events = events
        self._log = log
        self._points = curve(shape)
        self._started = started
        self._last = 0, started
        events.text(started, 0, "experiment", _description(shape))
        # A run that has just begun is seen at once, not after the writer's two minutes.
        events.flush()

    def step(self, now: float) -> Point:
        """Write the next step, with `now` (seconds since the epoch) as its end."""
        point = next(self._points)
        values = {"train-loss": point.loss, "grad-norm": point.grad_norm, "learning-rate": point.learning_rate}
        epoch = point.step / _STEPS_PER_EPOCH
        self._log.write(
            now,
            point.step,
            epoch,
            loss=point.loss,
            grad_norm=point.grad_norm,
            max_grad_norm=point.grad_norm,
            learning_rate=point.learning_rate,
        )
        if point.eval_loss is not None and point.eval_perplexity is not None:
            values |= {"eval-loss": point.eval_loss, "eval-perplexity": point.eval_perplexity}
            self._log.write(now, point.step, epoch, eval_loss=point.eval_loss)
        self._events.scalars(now, point.step, values)
        self._last = point.step, now
        return point

    def flush(self) -> None:
        self._events.flush()

    def finish(self) -> None:
        """The record that a trainer writes at its end."""
        step, now = self._last
        runtime = max(now - self._started, 1e-9)
        self._log.write(
            now,
            step,
            step / _STEPS_PER_EPOCH,
            train_runtime=runtime,
            train_samples=step * _BATCH,
            step=step,
            train_samples_per_second=step * _BATCH / runtime,
            train_steps_per_second=step / runtime,
            effective_batch_size=_BATCH,
        )


@contextmanager
def open_run(folder: Path, shape: Shape, started: float) -> Iterator[Run]:
    """A run in `folder`, which is made. Both files are closed in good order, whatever ends it."""
    folder.mkdir(parents=True)
    with EventFile(folder) as events, TrainerLog(folder) as log:
        run = Run(events, log, shape, started)
        yield run
        run.finish()


def _description(shape: Shape) -> str:
    return "\n".join(
        (
            f"# {shape.seed}",
            "",
            "A sample run: its curves are invented.",
            "",
            "| setting | value |",
            "|---|---|",
            f"| steps | {shape.steps} |",
            f"| learning rate | {shape.learning_rate:g} |",
            f"| batch size | {_BATCH} |",
        )
    )
