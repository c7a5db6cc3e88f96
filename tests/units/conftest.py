"""Small transient units of the test's own in the real manager, and their journal."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bus_relay import BusRelay

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


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BusRelay]:
    """The bus of this process, for as long as the test lasts."""
    scope = Scope.of_this_process()
    real = scope.bus_address.removeprefix("unix:path=").partition(",")[0]
    standing_in = BusRelay(tmp_path / "bus", real)
    variable = "DBUS_SYSTEM_BUS_ADDRESS" if scope is Scope.SYSTEM else "DBUS_SESSION_BUS_ADDRESS"
    monkeypatch.setenv(variable, f"unix:path={standing_in.path}")
    standing_in.come()
    yield standing_in
    standing_in.end()
