"""A growing JSON array, taken apart into its records: cut anywhere, never closed, half a record at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

Record = dict[str, Any]

# What goes on without an end for longer than that is no record.
_LONGEST: Final = 1 << 20
_BETWEEN: Final = b" \t\r\n,[]"
_decoder: Final = json.JSONDecoder()


class RecordSplitter:
    """Feed it the pieces of a file in their order. `broken` counts what was no record, and was passed over.

    It may begin in the middle: what stands before the first record that begins a line is passed over too.
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
        # A character that is cut in two comes through as it is.
        text = raw.decode(errors="surrogateescape")
        at = text.find("{")
        self._rest = b""
        while at >= 0:
            try:
                record, end = _decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                end = text.find("\n{", at + 1)
                if end < 0 and len(text) - at < _LONGEST:
                    self._rest = text[at:].encode(errors="surrogateescape")
                    return
                self.broken += 1
                end = end if end >= 0 else len(text)
            else:
                yield record
            at = text.find("{", end)


def _all_of(lines: bytes) -> list[Record] | None:
    """The records of whole lines; None where they are not what a trainer writes."""
    try:
        records = json.loads(b"[" + lines.strip(_BETWEEN) + b"]")
    except (ValueError, RecursionError):
        return None
    return records if all(type(each) is dict for each in records) else None
