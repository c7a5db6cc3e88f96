"""The journal's export format, cut anywhere: the same entries."""

from __future__ import annotations

import struct

import pytest
from hostile_values import BOUNDED
from hypothesis import given
from hypothesis import strategies as st

from forgather_units.journal.export_format import ExportParser

FIELDS = st.dictionaries(
    st.from_regex(r"[A-Z_][A-Z0-9_]{0,20}", fullmatch=True), st.binary(max_size=300), min_size=1, max_size=6
)


def exported(entry: dict[str, bytes]) -> bytes:
    """As journalctl writes it: text inline, other bytes with their length."""
    written = b""
    for name, value in entry.items():
        is_text = all(byte >= 32 or byte == 9 for byte in value)
        written += name.encode()
        written += b"=" + value if is_text else b"\n" + struct.pack("<Q", len(value)) + value
        written += b"\n"
    return written + b"\n"


@BOUNDED  # type: ignore[untyped-decorator]
@given(st.lists(FIELDS, max_size=5), st.integers(1, 700))  # type: ignore[untyped-decorator]
def test_entries_arrive_however_the_stream_is_cut(entries: list[dict[str, bytes]], size: int) -> None:
    stream = b"".join(map(exported, entries))
    parser = ExportParser()
    found = [entry for start in range(0, len(stream), size) for entry in parser.feed(stream[start : start + size])]
    assert found == entries


@pytest.mark.parametrize("size", [1, 7, 9, 64])
def test_a_value_that_looks_like_the_format_is_a_value(size: int) -> None:
    entry = {"MESSAGE": b"\nA=1\n\nMESSAGE\n\x08\0\0\0\0\0\0\0", "B": b"=\t="}
    parser = ExportParser()
    stream = exported(entry) * 2
    found = [each for start in range(0, len(stream), size) for each in parser.feed(stream[start : start + size])]
    assert found == [entry, entry]
