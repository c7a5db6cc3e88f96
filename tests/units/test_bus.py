"""Calls to the real manager: what it refuses, and what happens when it is not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

from forgather_units.domain.errors import Unavailable
from forgather_units.units.bus import ManagerBus, UnitExists, UnitRefused
from forgather_units.units.scope import Scope


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagerBus]:
    scope = Scope.of_this_process()
    if scope is Scope.USER and "XDG_RUNTIME_DIR" not in os.environ:
        monkeypatch.setenv("XDG_RUNTIME_DIR", scope.runtime_dir)
    connection = ManagerBus(scope)
    yield connection
    connection.close()


@pytest.fixture
def name(bus: ManagerBus) -> Iterator[str]:
    unit = f"fgtest-bus-{secrets.token_hex(4)}.service"
    yield unit
    bus.stop(unit)
    bus.reset_failed(unit)


def sleeping(command: str = "/bin/sleep") -> dict[str, Any]:
    return {"ExecStartEx": [(command.encode(), [command.encode(), b"60"], [b"no-env-expand"])], "Type": "exec"}


def test_a_name_in_use(bus: ManagerBus, name: str) -> None:
    bus.start_transient(name, {name: sleeping()})
    with pytest.raises(UnitExists):
        bus.start_transient(name, {name: sleeping()})
    assert bus.units(name) == [name]


def test_what_the_manager_does_not_know(bus: ManagerBus, name: str) -> None:
    with pytest.raises(UnitRefused):
        bus.start_transient(name, {name: {**sleeping(), "Slice": "not-a-slice.service"}})
    assert (bus.stop(name), bus.kill(name, 9), bus.reset_failed(name)) == (False, False, False)
    assert bus.properties(name, ["LoadState", "ActiveState"]) == {"LoadState": "not-found", "ActiveState": "inactive"}


def test_a_failed_exec_is_seen_in_the_unit(bus: ManagerBus, name: str) -> None:
    bus.start_transient(name, {name: sleeping("/not/there")})
    wait_until(lambda: bus.properties(name, ["ActiveState"])["ActiveState"] == "failed")
    assert bus.properties(name, ["ExecMainStatus", "Result"]) == {"ExecMainStatus": 203, "Result": "exit-code"}
    assert bus.reset_failed(name)
    wait_until(lambda: bus.units(name) == [])


def test_without_a_bus_it_is_said_and_with_one_it_goes_on(
    bus: ManagerBus, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.close()
    variable = "DBUS_SYSTEM_BUS_ADDRESS" if Scope.of_this_process() is Scope.SYSTEM else "DBUS_SESSION_BUS_ADDRESS"
    with monkeypatch.context() as away:
        away.setenv(variable, f"unix:path={tmp_path}/nobody")
        away.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        with pytest.raises(Unavailable, match="service manager does not answer"):
            bus.units("*.service")
    assert bus.units("*.service")
