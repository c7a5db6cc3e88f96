"""The journal as a job's terminal, over HTTP."""

from __future__ import annotations

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


def events(forgather: Forgather, queue_id: str, **headers: str) -> Iterator[Event]:
    """The (id, event, data) of a stream, until its end."""
    with closing(forgather.get(f"/api/jobs/{queue_id}/tty/stream", stream=True, headers=headers)) as answer:
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
    """Runs a shell script in place of TensorBoard: what it prints is the job's output."""
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


def test_history_then_live_then_the_end(printer: Printer, tmp_path: Path) -> None:
    go = tmp_path / "go"
    forgather, queue_id = printer(f"echo before; while [ ! -e {go} ]; do sleep 0.02; done; echo after; exit 3")
    wait_until(lambda: "before" in forgather.get(f"/api/jobs/{queue_id}/tty").text)
    stream = events(forgather, queue_id)
    first_id, kind, data = next(stream)
    assert (kind, data["text"], data["ends"]) == ("line", "before", True)
    go.touch()
    rest = list(stream)
    assert [(kind, data.get("text")) for _, kind, data in rest] == [("line", "after"), ("end", None)]
    assert (rest[-1][2]["status"], rest[-1][2]["exit_code"]) == ("failed", 3)
    again = list(events(forgather, queue_id, **{"Last-Event-ID": first_id}))
    assert [data.get("text") for _, _, data in again] == ["after", None]
    assert forgather.get(f"/api/jobs/{queue_id}/tty").text == "before\nafter\n"


def test_escapes_odd_bytes_and_long_lines_arrive_whole(printer: Printer) -> None:
    forgather, queue_id = printer(
        r"printf '\033[31mred\033[0m\n'; printf 'caf\xe9\n'; "
        r"head -c 200000 /dev/zero | tr '\0' x; echo; printf 'no newline'"
    )
    forgather.wait_status(queue_id, "done")
    whole = b"\x1b[31mred\x1b[0m\ncaf\xe9\n" + b"x" * 200_000 + b"\nno newline\n"
    assert wait_until(lambda: forgather.get(f"/api/jobs/{queue_id}/tty").content) == whole
    lines = [data for _, kind, data in events(forgather, queue_id) if kind == "line"]
    assert lines[0]["text"] == "\x1b[31mred\x1b[0m"
    assert lines[1] | {"time": 0} == {"text": "caf\ufffd", "ends": True, "time": 0, "base64": "Y2Fm6Q=="}
    assert "".join(data["text"] + "\n" * data["ends"] for data in lines[2:-1]) == "x" * 200_000 + "\n"


def test_every_line_once_and_in_order_while_it_prints(printer: Printer) -> None:
    forgather, queue_id = printer("for n in $(seq 5000); do echo $n; done")
    said = [data["text"] for _, kind, data in events(forgather, queue_id) if kind == "line"]
    assert said == [str(number) for number in range(1, 5001)]


def test_the_command_line_s_tail_and_dump(printer: Printer) -> None:
    forgather, queue_id = printer(r"echo one; sleep 0.3; printf 'caf\xe9\n'; exit 0")
    tail = forgather.cli("job", "tail", queue_id, check=False, errors="surrogateescape")
    assert tail.stdout.encode(errors="surrogateescape") == b"one\ncaf\xe9\n"
    dump = forgather.cli("job", "dump", queue_id, errors="surrogateescape")
    assert dump.stdout == tail.stdout
