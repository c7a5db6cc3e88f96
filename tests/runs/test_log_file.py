"""trainer_logs.json while it is written: never closed, half a record at its end, torn anywhere."""

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
def test_cut_anywhere(closed: bool) -> None:
    """Two pieces, cut at each byte in turn: the records are the same."""
    whole = written(RECORDS, closed=closed)
    for cut in range(len(whole) + 1):
        splitter = RecordSplitter()
        assert [*splitter.feed(whole[:cut]), *splitter.feed(whole[cut:])] == RECORDS, cut
        assert (splitter.broken, splitter.is_half, splitter.is_closed) == (0, False, closed)


def test_a_byte_at_a_time() -> None:
    splitter = RecordSplitter()
    found = [record for byte in written(RECORDS) for record in splitter.feed(bytes([byte]))]
    assert found == RECORDS


def test_indented_as_by_hand() -> None:
    splitter = RecordSplitter()
    text = json.dumps(RECORDS, indent=4, ensure_ascii=False).encode()
    found = [record for at in range(0, len(text), 7) for record in splitter.feed(text[at : at + 7])]
    assert (found, splitter.broken) == (RECORDS, 0)


def test_half_a_record_is_waited_for() -> None:
    whole = written(RECORDS, closed=False)
    splitter = RecordSplitter()
    assert splitter.feed(whole[:-5]) == RECORDS[:-1]
    assert splitter.is_half
    assert splitter.feed(whole[-5:]) == RECORDS[-1:]


def test_a_broken_record_costs_no_other() -> None:
    """What a crash left, and a trainer that goes on in the same file."""
    one, two, three = map(json.dumps, RECORDS)
    splitter = RecordSplitter()
    found = splitter.feed(f"[\n{one},\n{two[:20]}\n{three},\n".encode())
    assert found == [RECORDS[0], RECORDS[2]]
    assert splitter.broken == 1


def test_literals_that_json_has_not() -> None:
    (record,) = RecordSplitter().feed(b'[\n{"global_step": 1, "loss": NaN, "grad_norm": -Infinity}')
    assert math.isnan(record["loss"]) and record["grad_norm"] == -math.inf


@pytest.mark.parametrize("raw", [b"", b"[", b"[\n]", b"\x00\xff\xfe" * 1000, b"null", b'"text"', b"{" * 100_000])
def test_what_is_no_log(raw: bytes) -> None:
    assert RecordSplitter().feed(raw) == []


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
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
    # A new run in its place; then one that was cut.
    path.rename(tmp_path / "old.json")
    path.write_bytes(whole)
    assert log.is_another()
    again = LogFile(path)
    assert [record for piece in again.read() for record in piece] == RECORDS
    path.write_bytes(b"[\n")
    assert again.is_another()


def test_a_file_that_goes(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"there is no .*gone\.json"):
        list(LogFile(tmp_path / "gone.json").read())


def test_a_sample_of_a_long_one(tmp_path: Path) -> None:
    path = tmp_path / "trainer_logs.json"
    path.write_bytes(written(({"global_step": step, "loss": 1 / step} for step in range(1, 20_001)), closed=False))
    log = LogFile(path)
    steps = [record["global_step"] for piece in log.sample(8, 1000) for record in piece]
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (1, 20_000)
    assert len(steps) < 400
    assert log.broken == 0


def test_a_pipe_is_no_log(tmp_path: Path) -> None:
    """Whoever opens one waits for somebody to write into it."""
    for name in ("trainer_logs.json", "events.out.tfevents.1"):
        os.mkfifo(tmp_path / name)
    assert run_at(tmp_path) is None
    with pytest.raises(Refused, match="neither a run's folder nor a"):
        run_at(tmp_path / "trainer_logs.json")
    # One that took a log's place after it was found.
    with pytest.raises(Unavailable, match="no regular file"):
        list(LogFile(tmp_path / "trainer_logs.json").read())
