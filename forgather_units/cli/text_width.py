"""The width of text on a terminal, and text cut or wrapped to a width."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from itertools import dropwhile

# What a table has where standard output is no terminal, and $COLUMNS says nothing.
_USUAL_SIZE = (80, 24)
MOST_WRAPPED = 4096
"""Columns of a wrapped text; a path has fewer bytes."""


def columns() -> int:
    """The width of the terminal that standard output is; 80 for a pipe and a file. $COLUMNS wins."""
    return shutil.get_terminal_size(_USUAL_SIZE).columns


def has_reader() -> bool:
    """Whether a person reads standard output: it is a terminal, or $COLUMNS gives a width."""
    return sys.stdout.isatty() or bool(os.environ.get("COLUMNS"))


def width(text: str) -> int:
    """The columns that printable `text` takes: two for a wide character, none for a combining one."""
    return len(text) if text.isascii() else sum(map(_width_of, text))


def cut(text: str, most: int) -> str:
    """`text` in at most `most` columns: its end is replaced by an ellipsis."""
    # A title may be very long. No more than two combining characters for each other one are looked at.
    if len(text) <= 3 * most and width(text) <= most:
        return text
    mark = _ellipsis()
    return _fitting(text, most - len(mark)) + mark


def cut_start(text: str, most: int) -> str:
    """The same for a path: its start is replaced, since its end tells it from others."""
    if len(text) <= 3 * most and width(text) <= most:
        return text
    mark = _ellipsis()
    end = _fitting(text[: -3 * most - 1 : -1], most - len(mark))[::-1]
    # A combining character needs the one before it.
    return mark + "".join(dropwhile(lambda letter: not _width_of(letter), end))


def wrapped(text: str, most: int, *, breaks_words: bool = False) -> list[str]:
    """`text` in lines of at most `most` columns, broken at spaces; with `breaks_words` also inside of a longer word."""
    lines = [""]
    for word in _pieces(text, most) if breaks_words else text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def indented(text: str, indent: str = "    ") -> str:
    """`text` in lines for the terminal: all but the first begin with `indent`."""
    return f"\n{indent}".join(wrapped(cut(text, MOST_WRAPPED), columns() - len(indent), breaks_words=True))


def padded(text: str, columns: int) -> str:
    """`text` with spaces behind it."""
    return text + " " * (columns - width(text))


def _pieces(text: str, most: int) -> Iterator[str]:
    """The words of `text`; longer ones in parts."""
    for word in text.split(" "):
        rest = word
        while len(rest) > 3 * most or width(rest) > most:
            # At least one character, however wide.
            part = _fitting(rest, most) or rest[0]
            yield part
            rest = rest[len(part) :]
        yield rest


def _fitting(text: str, most: int) -> str:
    return "".join(_letters(text, most))


def _letters(text: str, most: int) -> Iterator[str]:
    left = most
    for letter in text[: 3 * most]:
        left -= _width_of(letter)
        if left < 0:
            return
        yield letter


def _width_of(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _ellipsis() -> str:
    try:
        "…".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "..."
    return "…"
