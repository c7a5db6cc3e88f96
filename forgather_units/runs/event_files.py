"""Event files, by TensorBoard's own reader, as records like those of trainer_logs.json."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.runs.record_splitter import Record
from forgather_units.runs.rows import STEP, TIMESTAMP

_NAMES: Final = {
    "train-loss": "loss",
    "eval-loss": "eval_loss",
    "learning-rate": "learning_rate",
    "grad-norm": "grad_norm",
    "grad-norm[max]": "max_grad_norm",
}
_PIECE: Final = 1000
# The Debian package keeps its TensorBoard out of everybody's way.
_PACKAGED: Final = "/usr/lib/forgather-units/tensorboard/lib"


def event_records(paths: Sequence[Path]) -> Iterator[list[Record]]:
    """A record for each event with scalars; other tags keep their names. Refused where TensorBoard is missing."""
    loader, scalar_of = _reader()
    for path in paths:
        piece: list[Record] = []
        for event in loader(str(path)).Load():
            scalars = {_NAMES.get(value.tag, value.tag): scalar_of(value) for value in event.summary.value}
            found = {name: value for name, value in scalars.items() if value is not None}
            if found:
                piece.append({STEP: event.step, TIMESTAMP: event.wall_time, **found})
            if len(piece) >= _PIECE:
                yield piece
                piece = []
        yield piece


def _reader() -> tuple[Any, Any]:
    # Half an event at the end of a live file is no news to the user.
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    if Path(_PACKAGED).is_dir() and _PACKAGED not in sys.path:
        sys.path.append(_PACKAGED)
    try:
        # They take a second, and most runs have a log.
        from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
        from tensorboard.util.tensor_util import make_ndarray
    except ImportError:
        raise Refused(
            "event files are read by TensorBoard, which is not installed", hint="pip install tensorboard"
        ) from None

    def scalar_of(value: Any) -> float | None:
        if value.HasField("simple_value"):
            return float(value.simple_value)
        if not value.HasField("tensor") or value.metadata.plugin_data.plugin_name not in ("", "scalars"):
            return None
        if any(each.size != 1 for each in value.tensor.tensor_shape.dim):
            return None
        try:
            return float(make_ndarray(value.tensor).item())
        except (TypeError, ValueError):
            # A text.
            return None

    return LegacyEventFileLoader, scalar_of
