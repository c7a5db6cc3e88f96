"""Small transient units in the real manager, and their journal."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from units.bus_relay import BusRelay

from forgather_units.domain.scope import Scope
from forgather_units.host.this_machine import this_machine
from forgather_units.journal.reader import Journal

Run = Callable[[str], str]
"""Runs a shell script as a unit; the unit's name."""


@pytest.fixture
def run_unit() -> Iterator[Run]:
    scope = this_machine().scope.flag
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
    return Journal(this_machine())


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BusRelay]:
    """Makes this process use a relay in place of the bus, until the test ends."""
    machine = this_machine()
    real = machine.bus_address.removeprefix("unix:path=").partition(",")[0]
    made = BusRelay(tmp_path / "bus", real)
    variable = "DBUS_SYSTEM_BUS_ADDRESS" if machine.scope is Scope.SYSTEM else "DBUS_SESSION_BUS_ADDRESS"
    monkeypatch.setenv(variable, f"unix:path={made.path}")
    made.listen()
    yield made
    made.end()
