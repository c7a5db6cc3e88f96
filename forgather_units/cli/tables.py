"""What commands print: plain aligned tables, ages, JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Left-aligned columns, two spaces apart; a cell of None is `-`."""
    cells = [list(header), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)


def plain(value: object) -> str:
    """On one line, and without what a terminal would obey: titles come from whoever made the run."""
    text = "-" if value is None or value == "" else str(value)
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def age(moment: float | None) -> str:
    """How long ago, in the largest unit that fits: `3m`; `-` for never. `moment` is seconds since the epoch."""
    if moment is None:
        return "-"
    seconds = max(0, int(time.time() - moment))
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return f"{seconds // size}{unit}"


def size(count: float) -> str:
    """Bytes in the largest unit that fits, of 1024: `12.3M`."""
    for letter in ("B", "K", "M", "G"):
        if count < 1024:
            return f"{count:.0f}{letter}" if letter == "B" else f"{count:.1f}{letter}"
        count /= 1024
    return f"{count:.1f}T"


def print_json(value: Any, *, one_line: bool = False) -> None:
    print(json.dumps(value, indent=None if one_line else 2), flush=one_line)
