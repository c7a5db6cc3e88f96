"""Small transient units of the test's own in the real manager, and their journal."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator

import pytest

from forgather_units.units.journal import Journal
from forgather_units.units.scope import Scope

Run = Callable[[str], str]
"""Runs a shell script as a unit; the unit's name."""


@pytest.fixture
def run_unit() -> Iterator[Run]:
    scope = Scope.of_this_process().flag
    started: list[str] = []

    def run(script: str) -> str:
        unit = f"fgtest-units-{secrets.token_hex(4)}.service"
        started.append(unit)
        identifier = f"--property=SyslogIdentifier={unit.removesuffix('.service')}"
        command = ["systemd-run", scope, "--quiet", "--collect", f"--unit={unit}", identifier]
        # systemd expands $ in a command's words.
        subprocess.run([*command, "/bin/sh", "-c", script.replace("$", "$$")], check=True)
        return unit

    yield run
    for unit in started:
        subprocess.run(["systemctl", scope, "stop", unit], capture_output=True, check=False)


@pytest.fixture
def journal() -> Journal:
    return Journal(Scope.of_this_process())
