"""`forgather job tail` and `dump`: every byte, and over a server that goes away."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import threading
from collections.abc import Iterator

import pytest
from cli.command_line import Reply, Request, Shell, SmallServer
from forgather_server import FORGATHER
from waiting import wait_until

from forgather_units.cli.connection.events import Event, parse

ID = "q_1000_0000000a"
STREAM = f"GET /api/jobs/{ID}/tty/stream"


def event(kind: str, cursor: str = "", **data: object) -> bytes:
    return f"{f'id: {cursor}' if cursor else ': none'}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def streams(server: SmallServer, *connections: list[bytes]) -> None:
    """Each connection in its turn; the last one again and again."""
    left = list(connections)

    def answer(request: Request) -> Reply:
        pieces = left.pop(0) if len(left) > 1 else left[0]
        return Reply(kind="text/event-stream", pieces=iter(pieces))

    server.answers[STREAM] = answer


def _streams_of(server: SmallServer) -> list[Request]:
    return [request for request in server.asked if STREAM.endswith(request.path.partition("?")[0])]


_ODD = base64.b64encode(b"\xff\n").decode()
END = event("end", status="failed", signal=9, exit_code=None)


def test_lines_arrive_as_they_were_printed(forgather: Shell, server: SmallServer) -> None:
    odd = b"\xff\x00 no text"
    streams(
        server,
        [
            b"retry: 1000\n: open\n\n",
            event("line", "c1", text="\x1b[32mgreen\x1b[0m", ends=True, time=1),
            event("line", "c2", text="a long", ends=False, time=1),
            event("line", "c3", text=" line", ends=True, time=1),
            event("line", "c4", text="?", ends=True, time=1, base64=base64.b64encode(odd).decode()),
            event("dropped", "c5", count=12, time=1),
            event("output", "c6", pieces=[{"text": "five\nsix\n"}, {"dropped": 0}, {"text": "?\n", "base64": _ODD}]),
            event("unreadable", detail="the journal cannot be read: why"),
            event("news", "c6", of="a later version"),
            END,
        ],
    )
    done = subprocess.run(**{**forgather.command("job", "tail", ID), "text": False}, check=False)
    assert done.returncode == 0
    assert done.stdout == b"\x1b[32mgreen\x1b[0m\na long line\n" + odd + b"\nfive\nsix\n\xff\n"
    assert done.stderr.decode().splitlines() == [
        "--- journald dropped 12 lines ---",
        "--- journald drops lines: its rate limit is reached ---",
        "--- the journal cannot be read: why ---",
        "--- failed, signal 9 ---",
    ]


@pytest.mark.parametrize(
    ("job", "note"),
    [
        ({"status": "queued", "waits_for": "port 6006 is held by another process"}, "queued: port 6006 is held by "),
        ({"status": "queued", "waits_for": None}, "queued: not started yet"),
        ({"status": "sleeping"}, "sleeping: until the next request"),
    ],
)
def test_tail_explains_a_silent_job(forgather: Shell, server: SmallServer, job: dict[str, object], note: str) -> None:
    server.says(f"GET /api/jobs/{ID}/status", job)
    streams(server, [END])
    done = forgather("job", "tail", ID)
    assert done.code == 0
    assert done.err.startswith(f"--- {note}")
    assert len(done.err.splitlines()) == 2
    assert forgather("job", "tail", ID, "--json").err == ""


def test_json_is_one_line_for_each_event(forgather: Shell, server: SmallServer) -> None:
    streams(server, [event("line", "c1", text="x", ends=True, time=1), END])
    done = forgather("job", "tail", ID, "--json", "--since-cursor", "c0")
    assert [json.loads(line)["event"] for line in done.out.splitlines()] == ["line", "end"]
    assert json.loads(done.out.splitlines()[0])["cursor"] == "c1"
    assert server.asked[-1].headers["last-event-id"] == "c0"


def test_tail_continues_after_the_last_line(forgather: Shell, server: SmallServer) -> None:
    first = event("line", "c1", text="one", ends=True, time=1)
    streams(server, [first, b"event: line\nda"], [event("line", "c2", text="two", ends=True, time=2), END])
    done = forgather("job", "tail", ID)
    assert (done.code, done.out) == (0, "one\ntwo\n")
    assert done.err == "--- the server went away; trying again for 30 s ---\n--- failed, signal 9 ---\n"
    assert [request.headers.get("last-event-id") for request in _streams_of(server)] == [None, "c1"]


def test_tail_reports_a_job_that_was_removed_during_a_restart(forgather: Shell, server: SmallServer) -> None:
    left = [Reply(kind="text/event-stream", pieces=iter([b": open\n\n"]))]
    server.answers[STREAM] = lambda _: left.pop() if left else Reply({"detail": f"no job {ID}"}, 404)
    done = forgather("job", "tail", ID)
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(f"forgather: no job {ID}\n")


def test_an_unknown_job(forgather: Shell, server: SmallServer) -> None:
    server.says(STREAM, {"detail": f"no job {ID}"}, 404)
    done = forgather("job", "tail", ID)
    assert (done.code, done.out, done.err) == (1, "", f"forgather: no job {ID}\n")


def test_tail_prints_lines_at_once_and_ends_quietly_at_ctrl_c(forgather: Shell, server: SmallServer) -> None:
    release = threading.Event()

    def pieces() -> Iterator[bytes]:
        yield event("line", "c1", text="hello", ends=True, time=1)
        release.wait(120)

    server.answers[STREAM] = lambda _: Reply(kind="text/event-stream", pieces=pieces())
    with subprocess.Popen(**forgather.command("job", "tail", ID)) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            # Nothing more follows, and yet it is there.
            assert process.stdout.readline() == "hello\n"
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(120) == 0
        assert process.stderr.read() == ""
    release.set()


def test_ctrl_c_ends_other_commands_quietly(forgather: Shell, server: SmallServer) -> None:
    release = threading.Event()

    def late(request: Request) -> Reply:
        release.wait(120)
        return Reply([])

    server.answers["GET /api/jobs"] = late
    with subprocess.Popen(**forgather.command("job", "list")) as process:
        wait_until(lambda: server.asked)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    release.set()
    assert (process.returncode, err) == (130, "")


def test_dump_prints_every_byte(forgather: Shell, server: SmallServer) -> None:
    printed = b"one\n\xff\x00\x1b[0m\r\n" + b"x" * 200_000
    pieces = [printed[start : start + 7000] for start in range(0, len(printed), 7000)]
    server.answers[f"GET /api/jobs/{ID}/tty"] = lambda _: Reply(kind="text/plain", pieces=iter(pieces))
    done = subprocess.run(**{**forgather.command("job", "dump", ID), "text": False}, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, b"")
    as_json = forgather("job", "dump", ID, "--json").json
    assert base64.b64decode(as_json["base64"]) == printed


LISTENS = b"TensorBoard 2.20.0 at http://localhost:6006/ (Press CTRL+C to quit)\n"
SERVES = b"INFO    -  [12:00:00] Serving on http://127.0.0.1:8000/\n"


def test_address_of_the_server_follows_that_of_the_viewer(forgather: Shell, server: SmallServer) -> None:
    printed = b"first\n" + LISTENS + b"later\n" + SERVES
    note = f"--- open it at {server.url}/api/tb/{ID}/ ---\n"
    server.says(f"GET /api/jobs/{ID}/status", {"status": "running", "path_prefix": f"/api/tb/{ID}"})
    # Cut anywhere: byte by byte.
    server.answers[f"GET /api/jobs/{ID}/tty"] = lambda _: Reply(
        kind="text/plain", pieces=(printed[at : at + 1] for at in range(len(printed)))
    )
    streams(server, [event("output", "c1", pieces=[{"text": printed.decode()}]), END])
    for verb, ending in (("dump", ""), ("tail", "--- failed, signal 9 ---\n")):
        # Standard output has each byte as it was printed.
        done = forgather("job", verb, ID)
        assert (done.code, done.out, done.err) == (0, printed.decode(), note * 2 + ending)
        # Behind the line, not somewhere before or after it.
        both = subprocess.run(**forgather.command("job", verb, ID) | {"stderr": subprocess.STDOUT}, check=False).stdout
        assert both == f"first\n{LISTENS.decode()}{note}later\n{SERVES.decode()}{note}{ending}"
    assert "open it" not in forgather("job", "tail", ID, "--json").err
    # A server that does not know where it is.
    server.says(f"GET /api/jobs/{ID}/status", {"detail": "no"}, 503)
    assert forgather("job", "dump", ID).err == ""


def test_events_are_parsed_from_pieces_of_any_size() -> None:
    whole = (
        b"retry: 9\n: hi\n\nid: a\nevent: line\ndata: 1\ndata:2\r\n\r\ndata: \xc3\xa9\n\nevent: x\n\nid: b\ndata: half"
    )
    expected = [Event("line", "1\n2", "a"), Event("message", "é", "a")]
    assert list(parse([whole])) == expected
    assert list(parse([whole[i : i + 1] for i in range(len(whole))])) == expected


def test_the_command_is_installed() -> None:
    done = subprocess.run([FORGATHER, "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("forgather ")
