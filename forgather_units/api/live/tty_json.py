"""JSON of a job's output: lines are joined, with one cursor for many."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from forgather_units.journal.reader import Line, LineKind


def output_of(lines: Sequence[Line], **more: Any) -> dict[str, Any]:
    """`{"pieces", "first", "last", "count"}`: the cursors of the first and the last line of output (None: no line).

    A piece is `{"text"}`: lines as printed, each with its newline; also `base64` with the original bytes if these are
    not UTF-8; or `{"dropped": n}`: lines that journald dropped.
    """
    printed = [line for line in lines if line.kind is LineKind.OUTPUT]
    return {
        "pieces": list(_pieces(lines)),
        "first": printed[0].cursor if printed else None,
        "last": printed[-1].cursor if printed else None,
        "count": len(printed),
        **more,
    }


def _pieces(lines: Iterable[Line]) -> Iterator[dict[str, Any]]:
    for kind, group in groupby(lines, lambda line: line.kind):
        if kind is LineKind.DROPPED:
            yield {"dropped": sum(line.count for line in group)}
        else:
            yield _text(b"".join(line.printed for line in group))


def _text(printed: bytes) -> dict[str, Any]:
    try:
        return {"text": printed.decode()}
    except UnicodeDecodeError:
        return {"text": printed.decode(errors="replace"), "base64": base64.b64encode(printed).decode("ascii")}
