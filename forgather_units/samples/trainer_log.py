"""trainer_logs.json as Forgather's trainer writes it: a JSON array that is one only once the run has ended."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

FILE_NAME: Final = "trainer_logs.json"


class TrainerLog:
    """Appends records; leaving the context closes the array, so that the file parses."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[str] = (folder / FILE_NAME).open("w", encoding="utf-8")
        self._file.write("[\n")
        self._separator = ""

    def write(self, timestamp: float, step: int, epoch: float, /, **payload: float) -> None:
        """One record; `timestamp` is in seconds since the epoch."""
        record: dict[str, Any] = {"timestamp": timestamp, "global_step": step, "epoch": round(epoch, 4), **payload}
        self._file.write(self._separator + json.dumps(record))
        self._separator = ",\n"
        # A live run is read while it is written.
        self._file.flush()

    def close(self) -> None:
        self._file.write("\n]")
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
