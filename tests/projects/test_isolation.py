"""The process that renders templates: its restrictions, and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from forgather_units.projects.isolation import Isolated
from forgather_units.projects.outcome import Request


def request(folder: Path, name: str = "it.yaml") -> Request:
    return Request(str(folder), str(folder), (str(folder),), name, "")


def children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def test_the_process_is_started_on_demand_and_ended(tmp_path: Path) -> None:
    (tmp_path / "it.yaml").write_text("a: b")
    before = children()
    with Isolated() as isolated:
        assert not children() - before
        assert isolated.answer(request(tmp_path)).values == {"a": "b"}
        assert len(children() - before) == 1
    # A process of an earlier test may have ended meanwhile.
    assert not children() - before


def test_a_stuck_process_is_killed_and_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forgather_units.projects.isolation.PATIENCE", 0.2)
    (tmp_path / "stuck.yaml").write_text(
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    )
    (tmp_path / "good.yaml").write_text("a: b")
    monkeypatch.setattr("forgather_units.projects.isolation.FAIR_SHARE", 0.0)
    with Isolated() as isolated:
        stuck = isolated.answer(request(tmp_path, "stuck.yaml"))
        assert stuck.error == "stuck.yaml: takes more time than a config may take"
        assert not stuck.lasting
        monkeypatch.undo()
        assert isolated.answer(request(tmp_path, "good.yaml")).values == {"a": "b"}


def test_a_process_that_ends_fails_one_config_and_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "it.yaml").write_text("a: b")
    with Isolated() as isolated:
        isolated.answer(request(tmp_path))
        assert isolated.pid is not None
        os.kill(isolated.pid, signal.SIGKILL)
        # The process has ended, and Isolated reaps it.
        os.waitid(os.P_PID, isolated.pid, os.WEXITED | os.WNOWAIT)
        failed = isolated.answer(request(tmp_path))
        assert (failed.error, failed.lasting) == ("it.yaml: ends the process that renders it", False)
        assert isolated.answer(request(tmp_path)).values == {"a": "b"}


def test_the_process_inherits_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGATHER_SERVER_TOKEN", "secret")
    (tmp_path / "it.yaml").write_text("a: b")
    with Isolated() as isolated:
        isolated.answer(request(tmp_path))
        assert isolated.pid is not None
        environment = Path(f"/proc/{isolated.pid}/environ").read_bytes()
    assert b"HOME=" in environment and b"secret" not in environment


ESCAPES = {
    "a program": "os.system('touch {marker}')",
    "a fork": "os.fork()",
    "exec": "os.execv('/bin/touch', ['touch', '{marker}'])",
    "posix_spawn": "os.posix_spawn('/bin/touch', ['touch', '{marker}'], {{}})",
    "a file": "open('{marker}', 'w')",
    "a file by its number": "os.open('{marker}', os.O_CREAT | os.O_WRONLY)",
    "a socket": "__import__('socket').create_connection(('127.0.0.1', 9))",
    "a deletion": "os.remove('{victim}')",
    "a folder": "os.mkdir('{marker}')",
    "a link": "os.symlink('/', '{marker}')",
    "a signal": "os.kill(os.getppid(), 9)",
    "ctypes": "__import__('ctypes').CDLL(None)",
}


@pytest.mark.parametrize("what", ESCAPES)
def test_code_that_escapes_from_jinja_cannot_do_anything(tmp_path: Path, what: str) -> None:
    """As if Jinja2 had a vulnerability: the attack runs as Python code in the process itself."""
    marker, victim = tmp_path / "executed", tmp_path / "victim"
    victim.touch()
    attack = ESCAPES[what].format(marker=marker, victim=victim)
    (tmp_path / "it.yaml").write_text("a: {{ exploit() }}")
    program = f"""
import os
from forgather_units.projects import rendering, worker
original = rendering.machine_globals
def exploit():
    try:
        {attack}
    except BaseException as why:
        return type(why).__name__
    return "escaped"
rendering.machine_globals = lambda: dict(original(), exploit=exploit)
worker.main()
"""
    line = json.dumps(asdict(request(tmp_path))) + "\n"
    done = subprocess.run(
        [sys.executable, "-c", program], input=line, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.startswith("ready\n"), done.stderr
    assert json.loads(done.stdout.splitlines()[1])["values"] == {"a": "PermissionError"}
    assert victim.exists() and not marker.exists()
