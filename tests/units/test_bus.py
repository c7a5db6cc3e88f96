"""Calls to the real manager by both libraries: units that it refuses, and calls while the bus is away."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from units.bus_relay import BusRelay
from waiting import wait_until

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.machine import Machine
from forgather_units.host.this_machine import this_machine
from forgather_units.systemd.bus import ManagerBus
from forgather_units.systemd.connection import Connection
from forgather_units.systemd.dbus_next_connection import DbusNextConnection
from forgather_units.systemd.manager import UnitExists, UnitRefused
from forgather_units.systemd.pystemd_connection import PystemdConnection

Connect = Callable[[Machine], Connection]


@pytest.fixture(params=[PystemdConnection, DbusNextConnection], ids=["pystemd", "dbus-next"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Connect:
    # A shell from su or cron lacks it.
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    connect: Connect = request.param
    return connect


@pytest.fixture
def bus(connect: Connect) -> Iterator[ManagerBus]:
    connection = ManagerBus(this_machine(), connect)
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


def test_a_bus_that_starts_after_the_server_is_found(relay: BusRelay, connect: Connect, name: str) -> None:
    relay.close()
    early = ManagerBus(this_machine(), connect)
    with pytest.raises(Unavailable, match="service manager does not respond"):
        early.units("*.service")
    relay.listen()
    early.start_transient(name, {name: sleeping()})
    assert [row.name for row in early.units(name)] == [name]
    early.close()


def test_values_of_all_types_arrive(bus: ManagerBus, name: str, tmp_path: Path) -> None:
    """In a unit with each form of property: what systemd then reports is what was set."""
    socket = f"{name.removesuffix('.service')}.socket"
    folder = tmp_path / "a folder"
    folder.mkdir()
    service = sleeping() | {
        "Description": "caf\N{LATIN SMALL LETTER E WITH ACUTE} 100%",
        "Environment": [b"ONE=1", "TWO=\N{SNOWMAN} $x %h".encode()],
        "BindReadOnlyPaths": [(bytes(folder), bytes(folder), True, 16384)],
        "SystemCallFilter": (True, ["@system-service"]),
        "SystemCallFilter-": (False, ["@resources"]),
        "RestartPreventExitStatus": ([], [9]),
        "CPUWeight": 50,
        "MemoryMax": 2**64 - 1,
        "NoNewPrivileges": True,
        "ExecStopPost": [(b"/bin/true", [b"/bin/true", b"a b"], True)],
    }
    listening = {"Listen": [("Stream", str(tmp_path / "socket"))], "SocketMode": 0o600}
    bus.start_transient(socket, {socket: listening, name: service})
    bus.start(name)
    wait_until(lambda: bus.properties(name, ["ActiveState"])["ActiveState"] == "active")
    try:
        assert bus.properties(socket, ["ActiveState", "Result"]) == {"ActiveState": "active", "Result": "success"}
        read = bus.properties(name, ["Environment", "MainPID", "InvocationID", "Job"])
        assert read["Environment"] == ["ONE=1", "TWO=\N{SNOWMAN} $x %h"]
        assert read["MainPID"] > 0
        assert len(bytes(read["InvocationID"])) == 16
        assert read["Job"][0] == 0
        shown = shown_by_systemctl(name)
        assert shown["Description"] == service["Description"]
        assert shown["BindReadOnlyPaths"] == f"-{folder}:{folder}:rbind"
        assert "@resources" not in shown["SystemCallFilter"]
        assert (shown["CPUWeight"], shown["MemoryMax"], shown["NoNewPrivileges"]) == ("50", "infinity", "yes")
        assert shown["RestartPreventExitStatus"] == "KILL"
        assert "argv[]=/bin/true a b ;" in shown["ExecStopPost"]
        bus.set_properties(name, {"CPUWeight": 70})
        assert shown_by_systemctl(name)["CPUWeight"] == "70"
    finally:
        bus.stop(socket)


def shown_by_systemctl(unit: str) -> dict[str, str]:
    command = ["systemctl", this_machine().scope.flag, "show", unit]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.partition("=")[::2] for line in printed.splitlines())


def test_text_that_is_not_utf_8_is_refused(bus: ManagerBus, name: str) -> None:
    with pytest.raises((UnitRefused, UnicodeEncodeError)):
        bus.start_transient(name, {name: {**sleeping(), "Description": "caf\udce9"}})
    assert not bus.is_loaded(name)


def test_a_bus_that_does_not_respond_is_unavailable(
    relay: BusRelay, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other threads run meanwhile. Only by dbus-next: pystemd has a limit of 25 s and stops all threads."""
    monkeypatch.setattr("forgather_units.systemd.message_bus.CALL_LIMIT", 0.5)
    relay.close()
    relay.listen_without_response()
    bus = ManagerBus(this_machine(), DbusNextConnection)
    with pytest.raises(Unavailable, match="Connection timed out"):
        bus.units(name)
    monkeypatch.setattr("forgather_units.systemd.message_bus.CALL_LIMIT", 120.0)
    relay.close()
    relay.listen()
    assert bus.units(name) == []
    bus.close()


def test_threads_share_a_connection(bus: ManagerBus, name: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: bus.properties(name, ["LoadState"])["LoadState"], range(80)))
    assert found == ["not-found"] * 80


def test_closed_connections_leave_no_descriptors(bus: ManagerBus, name: str) -> None:
    bus.units(name)
    bus.close()
    before = open_descriptors()
    for _ in range(20):
        bus.units(name)
        bus.close()
    assert open_descriptors() <= before


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
