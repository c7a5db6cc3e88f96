"""What commands print: tables that fit the terminal, and sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import zip_longest
from typing import Final

from forgather_units.cli.text_width import columns, cut, cut_start, has_reader, padded, width, wrapped

_GAP: Final = 2
_INDENT: Final = 4
# A flexible column is not made narrower; the last one then goes below its row.
_LEAST: Final = 12


class Fit(Enum):
    """What happens to a cell that is too wide for the terminal."""

    KEEP = "keep"
    CUT = "cut"
    CUT_START = "cut its start"
    WRAP = "wrap"
    """Only where a person reads: programs read a row as a line."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, and what happens to its wide cells. An optional one is left out if all its cells are empty."""

    title: str
    fit: Fit = Fit.KEEP
    is_optional: bool = False


def table(header: Sequence[str | Column], rows: Iterable[Sequence[object]], *, indent: int = 0) -> str:
    """Left-aligned columns, two spaces apart; a cell of None is `-`.

    If the terminal is too narrow, flexible columns are cut or wrapped; if they would become too narrow, the last one
    goes below its row, indented.
    """
    heads = [each if isinstance(each, Column) else Column(each) for each in header]
    if not has_reader():
        heads = [replace(each, fit=Fit.KEEP) if each.fit is Fit.WRAP else each for each in heads]
    most = columns() - indent
    cells = [[_cell(value, column, most) for value, column in zip(row, heads, strict=True)] for row in rows]
    kept = [at for at, column in enumerate(heads) if not column.is_optional or any(row[at] != "-" for row in cells)]
    heads = [heads[at] for at in kept]
    cells = [[row[at] for at in kept] for row in cells]
    widths = [max(map(width, (column.title, *(row[at] for row in cells)))) for at, column in enumerate(heads)]
    fitted = _fitted(heads, widths, most)
    if fitted is not None or heads[-1].fit is Fit.KEEP:
        lines = _lines(heads, fitted or widths, cells)
    else:
        lines = _lines_with_last_below(heads, widths, cells, most)
    return "\n".join(" " * indent + line for line in lines)


def _cell(value: object, column: Column, most: int) -> str:
    text = "-" if value is None or value == "" else str(value)
    # Nothing beyond is shown, and escaping a long title is slow.
    if column.fit is Fit.CUT:
        text = text[: 4 * most]
    elif column.fit is Fit.CUT_START:
        text = text[-4 * most :]
    return plain(text)


def _fitted(heads: Sequence[Column], widths: Sequence[int], most: int) -> list[int] | None:
    """The widths for a terminal of `most` columns; None if the flexible columns would be too narrow."""
    flexible = [at for at, column in enumerate(heads) if column.fit is not Fit.KEEP]
    fitted = [min(each, most) if at in flexible else each for at, each in enumerate(widths)]
    left = most - sum(fitted) - _GAP * (len(heads) - 1)
    for _ in range(-left):
        widest = max(flexible, key=lambda at: fitted[at], default=None)
        if widest is None or fitted[widest] <= max(_LEAST, len(heads[widest].title)):
            return None
        fitted[widest] -= 1
    return fitted


def _lines(heads: Sequence[Column], widths: Sequence[int], cells: Iterable[Sequence[str]]) -> Iterable[str]:
    yield _line([column.title for column in heads], widths)
    for row in cells:
        parts = [_FITS[column.fit](text, most) for text, column, most in zip(row, heads, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            yield _line(line, widths)


def _lines_with_last_below(
    heads: Sequence[Column], widths: Sequence[int], cells: Iterable[Sequence[str]], most: int
) -> Iterable[str]:
    *above, last = heads
    fitted = _fitted(above, widths[:-1], most) or [
        each if column.fit is Fit.KEEP else min(each, _LEAST) for each, column in zip(widths[:-1], above, strict=True)
    ]
    yield _line([column.title for column in above], fitted)
    for row in cells:
        yield from list(_lines(above, fitted, [row[:-1]]))[1:]
        if row[-1] != "-":
            yield from (" " * _INDENT + line for line in _FITS[last.fit](row[-1], most - _INDENT))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * _GAP).join(map(padded, cells, widths)).rstrip()


_FITS: Final[dict[Fit, Callable[[str, int], list[str]]]] = {
    Fit.KEEP: lambda text, most: [text],
    Fit.CUT: lambda text, most: [cut(text, most)],
    Fit.CUT_START: lambda text, most: [cut_start(text, most)],
    Fit.WRAP: wrapped,
}


def plain(value: object) -> str:
    """On one line, without terminal control characters: titles come from the author of the run."""
    text = "-" if value is None or value == "" else str(value)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def size(count: float) -> str:
    """Bytes in the largest unit that fits, of 1024: `12.3M`."""
    for letter in ("B", "K", "M", "G"):
        if count < 1024:
            return f"{count:.0f}{letter}" if letter == "B" else f"{count:.1f}{letter}"
        count /= 1024
    return f"{count:.1f}T"
