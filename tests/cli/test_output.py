"""Standard output that cannot be written is one sentence, never a traceback."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cli.command_line import Reply, Shell, SmallServer
from forgather_server import FORGATHER

ID = "q_1000_0000000a"


@pytest.fixture
def jobs(server: SmallServer) -> SmallServer:
    job = {"queue_id": ID, "status": "running", "config": "tensorboard:6006", "title": "tiny"}
    server.says("GET /api/jobs", [job] * 5000)
    server.says(f"GET /api/jobs/{ID}/status", job)
    server.answers[f"GET /api/jobs/{ID}/tty"] = lambda request: Reply(b"line\n" * 100_000, kind="text/plain")
    return server


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words", [["job", "list"], ["job", "list", "--json"], ["job", "dump", ID], ["--help"]], ids=" ".join
)
def test_a_full_disk(forgather: Shell, jobs: SmallServer, words: list[str], unbuffered: str) -> None:
    command = forgather.command(*words, PYTHONUNBUFFERED=unbuffered)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(**command | {"stdout": full}, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (
        1,
        "forgather: standard output cannot be written: No space left on device\n",
    )


@pytest.mark.parametrize("words", [["job", "list"], ["job", "dump", ID]], ids=" ".join)
def test_a_closed_pipe_is_quiet(forgather: Shell, jobs: SmallServer, words: list[str]) -> None:
    with subprocess.Popen(**forgather.command(*words)) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.wait(120) == 141
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("closed", "code", "said"), [(">&-", 1, "forgather: standard output is closed\n"), ("2>&-", 0, "")]
)
def test_no_output_at_all(forgather: Shell, jobs: SmallServer, closed: str, code: int, said: str) -> None:
    how = forgather.command() | {"args": ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", FORGATHER, "job", "list"]}
    done = subprocess.run(**how, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (code, said)


def test_unavailable_service_manager_is_one_message(forgather: Shell, tmp_path: Path) -> None:
    nowhere = f"unix:path={tmp_path}/none"
    done = forgather("server", "--port", "0", DBUS_SESSION_BUS_ADDRESS=nowhere, DBUS_SYSTEM_BUS_ADDRESS=nowhere)
    said, hint = done.err.splitlines()
    assert (done.code, done.out) == (1, "")
    assert said.startswith("forgather: no ") and said.endswith(f" service manager answers at {nowhere}")
    assert hint.startswith("hint: systemctl --")
