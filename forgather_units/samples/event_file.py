"""An event file, written by TensorBoard's own writer: scalars and text, as a trainer leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util.tensor_util import make_tensor_proto


class EventFile:
    """The one event file of a run's folder. Wall times are seconds since the epoch."""

    def __init__(self, folder: Path) -> None:
        self._writer = EventFileWriter(str(folder))

    def scalars(self, wall_time: float, step: int, values: Mapping[str, float]) -> None:
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._writer.add_event(Event(wall_time=wall_time, step=step, summary=summary))

    def text(self, wall_time: float, step: int, tag: str, markdown: str) -> None:
        value = Summary.Value(
            tag=tag,
            metadata=text_metadata.create_summary_metadata(display_name="", description=""),
            tensor=make_tensor_proto([markdown.encode()]),
        )
        self._writer.add_event(Event(wall_time=wall_time, step=step, summary=Summary(value=[value])))

    def flush(self) -> None:
        """Everything so far is in the file when this returns."""
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
