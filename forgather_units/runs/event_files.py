"""Event files, by TensorBoard's own reader, as records like those of trainer_logs.json."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.files.regular_file import open_regular
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
# The Debian package installs its TensorBoard outside of sys.path.
_PACKAGED: Final = "/usr/lib/forgather-units/tensorboard/lib"


def event_records(paths: Sequence[Path]) -> Iterator[list[Record]]:
    """A record for each event with scalars; other tags keep their names.

    Raises Refused where TensorBoard is missing, Unavailable for a file that cannot be read.
    """
    loader, scalar_of = _reader()
    for path in paths:
        yield from _records_of(path, loader, scalar_of)


def _records_of(path: Path, loader: Any, scalar_of: Any) -> Iterator[list[Record]]:
    try:
        descriptor = open_regular(path)
    except OSError as why:
        raise Unavailable(f"{path} cannot be read: {why.strerror}") from None
    try:
        piece: list[Record] = []
        # By its descriptor: another file may have replaced it.
        for event in loader(f"/proc/self/fd/{descriptor}").Load():
            scalars = {_NAMES.get(value.tag, value.tag): scalar_of(value) for value in event.summary.value}
            found = {name: value for name, value in scalars.items() if value is not None}
            if found:
                piece.append({STEP: event.step, TIMESTAMP: event.wall_time, **found})
            if len(piece) >= _PIECE:
                yield piece
                piece = []
        yield piece
    finally:
        os.close(descriptor)


def _reader() -> tuple[Any, Any]:
    # A live file may end with an incomplete event: no warning.
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
