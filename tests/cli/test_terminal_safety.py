"""A terminal gets only text and colours from a job's output, a title, a name or an error."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import threading
from pathlib import Path

import pytest
from cli.command_line import Reply, Shell, SmallServer

from forgather_units.cli.terminal import TerminalFilter

ID = "q_1000_0000000a"
HOSTILE = {
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard, ended by ST": "\x1b]52;c;ZXZpbA==\x1b\\",
    "title": "\x1b]0;evil\x07",
    "link": "\x1b]8;;http://evil\x07text\x1b]8;;\x07",
    "DCS": '\x1bP$q"p\x1b\\',
    "APC": "\x1b_evil\x1b\\",
    "clear": "\x1b[2J\x1b[H",
    "reset": "\x1bc",
    "who are you": "\x1b[c\x1b[6n\x05",
    "alternate screen": "\x1b[?1049h",
    "8 bit CSI": "\x9b2J",
    "8 bit OSC": "\x9d52;c;ZXZpbA==\x9c",
    "backspace": "rm\b\bls",
    "bell": "\a",
    "shift out": "\x0e",
    "form feed": "\f\v",
    "delete": "\x7f",
    "private SGR": "\x1b[>4;1m\x1b[?1m\x1b[1 m",
    "endless SGR": "\x1b[" + "1;" * 4000 + "m",
    "escape in a colour": "\x1b[3\x1b[1mx",
}
COLOURS = "\x1b[1;31mred\x1b[0m \x1b[38:2::1:2:3mtrue\x1b[m"


def events(printed: str) -> list[bytes]:
    line = json.dumps({"text": printed, "ends": True, "time": 1})
    end = json.dumps({"status": "done", "exit_code": 0})
    return [f"event: line\ndata: {line}\n\n".encode(), f"event: end\ndata: {end}\n\n".encode()]


def filtered(*pieces: str) -> str:
    screen = TerminalFilter()
    return "".join([*map(screen.feed, pieces), screen.end()])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_control_sequences_are_escaped(text: str) -> None:
    for shown in (filtered(text), filtered(*text), filtered(text[:1], text[1:])):
        assert not set(shown) & set(map(chr, [*range(9), 11, 12, *range(14, 27), *range(28, 32), *range(127, 160)]))
        # An escape that is left begins a colour.
        assert all(part[:1] == "[" and part.partition("m")[0][1:].strip("0123456789;:") == "" for part in
                   shown.split("\x1b")[1:])  # fmt: skip


def test_text_and_colours_pass() -> None:
    text = f"tab\tand\r\n{COLOURS} é 漢 \U0001f600\n"
    assert filtered(text) == filtered(*text) == text


def test_a_colour_ends_with_the_output() -> None:
    assert filtered("\x1b[8mhidden") == "\x1b[8mhidden\x1b[0m"
    assert filtered("cut\x1b[3") == "cut^[[3"


def on_a_terminal(shell: Shell, *words: str) -> bytes:
    """The command's output to a terminal that is its standard output and error."""
    ours, theirs = pty.openpty()
    how = shell.command(*words) | {"stdout": theirs, "stderr": theirs, "text": False}
    written: list[bytes] = []

    def read() -> None:
        try:
            while piece := os.read(ours, 65536):
                written.append(piece)
        except OSError:
            # The other side is closed.
            return

    with subprocess.Popen(**how) as process:
        os.close(theirs)
        reading = threading.Thread(target=read)
        reading.start()
        process.wait(120)
    reading.join(120)
    os.close(ours)
    return b"".join(written)


@pytest.mark.parametrize("words", [["dump", ID], ["tail", ID]], ids=" ".join)
def test_a_job_s_output(forgather: Shell, server: SmallServer, words: list[str]) -> None:
    printed = "".join(HOSTILE.values()).replace("\n", "") + COLOURS
    raw = printed.encode() + b" \x9b2J \xff\n"
    server.answers[f"GET /api/jobs/{ID}/tty"] = lambda request: Reply(raw, kind="text/plain")
    server.answers[f"GET /api/jobs/{ID}/tty/stream"] = lambda request: Reply(
        kind="text/event-stream", pieces=iter(events(printed))
    )
    shown = on_a_terminal(forgather, "job", *words)
    assert COLOURS.encode() in shown
    assert b"\x1b]" not in shown and b"\x9d" not in shown.replace("\x9d".encode(), b"") and b"\x07" not in shown
    assert b"^[]52;c;ZXZpbA==^G" in shown
    assert b"\x1b]52;c;ZXZpbA==\x07" in on_a_terminal(forgather, "job", *words, "--raw")
    # Into a pipe each byte as it was printed.
    piped = subprocess.run(**{**forgather.command("job", *words), "text": False}, check=False).stdout
    assert piped == (raw if words[0] == "dump" else printed.encode() + b"\n")


def test_every_other_command(forgather: Shell, server: SmallServer, tmp_path: Path) -> None:
    """The streams themselves filter all output."""
    evil = "\x1b]52;c;ZXZpbA==\x07"
    names = ("title", "error", "owner", "unit", "path_prefix", "waits_for")
    job = {
        "queue_id": ID,
        "status": f"failed{evil}",
        "notices": [evil],
        "job_params": {"logdir": evil},
        **dict.fromkeys(names, evil),
    }
    for route, body in {
        "GET /api/jobs": [job],
        f"GET /api/jobs/{ID}/status": job,
        "GET /api/queue": [job],
        "POST /api/auth/login-url": {"url": f"http://a/{evil}"},
        f"POST /api/jobs/{ID}/control/wake": {"message": evil},
        "GET /api/services": [],
    }.items():
        server.says(route, body)
    server.says("POST /api/jobs/gc", {"detail": evil, "hint": evil}, 400)
    named = tmp_path / f"runs{evil}"
    named.mkdir()
    (named / "trainer_logs.json").write_text('[{"step": 1, "loss": 2.0}]')
    for words in (
        ["job", "list"],
        ["job", "status", ID],
        ["job", "wake", ID],
        ["job", "gc"],
        ["sched", "list"],
        ["sched", "queue"],
        ["login-url"],
        ["logs", "list", str(tmp_path)],
        ["logs", "summary", str(named)],
        ["ls", str(named)],
        ["tb", "--dry-run", "--logdir", str(named)],
        ["tb", "--dry-run", "--logdir", f"{named}/nothing"],
        ["doctor", "--server", f"http://{evil}"],
        ["nonsense" + evil],
    ):
        shown = on_a_terminal(forgather, *words)
        assert shown and b"\x1b]" not in shown and b"\x07" not in shown, (words, shown)
        assert b"Traceback" not in shown, (words, shown)


def test_the_server_s_own_log(forgather: Shell, tmp_path: Path) -> None:
    evil = "\x1b]0;evil\x07"
    config = tmp_path / "config.yaml"
    config.write_text(f"tensorboard: 5 # {evil}\nprot{evil.encode('unicode_escape').decode()}: 1\n")
    shown = on_a_terminal(forgather, "server", "--config", str(config))
    assert shown and b"\x1b]" not in shown
