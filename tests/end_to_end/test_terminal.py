"""The journal as a job's terminal, over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]
Event = tuple[str, str, dict[str, Any]]


def events(forgather: Forgather, queue_id: str, query: str = "", **headers: str) -> Iterator[Event]:
    """The (id, event, data) of a stream, until its end."""
    path = f"/api/jobs/{queue_id}/tty/stream{query}"
    with closing(forgather.get(path, stream=True, headers=headers)) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        fields: dict[str, str] = {}
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "data" in fields:
                yield fields.get("id", ""), fields["event"], json.loads(fields["data"])
                fields = {}


@pytest.fixture
def printer(
    make_forgather: Callable[..., Forgather], tmp_path: Path, free_port: FreePort
) -> Callable[[str], tuple[Forgather, str]]:
    """Runs a shell script in place of TensorBoard; its output is the job's output."""
    program = tmp_path / "printer"

    def run(script: str) -> tuple[Forgather, str]:
        program.write_text(f"#!/bin/bash\n{script}\n")
        program.chmod(0o755)
        forgather = make_forgather(tensorboard=str(program))
        forgather.start()
        logdir = tmp_path / "logdir"
        logdir.mkdir()
        return forgather, forgather.submit(logdir, port=free_port())

    return run


Printer = Callable[[str], tuple[Forgather, str]]


def test_a_stream_has_history_live_output_and_the_end(printer: Printer, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    forgather, queue_id = printer(f"echo before; while [ ! -e {ready} ]; do sleep 0.02; done; echo after; exit 3")
    wait_until(lambda: "before" in forgather.get(f"/api/jobs/{queue_id}/tty").text)
    stream = events(forgather, queue_id)
    first_id, kind, data = next(stream)
    assert (kind, data["text"], data["ends"]) == ("line", "before", True)
    ready.touch()
    rest = list(stream)
    assert [(kind, data.get("text")) for _, kind, data in rest] == [("line", "after"), ("end", None)]
    assert (rest[-1][2]["status"], rest[-1][2]["exit_code"]) == ("failed", 3)
    again = list(events(forgather, queue_id, **{"Last-Event-ID": first_id}))
    assert [data.get("text") for _, _, data in again] == ["after", None]
    assert forgather.get(f"/api/jobs/{queue_id}/tty").text == "before\nafter\n"


def test_escapes_invalid_bytes_and_long_lines_arrive_unchanged(printer: Printer) -> None:
    forgather, queue_id = printer(
        r"printf '\033[31mred\033[0m\n'; printf 'caf\xe9\n'; "
        r"head -c 200000 /dev/zero | tr '\0' x; echo; printf 'no newline'"
    )
    forgather.wait_status(queue_id, "done")
    whole = b"\x1b[31mred\x1b[0m\ncaf\xe9\n" + b"x" * 200_000 + b"\nno newline\n"
    # journald stores the lines one by one.
    wait_until(lambda: forgather.get(f"/api/jobs/{queue_id}/tty").content == whole)
    lines = [data for _, kind, data in events(forgather, queue_id) if kind == "line"]
    assert lines[0]["text"] == "\x1b[31mred\x1b[0m"
    assert lines[1] | {"time": 0} == {"text": "caf\ufffd", "ends": True, "time": 0, "base64": "Y2Fm6Q=="}
    assert "".join(data["text"] + "\n" * data["ends"] for data in lines[2:-1]) == "x" * 200_000 + "\n"


def test_every_line_arrives_once_and_in_order_during_output(printer: Printer) -> None:
    forgather, queue_id = printer("for n in $(seq 5000); do echo $n; done")
    received = [data["text"] for _, kind, data in events(forgather, queue_id) if kind == "line"]
    assert received == [str(number) for number in range(1, 5001)]


def test_tail_and_dump_on_the_command_line(printer: Printer) -> None:
    forgather, queue_id = printer(r"echo one; sleep 0.3; printf 'caf\xe9\n'; exit 0")
    tail = forgather.cli("job", "tail", queue_id, check=False, errors="surrogateescape")
    assert tail.stdout.encode(errors="surrogateescape") == b"one\ncaf\xe9\n"
    dump = forgather.cli("job", "dump", queue_id, errors="surrogateescape")
    assert dump.stdout == tail.stdout


def text_of(output: dict[str, Any]) -> str:
    return "".join(piece["text"] for piece in output["pieces"])


def numbered(first: int, last: int) -> str:
    return "".join(f"{number}\n" for number in range(first, last + 1))


def test_tail_starts_with_the_last_lines_joined_into_one_event(printer: Printer, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    forgather, queue_id = printer(f"seq 3000; while [ ! -e {ready} ]; do sleep 0.02; done; seq 3001 4000")
    wait_until(lambda: forgather.get(f"/api/jobs/{queue_id}/tty").text.endswith("\n3000\n"))
    stream = events(forgather, queue_id, "?joined=1&tail=500")
    cursor, kind, first = next(stream)
    assert (kind, text_of(first), first["is_first"], first["last"]) == ("output", numbered(2501, 3000), False, cursor)
    ready.touch()
    rest = list(stream)
    assert "".join(text_of(data) for _, kind, data in rest if kind == "output") == numbered(3001, 4000)
    assert rest[-1][1] == "end"
    # A reconnection resumes after the last line; `tail` does not apply.
    again = events(forgather, queue_id, "?joined=1&tail=500", **{"Last-Event-ID": cursor})
    assert "".join(text_of(data) for _, kind, data in again if kind == "output") == numbered(3001, 4000)
    whole = b"".join(forgather.get(f"/api/jobs/{queue_id}/tty/stream?joined=1").iter_content(None))
    # 19 kB of text: with one cursor per line it would be ten times as much.
    assert len(whole) < 40_000


def test_stored_output_is_read_by_pages_in_both_directions(printer: Printer) -> None:
    forgather, queue_id = printer(r"seq 2500; printf 'caf\xe9\n'")
    forgather.wait_status(queue_id, "done")
    wait_until(lambda: forgather.get(f"/api/jobs/{queue_id}/tty").content.endswith(b"\xe9\n"))

    def page(**query: str | int) -> dict[str, Any]:
        answer: dict[str, Any] = forgather.get(f"/api/jobs/{queue_id}/tty/lines", params=query).json()
        return answer

    newest = page(count=1001)
    assert newest["pieces"][0]["text"] == numbered(1501, 2500) + "caf\ufffd\n"
    assert base64.b64decode(newest["pieces"][0]["base64"]) == numbered(1501, 2500).encode() + b"caf\xe9\n"
    older = page(count=1000, before=newest["first"])
    assert (text_of(older), older["count"], older["is_first"]) == (numbered(501, 1500), 1000, False)
    oldest = page(count=1000, before=older["first"])
    assert (text_of(oldest), oldest["count"], oldest["is_first"]) == (numbered(1, 500), 500, True)
    assert page(before=oldest["first"])["pieces"] == []
    assert text_of(page(count=1000, after=oldest["last"])) == text_of(older)
    last = page(count=5000, after=older["last"])
    assert (last["last"], last["is_last"]) == (newest["last"], True)


@pytest.mark.parametrize("query", ["count=0", "count=x", "count=-1", f"count={10**30}", "tail=x&count=1e3"])
def test_a_wrong_count_gets_one_sentence(forgather: Forgather, sample_runs: Path, query: str) -> None:
    queue_id = forgather.submit(sample_runs, port="auto")
    answer = forgather.get(f"/api/jobs/{queue_id}/tty/lines?{query}")
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"].startswith("count must be a whole number from 1 to ")
