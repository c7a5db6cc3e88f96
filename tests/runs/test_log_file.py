"""trainer_logs.json while it is written: not closed, with an incomplete last record, or damaged."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from forgather_units.domain.errors import NotFound, Refused, Unavailable
from forgather_units.runs.find import run_at
from forgather_units.runs.log_file import LogFile
from forgather_units.runs.record_splitter import RecordSplitter

RECORDS: list[dict[str, Any]] = [
    {"timestamp": 1.5, "global_step": 10, "epoch": 0.1, "loss": 3.25, "note": 'a } ] , {" é\n'},
    {"timestamp": 2.5, "global_step": 20, "epoch": 0.2, "eval_loss": 3.5, "nested": {"a": [1, {"b": 2}]}},
    {"timestamp": 3.5, "global_step": 30, "epoch": 0.3, "loss": None},
]


def written(records: Iterable[dict[str, Any]], *, closed: bool = True) -> bytes:
    """As Forgather's trainer writes them."""
    return ("[\n" + ",\n".join(map(json.dumps, records)) + ("\n]" if closed else "")).encode()


@pytest.mark.parametrize("closed", [True, False])
def test_a_log_in_two_pieces(closed: bool) -> None:
    """Two pieces, cut at each byte in turn: the records are the same."""
    whole = written(RECORDS, closed=closed)
    for cut in range(len(whole) + 1):
        splitter = RecordSplitter()
        assert [*splitter.feed(whole[:cut]), *splitter.feed(whole[cut:])] == RECORDS, cut
        assert (splitter.broken, splitter.is_half, splitter.is_closed) == (0, False, closed)


def test_a_log_in_single_bytes() -> None:
    splitter = RecordSplitter()
    found = [record for byte in written(RECORDS) for record in splitter.feed(bytes([byte]))]
    assert found == RECORDS


def test_an_indented_log() -> None:
    splitter = RecordSplitter()
    text = json.dumps(RECORDS, indent=4, ensure_ascii=False).encode()
    found = [record for at in range(0, len(text), 7) for record in splitter.feed(text[at : at + 7])]
    assert (found, splitter.broken) == (RECORDS, 0)


def test_an_incomplete_record_is_completed_later() -> None:
    whole = written(RECORDS, closed=False)
    splitter = RecordSplitter()
    assert splitter.feed(whole[:-5]) == RECORDS[:-1]
    assert splitter.is_half
    assert splitter.feed(whole[-5:]) == RECORDS[-1:]


def test_a_broken_record_affects_no_other() -> None:
    """A trainer has crashed, and another one continues in the same file."""
    one, two, three = map(json.dumps, RECORDS)
    splitter = RecordSplitter()
    found = splitter.feed(f"[\n{one},\n{two[:20]}\n{three},\n".encode())
    assert found == [RECORDS[0], RECORDS[2]]
    assert splitter.broken == 1


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "9" * 5000, '"\\x"'])
@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("separator", [", ", ",\n"])
def test_the_record_after_a_broken_one_is_found(value: str, indent: int | None, separator: str) -> None:
    """The file may be one line, or indented; a record with a value that is not JSON is counted."""
    texts = [json.dumps(record, indent=indent) for record in RECORDS]
    broken = json.dumps({"global_step": 15, "loss": 0, "nested": {"a": {}}}, indent=indent).replace("0,", f"{value},")
    raw = f"[{separator.join([texts[0], broken, *texts[1:], broken])}]".encode()
    for cut in (0, len(texts[0]) + 20, len(raw) - 5):
        splitter = RecordSplitter()
        assert [*splitter.feed(raw[:cut]), *splitter.feed(raw[cut:])] == RECORDS
        assert (splitter.broken, splitter.is_half, splitter.is_closed) == (2, False, True)


def test_nan_and_infinity_are_accepted() -> None:
    (record,) = RecordSplitter().feed(b'[\n{"global_step": 1, "loss": NaN, "grad_norm": -Infinity}')
    assert math.isnan(record["loss"]) and record["grad_norm"] == -math.inf


@pytest.mark.parametrize("raw", [b"", b"[", b"[\n]", b"\x00\xff\xfe" * 1000, b"null", b'"text"', b"{" * 100_000])
def test_other_content_has_no_records(raw: bytes) -> None:
    assert RecordSplitter().feed(raw) == []


def test_only_new_bytes_are_read(tmp_path: Path) -> None:
    path = tmp_path / "trainer_logs.json"
    whole = written(RECORDS, closed=False)
    path.write_bytes(whole[:60])
    log = LogFile(path)

    def read() -> list[dict[str, Any]]:
        return [record for piece in log.read() for record in piece]

    first = read()
    assert (log.offset, log.unread) == (60, 0)
    with path.open("ab") as file:
        file.write(whole[60:])
    assert first + read() == RECORDS
    assert read() == []
    assert not log.is_another()
    # A new log in its place; then a truncated one.
    path.rename(tmp_path / "old.json")
    path.write_bytes(whole)
    assert log.is_another()
    again = LogFile(path)
    assert [record for piece in again.read() for record in piece] == RECORDS
    path.write_bytes(b"[\n")
    assert again.is_another()


def test_a_missing_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no .*absent\.json"):
        list(LogFile(tmp_path / "absent.json").read())


def test_a_sample_of_a_long_log(tmp_path: Path) -> None:
    path = tmp_path / "trainer_logs.json"
    path.write_bytes(written(({"global_step": step, "loss": 1 / step} for step in range(1, 20_001)), closed=False))
    log = LogFile(path)
    steps = [record["global_step"] for piece in log.sample(8, 1000) for record in piece]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (1, 20_000)
    assert len(steps) < 400
    assert log.broken == 0


def test_a_fifo_is_not_opened(tmp_path: Path) -> None:
    """Opening a FIFO would wait for a writer."""
    for name in ("trainer_logs.json", "events.out.tfevents.1"):
        os.mkfifo(tmp_path / name)
    assert run_at(tmp_path) is None
    with pytest.raises(Refused, match="neither a run's folder nor a"):
        run_at(tmp_path / "trainer_logs.json")
    # A FIFO that replaced a log after it was found.
    with pytest.raises(Unavailable, match="not a regular file"):
        list(LogFile(tmp_path / "trainer_logs.json").read())
