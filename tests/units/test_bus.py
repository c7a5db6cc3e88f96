"""Calls to the real manager: what it refuses, and what happens when it is not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from bus_relay import BusRelay
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


def test_a_lost_bus_is_said_once_it_is_gone_and_found_again(relay: BusRelay, bus: ManagerBus, name: str) -> None:
    bus.start_transient(name, {name: sleeping()})
    relay.leave()
    relay.come()
    # The connection is dead, and nobody need notice.
    assert bus.units(name) == [name]
    relay.leave()
    for _ in range(2):
        with pytest.raises(Unavailable, match="service manager does not answer"):
            bus.properties(name, ["ActiveState"])
        with pytest.raises(Unavailable):
            bus.stop(name)
    relay.come()
    assert bus.properties(name, ["ActiveState"]) == {"ActiveState": "active"}
    assert bus.stop(name)


def test_a_bus_that_was_never_there(relay: BusRelay, name: str) -> None:
    relay.leave()
    early = ManagerBus(Scope.of_this_process())
    with pytest.raises(Unavailable, match="service manager does not answer"):
        early.units("*.service")
    relay.come()
    early.start_transient(name, {name: sleeping()})
    assert early.units(name) == [name]
    early.close()
