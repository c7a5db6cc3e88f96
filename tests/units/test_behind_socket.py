"""behind_socket.sh in units as version 0.1.0 made them; their properties are written out here.

A unit outlives the server that made it. A sleeping unit may wake under a later version, and runs the script with the
path and the arguments of its own version: the script at that path must still accept them.
"""

from __future__ import annotations

import secrets
import shlex
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

import forgather_units
from forgather_units.domain.scope import Scope
from forgather_units.host.this_machine import this_machine
from forgather_units.systemd.bus import ManagerBus
from forgather_units.units.exit_record import ExitRecord, read_exit_record

MACHINE = this_machine()
SCOPE = MACHINE.scope
_UNITS = Path(forgather_units.__file__).parent / "units"
_VIEWER = """\
import http.server, sys
class RespondOk(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), RespondOk).serve_forever()
"""


class Sleeper:
    """A viewer's two units as version 0.1.0 made them, asleep."""

    def __init__(self, bus: ManagerBus, folder: Path, port: int, *environment: str, idle_timeout: int = 1) -> None:
        self.bus = bus
        self.port = port
        stem = f"fgtest-behind-{secrets.token_hex(4)}"
        self.service, self.socket = f"{stem}.service", f"{stem}.socket"
        self.exit_file = folder / "exit"
        program = folder / "viewer.py"
        program.write_text(_VIEWER)
        command = [sys.executable, str(program), "6006"]
        argv = ["/bin/bash", str(_UNITS / "behind_socket.sh"), MACHINE.socket_proxyd, "1", "6006", "/ready", *command]
        stop_post = ["/bin/sh", str(_UNITS / "exit_record.sh"), str(self.exit_file)]
        argv[3] = str(idle_timeout)
        service: dict[str, Any] = {
            "Type": "notify",
            "NotifyAccess": "all",
            "ExecStart": [(b"/bin/bash", [word.replace("$", "$$").encode() for word in argv], False)],
            "ExecStopPostEx": [
                (
                    b"/bin/sh",
                    [word.encode() for word in (*stop_post, self.service, SCOPE.flag, self.socket)],
                    [b"ignore-failure", b"no-env-expand", b"privileged"],
                )
            ],
            "Environment": [
                each.encode() for each in (f"FORGATHER_COMMAND={shlex.join(command)}", "TMPDIR=/tmp", *environment)
            ],
            "KillMode": "mixed",
            "Requires": [self.socket],
            "After": [self.socket],
            "CollectMode": "inactive",
            "TimeoutStartUSec": 120_000_000,
            "PrivateUsers": SCOPE is Scope.USER,
            "PrivateNetwork": True,
            "NoNewPrivileges": True,
            "ProtectSystem": "strict",
            "RestrictAddressFamilies": (True, ["AF_INET", "AF_INET6", "AF_UNIX"]),
        }
        socket = {
            "Listen": [("Stream", f"127.0.0.1:{port}")],
            "CollectMode": "inactive",
            "ExecStopPost": [
                (b"/bin/sh", [w.encode() for w in (*stop_post, self.socket, SCOPE.flag)], True),
            ],
        }
        bus.start_transient(self.socket, {self.socket: socket, self.service: service})
        wait_until(lambda: bus.properties(self.socket, ["ActiveState"])["ActiveState"] == "active")

    def record(self) -> ExitRecord:
        """The record of its end."""
        found = wait_until(lambda: read_exit_record(self.exit_file))
        assert found is not None
        return found

    def state(self) -> str:
        return str(self.bus.properties(self.service, ["ActiveState"])["ActiveState"])

    def get(self) -> int:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status
        finally:
            connection.close()


Make = Callable[..., Sleeper]


@pytest.fixture
def make(tmp_path: Path, free_port: Callable[[], int], needs_socket_placement: None) -> Iterator[Make]:
    bus, made = ManagerBus(MACHINE), list[Sleeper]()

    def sleeper(*environment: str, **how: int) -> Sleeper:
        made.append(Sleeper(bus, tmp_path, free_port(), *environment, **how))
        return made[-1]

    yield sleeper
    for each in made:
        for unit in (each.socket, each.service):
            bus.stop(unit)
        wait_until(lambda: each.state() in ("inactive", "failed"))  # noqa: B023 - called at once
        bus.reset_failed(each.service)
    bus.close()


def test_a_unit_of_version_0_1_0_wakes_and_falls_asleep(make: Make) -> None:
    unit = make()
    assert unit.state() == "inactive"
    assert unit.get() == 200
    wait_until(lambda: unit.state() == "inactive")
    found = unit.record()
    assert (found.result, found.code, found.stopped) == ("success", 0, False)
    assert unit.get() == 200


def test_the_scripts_find_their_programs_without_a_usable_path(make: Make) -> None:
    """Without systemd-notify the start would time out; without systemctl and mv there would be no record."""
    unit = make("PATH=/nowhere", idle_timeout=600)
    assert unit.get() == 200
    wait_until(lambda: unit.state() == "active")
    unit.bus.stop(unit.service)
    found = unit.record()
    assert (found.result, found.stopped) == ("success", True)
    # The script that writes the record stops the socket unit too.
    wait_until(lambda: unit.bus.properties(unit.socket, ["ActiveState"])["ActiveState"] == "inactive")
