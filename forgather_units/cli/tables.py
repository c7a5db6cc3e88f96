"""What commands print: tables that fit the terminal, and sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from itertools import zip_longest
from typing import Final

from forgather_units.cli.text_width import MOST_WRAPPED, columns, cut, cut_start, padded, width, wrapped

_GAP: Final = 2
_INDENT: Final = 4
# A flexible column is not made narrower; the last ones then go below their row.
_LEAST: Final = 12


class Fit(Enum):
    """What happens to a cell that is too wide for the terminal."""

    KEEP = "keep"
    CUT = "cut"
    CUT_START = "cut its start"
    WRAP = "wrap"
    """In the last column, a single word such as a path is not broken."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, and what happens to its wide cells. An optional one is left out if all its cells are empty."""

    title: str
    fit: Fit = Fit.KEEP
    is_optional: bool = False


def table(header: Sequence[str | Column], rows: Iterable[Sequence[object]], *, indent: int = 0) -> str:
    """Left-aligned columns, two spaces apart; a cell of None is `-`.

    If the terminal is too narrow, flexible columns are cut or wrapped; if they would become too narrow, the last ones
    go below their row, indented.
    """
    heads = [each if isinstance(each, Column) else Column(each) for each in header]
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
        lines = _lines_with_some_below(heads, widths, cells, most)
    return "\n".join(" " * indent + line for line in lines)


def _cell(value: object, column: Column, most: int) -> str:
    text = "-" if value is None or value == "" else str(value)
    # Nothing beyond is shown, and escaping a long title is slow.
    if column.fit is Fit.CUT:
        text = text[: 4 * most]
    elif column.fit is Fit.CUT_START:
        text = text[-4 * most :]
    elif column.fit is Fit.WRAP:
        text = cut(text, MOST_WRAPPED)
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


def _lines(
    heads: Sequence[Column], widths: Sequence[int], cells: Iterable[Sequence[str]], *, is_whole: bool = True
) -> Iterable[str]:
    """The title and the rows; `is_whole`: no column of the table is left out, so the last one is that of the table."""
    yield _line([column.title for column in heads], widths)
    fits = [_FITS[column.fit] for column in heads]
    if is_whole and heads[-1].fit is Fit.WRAP:
        fits[-1] = _wrapped_at_end
    for row in cells:
        parts = [fit(text, most) for fit, text, most in zip(fits, row, widths, strict=True)]
        for line in zip_longest(*parts, fillvalue=""):
            yield _line(line, widths)


def _lines_with_some_below(
    heads: Sequence[Column], widths: Sequence[int], cells: Iterable[Sequence[str]], most: int
) -> Iterable[str]:
    """The last flexible columns, as many as needed, are below the row of the others."""
    count = len(heads) - 1
    while (fitted := _fitted(heads[:count], widths[:count], most)) is None and count > 1:
        if heads[count - 1].fit is Fit.KEEP:
            break
        count -= 1
    above = heads[:count]
    shown = fitted or [
        each if column.fit is Fit.KEEP else min(each, _LEAST) for each, column in zip(widths, above, strict=False)
    ]
    yield _line([column.title for column in above], shown)
    for row in cells:
        yield from list(_lines(above, shown, [row[:count]], is_whole=False))[1:]
        for column, text in zip(heads[count:], row[count:], strict=True):
            fit = _wrapped_at_end if column is heads[-1] and column.fit is Fit.WRAP else _FITS[column.fit]
            if text != "-":
                yield from (" " * _INDENT + line for line in fit(text, most - _INDENT))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * _GAP).join(map(padded, cells, widths)).rstrip()


def _wrapped_at_end(text: str, most: int) -> list[str]:
    """Nothing follows on the line: a path in one line can be copied."""
    return wrapped(text, most, breaks_words=" " in text)


_FITS: Final[dict[Fit, Callable[[str, int], list[str]]]] = {
    Fit.KEEP: lambda text, most: [text],
    Fit.CUT: lambda text, most: [cut(text, most)],
    Fit.CUT_START: lambda text, most: [cut_start(text, most)],
    Fit.WRAP: partial(wrapped, breaks_words=True),
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
