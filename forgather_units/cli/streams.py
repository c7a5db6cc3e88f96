"""Standard output and error where they cannot be written: a full disk, a closed pipe, none at all."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from forgather_units.domain.errors import Refused


class CheckedOutput(io.TextIOWrapper):
    """Standard output whose errors are ForgatherErrors, apart from a closed pipe."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(
            # File names may contain bytes that are not UTF-8: print them escaped.
            cast(Any, stream.buffer), encoding=stream.encoding, errors="backslashreplace",
            line_buffering=cast(Any, stream).line_buffering, write_through=cast(Any, stream).write_through,
        )  # fmt: skip

    def write(self, text: str) -> int:
        with output_errors():
            return super().write(text)

    def flush(self) -> None:
        with output_errors():
            super().flush()


@contextmanager
def output_errors() -> Iterator[None]:
    """Inside the `with`, an error is one of standard output. Raises Refused, or BrokenPipeError as it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as why:
        # Otherwise the interpreter tries again when it exits, and reports the error.
        discard_output()
        raise Refused(f"standard output cannot be written: {why.strerror}") from None


def open_streams() -> bool:
    """Prepare them; without standard error, write to nothing. False, and a message, if there is no standard output."""
    if sys.stderr is None:
        # Not closed: it lasts as long as the process.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stdout is None:
        print("forgather: standard output is closed", file=sys.stderr)
        return False
    sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if not sys.stdout.isatty():
        sys.stdout = CheckedOutput(sys.stdout)
    return True


def discard_output() -> None:
    """Let standard output be written to nothing from now on."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)
