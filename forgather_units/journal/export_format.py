"""Parses the journal's export format, which `journalctl --output=export` prints.

An entry is a list of fields, ended by an empty line. A field is `NAME=text`, or, if its value is not plain text, `NAME`
and a newline, the length as 64 bits in little endian, the bytes, and a newline.
"""

from __future__ import annotations

from typing import Final

_LENGTH: Final = 8


class ExportParser:
    """Collects the pieces of a stream of entries."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._fields: dict[str, bytes] = {}

    def feed(self, piece: bytes) -> list[dict[str, bytes]]:
        """Add the next bytes of the stream; returns the entries that are complete now, each as fields by name."""
        self._data += piece
        entries: list[dict[str, bytes]] = []
        place = 0
        while (end := self._data.find(b"\n", place)) >= 0:
            line = bytes(self._data[place:end])
            name, is_text, value = line.partition(b"=")
            if not line:
                if self._fields:
                    entries.append(self._fields)
                self._fields = {}
            elif is_text:
                self._fields[name.decode("ascii", "replace")] = value
            else:
                start = end + 1 + _LENGTH
                stop = start + int.from_bytes(self._data[end + 1 : start], "little")
                # A newline follows the value. While the length is incomplete, `start` is beyond the data.
                if len(self._data) <= max(start, stop):
                    break
                self._fields[name.decode("ascii", "replace")] = bytes(self._data[start:stop])
                end = stop
            place = end + 1
        del self._data[:place]
        return entries
