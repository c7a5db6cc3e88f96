"""The finished sample runs: a table, and a function that writes missing ones."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run

OUTPUT_MODELS: Final = "output_models"
STEPS: Final = 400
_SECONDS_PER_STEP: Final = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: `log_name` and `started` name its folder."""

    model: str
    log_name: str
    started: datetime
    floor: float
    pace: float
    learning_rate: float

    @property
    def folder(self) -> Path:
        """Relative to the output folder."""
        return run_folder(self.model, self.log_name, self.started)

    @property
    def shape(self) -> Shape:
        return Shape(self.folder.as_posix(), self.floor, self.pace, self.learning_rate, STEPS)


def run_folder(model: str, log_name: str, started: datetime) -> Path:
    """`<model>/runs/<log_name>_<YYYY-MM-DDTHH-MM-SS>`, as Forgather names it."""
    return Path(model, "runs", f"{log_name}_{started:%Y-%m-%dT%H-%M-%S}")


def _at(day: int, hour: int) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


SAMPLES: Final = (
    Sample("tiny", "log", _at(5, 10), floor=3.4, pace=4.0, learning_rate=1e-3),
    Sample("tiny", "low_lr", _at(5, 14), floor=3.9, pace=2.6, learning_rate=2e-4),
    Sample("tiny", "high_lr", _at(6, 9), floor=3.2, pace=4.6, learning_rate=3e-3),
    Sample("tiny_wide", "log", _at(7, 10), floor=2.9, pace=3.8, learning_rate=8e-4),
    Sample("tiny_wide", "long_warmup", _at(8, 10), floor=2.8, pace=3.5, learning_rate=8e-4),
)


def write_samples(root: Path) -> Path:
    """Write the sample runs below `root` and return their output folder, a logdir; those that exist are kept.

    Raises OSError where it cannot write.
    """
    output = root / OUTPUT_MODELS
    for sample in SAMPLES:
        if not (output / sample.folder).exists():
            _write(output, sample)
    return output


def _write(output: Path, sample: Sample) -> None:
    final = output / sample.folder
    # Written under another name first: a folder with the right name is a complete run.
    partial = final.with_name(f".{final.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    started = sample.started.timestamp()
    with open_run(partial, sample.shape, started) as run:
        for step in range(1, STEPS + 1):
            run.step(started + step * _SECONDS_PER_STEP)
    partial.rename(final)
