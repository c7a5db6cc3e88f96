"""Accounts without a login session, as after `sudo -u` and `su`: what the doctor says, and what its command repairs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forgather_units.sandbox.launch import Sandbox, booted
from forgather_units.sandbox.plan import NEIGHBOUR

FORGATHER = str(Path(sys.executable).with_name("forgather"))
UNIT = "forgather-server.service"


class Account:
    """Commands of the neighbour, who has never logged in, without PAM and with no variable of a session."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.uid = sandbox.plan.uid + 1

    def run(self, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        variables = {"HOME": f"/home/{NEIGHBOUR}", "PATH": "/usr/bin:/bin", "COLUMNS": "400", **environ}
        named = [f"{name}={value}" for name, value in variables.items()]
        ids = (f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups")
        inside = self._sandbox.enter(["env", "-i", *named, "setpriv", *ids, *command])
        return subprocess.run(inside, capture_output=True, text=True, check=False, timeout=120)

    def doctor(self, **environ: str) -> dict[str, Any]:
        done = self.run(FORGATHER, "doctor", "--json", **environ)
        return {row["name"]: row for row in json.loads(done.stdout)}

    def is_active(self) -> bool:
        variables = {"XDG_RUNTIME_DIR": f"/run/user/{self.uid}"}
        return self.run("systemctl", "--user", "is-active", UNIT, **variables).stdout.strip() == "active"


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with booted(private_network=True) as sandbox:
        yield Account(sandbox)


def test_without_a_manager_one_sentence_names_the_command_that_starts_it(account: Account) -> None:
    row = account.doctor()["service manager"]
    assert row["verdict"] == "bad"
    assert row["detail"] == f"no service manager runs for {NEIGHBOUR}: su and sudo -u open no session"
    assert row["fix"].startswith(f"loginctl enable-linger {NEIGHBOUR}; or ")
    done = account.run(FORGATHER, "service-unit", "install")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"forgather: {row['detail']}", f"hint: {row['fix']}"]
    assert done.stdout == ""


def test_the_command_needs_no_root_and_then_the_server_is_installed(account: Account) -> None:
    command = account.doctor()["service manager"]["fix"].partition(";")[0].split()
    repaired = account.run(*command)
    assert repaired.returncode == 0, repaired.stderr
    done = account.run(FORGATHER, "service-unit", "install")
    assert done.returncode == 0, done.stderr
    assert account.is_active()
    rows = account.doctor()
    assert rows["service manager"]["verdict"] == "ok"
    assert rows["lingering"]["verdict"] == "ok"
    assert rows["shell"]["detail"].startswith("XDG_RUNTIME_DIR is not set")
    assert rows["shell"]["fix"].startswith(f"export XDG_RUNTIME_DIR=/run/user/{account.uid};")
    assert account.run(FORGATHER, "job", "list").returncode == 0
    assert account.run(FORGATHER, "service-unit", "remove").returncode == 0
    assert not account.is_active()


@pytest.mark.parametrize("is_folder_kept", [True, False])
def test_variables_of_another_account(account: Account, is_folder_kept: bool) -> None:
    """As `su` without a dash keeps them."""
    account.run("loginctl", "enable-linger")
    other = f"/run/user/{account.uid - 1}"
    variables = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={other}/bus"}
    variables["XDG_RUNTIME_DIR"] = other if is_folder_kept else f"/run/user/{account.uid}"
    rows = account.doctor(**variables)
    assert rows["service manager"]["verdict"] == "ok"
    assert rows["own network"]["verdict"] == "ok"
    assert rows["journal"]["verdict"] == "ok"
    wrong = "XDG_RUNTIME_DIR" if is_folder_kept else "DBUS_SESSION_BUS_ADDRESS"
    assert rows["shell"]["detail"].startswith(f"{wrong} is {variables[wrong]}, which is not ")
    done = account.run(FORGATHER, "service-unit", "install", **variables)
    assert done.returncode == 0, done.stderr
    assert account.is_active()
