"""Calls to the real manager: units that it refuses, and calls while the bus is away."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from units.bus_relay import BusRelay
from waiting import wait_until

from forgather_units.domain.errors import Unavailable
from forgather_units.systemd.bus import ManagerBus, UnitExists, UnitRefused
from forgather_units.systemd.scope import Scope


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


def test_a_name_in_use_is_refused(bus: ManagerBus, name: str) -> None:
    bus.start_transient(name, {name: sleeping()})
    with pytest.raises(UnitExists):
        bus.start_transient(name, {name: sleeping()})
    assert [row.name for row in bus.units(name)] == [name]


def test_calls_for_an_unknown_unit_do_nothing(bus: ManagerBus, name: str) -> None:
    with pytest.raises(UnitRefused):
        bus.start_transient(name, {name: {**sleeping(), "Slice": "not-a-slice.service"}})
    assert (bus.stop(name), bus.kill(name, 9), bus.reset_failed(name)) == (False, False, False)
    assert bus.properties(name, ["LoadState", "ActiveState"]) == {"LoadState": "not-found", "ActiveState": "inactive"}


def test_a_failed_exec_shows_in_the_unit_s_properties(bus: ManagerBus, name: str) -> None:
    bus.start_transient(name, {name: sleeping("/not/there")})
    wait_until(lambda: bus.properties(name, ["ActiveState"])["ActiveState"] == "failed")
    assert bus.properties(name, ["ExecMainStatus", "Result"]) == {"ExecMainStatus": 203, "Result": "exit-code"}
    assert bus.reset_failed(name)
    wait_until(lambda: bus.units(name) == [])


def test_a_lost_bus_is_unavailable_and_reconnected(relay: BusRelay, bus: ManagerBus, name: str) -> None:
    bus.start_transient(name, {name: sleeping()})
    wait_until(lambda: bus.properties(name, ["ActiveState"]) == {"ActiveState": "active"})
    relay.close()
    relay.listen()
    # The connection is dead; the next call opens another one.
    assert [row.name for row in bus.units(name)] == [name]
    relay.close()
    for _ in range(2):
        with pytest.raises(Unavailable, match="service manager does not respond"):
            bus.properties(name, ["ActiveState"])
        with pytest.raises(Unavailable):
            bus.stop(name)
    relay.listen()
    assert bus.properties(name, ["ActiveState"]) == {"ActiveState": "active"}
    assert bus.stop(name)


def test_a_bus_that_starts_after_the_server_is_found(relay: BusRelay, name: str) -> None:
    relay.close()
    early = ManagerBus(Scope.of_this_process())
    with pytest.raises(Unavailable, match="service manager does not respond"):
        early.units("*.service")
    relay.listen()
    early.start_transient(name, {name: sleeping()})
    assert [row.name for row in early.units(name)] == [name]
    early.close()
