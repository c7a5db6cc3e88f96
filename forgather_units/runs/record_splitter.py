"""Splits a growing JSON array into records; it may be truncated anywhere and never closed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

Record = dict[str, Any]

# A longer record is invalid.
_LONGEST: Final = 1 << 20
_STRINGS_AND_BRACES: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[{}]')
_BETWEEN: Final = b" \t\r\n,[]"
_decoder: Final = json.JSONDecoder()


class RecordSplitter:
    """Takes the chunks of a file in order. `broken` counts skipped invalid records.

    May start in the middle of a file: skips everything before the first record at the start of a line.
    """

    def __init__(self, *, in_the_middle: bool = False) -> None:
        self._rest = b""
        self._lost = in_the_middle
        self._last = b""
        self.broken = 0

    @property
    def is_half(self) -> bool:
        """Whether a record has begun and not yet ended."""
        return bool(self._rest)

    @property
    def is_closed(self) -> bool:
        """Whether the last thing was the array's end."""
        return not self._rest and self._last == b"]"

    def feed(self, piece: bytes) -> list[Record]:
        """The records that have ended with `piece`."""
        self._last = piece.rstrip()[-1:] or self._last
        text = self._rest + piece
        if self._lost:
            start = text.find(b"\n{")
            if start < 0:
                self._rest = text[-1:]
                return []
            text, self._lost = text[start:], False
        cut = text.rfind(b"\n") + 1
        # A whole chunk at the C parser's speed; a record at a time only where that fails.
        records = _all_of(text[:cut])
        if records is None:
            return list(self._one_by_one(text))
        return [*records, *self._one_by_one(text[cut:])]

    def _one_by_one(self, raw: bytes) -> Iterator[Record]:
        # A character that is cut in two is preserved.
        text = raw.decode(errors="surrogateescape")
        at = text.find("{")
        self._rest = b""
        while at >= 0:
            try:
                record, end = _decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                following = _next_record(text, at)
                if following is None and len(text) - at < _LONGEST:
                    self._rest = text[at:].encode(errors="surrogateescape")
                    return
                self.broken += 1
                end = len(text) if following is None else following
            else:
                yield record
            at = text.find("{", end)


def _next_record(text: str, at: int) -> int | None:
    """The position after the record at `at`, which is not JSON (`nan`, say); None if its end has not arrived yet.

    That is after its closing brace, whether the records are on one line or indented. A truncated record has none: it
    ends at the next line that begins with a record.
    """
    next_line = text.find("\n{", at + 1)
    depth = 0
    for found in _STRINGS_AND_BRACES.finditer(text, at, next_line if next_line >= 0 else len(text)):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return next_line if next_line >= 0 else None


def _all_of(lines: bytes) -> list[Record] | None:
    """The records of whole lines; None where they are not what a trainer writes."""
    try:
        records = json.loads(b"[" + lines.strip(_BETWEEN) + b"]")
    except (ValueError, RecursionError):
        return None
    return records if all(type(each) is dict for each in records) else None
