"""`forgather doctor` on this machine."""

from __future__ import annotations

import os
import subprocess

from cli.command_line import Shell, SmallServer

NAMES = [
    "systemd",
    "service manager",
    "user namespaces",
    "own network",
    "mount sandbox",
    "hidden sockets",
    "hidden home",
    "no unix sockets",
    "socket proxy",
    "ip filter",
    "memory limit",
    "cpu weight",
    "tasks limit",
    "lingering",
    "groups",
    "journal",
    "control groups",
    "tensorboard",
    "data server",
    "plugins",
    "shell",
    "state folder",
    "tensorboard in a unit",
    "mkdocs in a unit",
    "server",
]


def test_one_row_for_each_fact(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/health", {"version": "0.1.0"})
    server.says("GET /api/queue/scheduler", {})
    findings = forgather("doctor", "--json").json
    assert [finding["name"] for finding in findings] == NAMES
    assert {finding["verdict"] for finding in findings} <= {"ok", "warn", "bad"}
    assert findings[-1] == {"name": "server", "verdict": "ok", "detail": f"0.1.0 at {server.url}", "fix": ""}
    done = forgather("doctor", COLUMNS="5000")
    assert len(done.out.splitlines()) == len(NAMES) + 1
    assert done.code == int(any(finding["verdict"] == "bad" for finding in findings))


def test_manager_check_agrees_with_systemctl(forgather: Shell) -> None:
    scope = "--system" if os.geteuid() == 0 else "--user"
    asked = subprocess.run(["systemctl", scope, "show", "--property=Version"], capture_output=True, check=False)
    found = {finding["name"]: finding["verdict"] for finding in forgather("doctor", "--json").json}
    assert found["service manager"] == ("ok" if asked.returncode == 0 else "bad")
    assert found["tensorboard"] == "ok"


def test_systemd_is_found_without_system_folders_in_path(forgather: Shell) -> None:
    """As a server may have it that a service manager started: systemd is found all the same."""
    found = {row["name"]: row for row in forgather("doctor", "--json", PATH="/nowhere").json}
    here = {row["name"]: row for row in forgather("doctor", "--json").json}
    assert found["systemd"] == here["systemd"]
    assert found["mount sandbox"] == here["mount sandbox"]


def test_a_server_that_does_not_answer_is_a_warning(forgather: Shell) -> None:
    found = forgather("doctor", "--json", "--server", "http://127.0.0.1:1").json[-1]
    assert found["verdict"] == "warn" and "could not reach" in found["detail"]
