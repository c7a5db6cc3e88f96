"""The exit records that real transient units write."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

from forgather_units.host.this_machine import this_machine
from forgather_units.systemd.bus import ManagerBus
from forgather_units.units import exit_record
from forgather_units.units.exit_command import ExitCommand
from forgather_units.units.exit_record import (
    ExitRecord,
    exit_of_properties,
    read_exit_record,
)
from forgather_units.units.unit_paths import UnitPaths

MACHINE = this_machine()
SCOPE = MACHINE.scope
SCRIPT = Path(exit_record.__file__).with_name("exit_record.sh")


@pytest.fixture
def bus() -> Iterator[ManagerBus]:
    connection = ManagerBus(MACHINE)
    yield connection
    connection.close()


class Unit:
    """A transient service that writes an exit record. It is started without waiting for it."""

    def __init__(
        self, bus: ManagerBus, file: Path, script: str, properties: dict[str, Any], spare: Path | None = None
    ) -> None:
        self.bus = bus
        self.file = file
        self.name = f"fgtest-exit-{secrets.token_hex(4)}.service"
        start = [(b"/bin/bash", [b"/bin/bash", b"-c", script.encode()], [b"no-env-expand"])]
        self.at_end = ExitCommand(SCRIPT, file, self.name, SCOPE.flag, spare=str(spare or ""))
        service = {
            "Type": "exec",
            "ExecStartEx": start,
            "ExecStopPostEx": self.at_end.service_property(),
            "CollectMode": "inactive",
            **properties,
        }
        bus.start_transient(self.name, {self.name: service})

    def is_in(self, *states: str) -> bool:
        return self.bus.properties(self.name, ["ActiveState"])["ActiveState"] in states

    def record(self) -> ExitRecord:
        """Its record, once the unit is inactive or failed."""
        # A unit that has not started yet is inactive too: wait for the record first.
        found = wait_until(lambda: read_exit_record(self.file))
        wait_until(lambda: self.is_in("inactive", "failed"))
        assert found is not None
        return found


Make = Callable[..., Unit]


@pytest.fixture
def make(bus: ManagerBus, tmp_path: Path) -> Iterator[Make]:
    made: list[Unit] = []

    def start(script: str, file: Path | None = None, spare: Path | None = None, **properties: Any) -> Unit:
        made.append(Unit(bus, file or tmp_path / "exit", script, properties, spare))
        return made[-1]

    yield start
    for unit in made:
        bus.kill(unit.name, 9)
        bus.stop(unit.name)
        wait_until(lambda: unit.is_in("inactive", "failed"))  # noqa: B023 - called at once
        bus.reset_failed(unit.name)


def how(record: ExitRecord) -> tuple[str, int | None, int | None, bool]:
    return record.result, record.code, record.signal, record.stopped


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 0", ("success", 0, None, False)),
        ("exit 7", ("exit-code", 7, None, False)),
        ("exit 255", ("exit-code", 255, None, False)),
        ("kill -KILL $$", ("signal", None, 9, False)),
        # Signals that systemd counts as a success.
        ("kill -TERM $$", ("success", None, 15, False)),
        ("kill -INT $$", ("success", None, 2, False)),
        # A real-time signal has no name.
        ("kill -40 $$", ("signal", None, 40, False)),
    ],
)
def test_the_record_of_an_exit_by_itself(
    make: Make, script: str, expected: tuple[str, int | None, int | None, bool]
) -> None:
    unit = make(script)
    assert how(unit.record()) == expected


def test_the_record_of_a_core_dump(make: Make) -> None:
    record = make("ulimit -c unlimited; kill -SEGV $$", LimitCORE=2**64 - 1).record()
    # Whether the kernel writes one depends on the host (kernel.core_pattern).
    assert record.result in ("core-dump", "signal")
    assert (record.code, record.signal, record.stopped) == (None, 11, False)


def test_the_record_of_a_missing_program(make: Make) -> None:
    absent: list[tuple[bytes, list[bytes], list[bytes]]] = [(b"/not/there", [b"/not/there"], [])]
    assert how(make("", ExecStartEx=absent).record()) == ("exit-code", 203, None, False)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exec sleep 60", ("success", None, 15, True)),
        ("trap 'exit 0' TERM; sleep 60 & wait", ("success", 0, None, True)),
        ("trap 'exit 3' TERM; sleep 60 & wait", ("exit-code", 3, None, True)),
    ],
)
def test_a_stop_from_outside_is_recorded_as_a_stop(
    make: Make, script: str, expected: tuple[str, int | None, int | None, bool]
) -> None:
    unit = make(script)
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    subprocess.run(["systemctl", SCOPE.flag, "stop", unit.name], check=True)
    assert how(unit.record()) == expected


def test_the_record_after_a_daemon_reload(make: Make, tmp_path: Path) -> None:
    """systemd 252 cannot read ExecStopPostEx= of a transient unit again: the drop-in file has the command as well."""
    file = tmp_path / 'a "b" $HOME 100%h \\x41 ; \'é'
    unit = make("exec sleep 60", file)
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    drop_in = UnitPaths(MACHINE, "", tmp_path).drop_in(unit.name)
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(unit.at_end.drop_in())
    subprocess.run(["systemctl", SCOPE.flag, "daemon-reload"], check=True)
    subprocess.run(["systemctl", SCOPE.flag, "stop", unit.name], check=True)
    assert how(unit.record()) == ("success", None, 15, True)
    # systemd removes a drop-in file that it has read together with the unit.
    wait_until(lambda: not drop_in.parent.exists())


def _has_a_child_or_is(unit: Unit, program: str) -> bool:
    """Whether the script runs `program`: it sets its trap before that."""
    pid = unit.bus.properties(unit.name, ["MainPID"])["MainPID"]
    names = [Path(f"/proc/{pid}/comm")]
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if children.exists():
        names += [Path(f"/proc/{child}/comm") for child in children.read_text().split()]
    return any(name.exists() and name.read_text().strip() == program for name in names)


def test_a_stop_that_needs_sigkill_is_a_stop(make: Make) -> None:
    unit = make("trap '' TERM; sleep 60 & wait; sleep 60", TimeoutStopUSec=200_000)
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    subprocess.run(["systemctl", SCOPE.flag, "stop", unit.name], check=True)
    assert how(unit.record()) == ("timeout", None, 9, True)


def test_a_signal_from_outside_is_no_stop(make: Make) -> None:
    unit = make("exec sleep 60")
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    subprocess.run(["systemctl", SCOPE.flag, "kill", "--signal=KILL", unit.name], check=True)
    assert how(unit.record()) == ("signal", None, 9, False)


def test_a_stop_during_the_start_is_a_stop(make: Make) -> None:
    unit = make("exec sleep 60", Type="notify")
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    assert unit.is_in("activating")
    subprocess.run(["systemctl", SCOPE.flag, "stop", unit.name], check=True)
    record = unit.record()
    assert (record.signal, record.stopped) == (15, True)


def test_a_start_that_fails_is_no_stop(make: Make, tmp_path: Path) -> None:
    """systemd still has the start job when the record is written: only a stop job means a stop."""
    assert how(make("exit 4", Type="notify").record()) == ("exit-code", 4, None, False)
    late = make("exec sleep 60", tmp_path / "late", Type="notify", TimeoutStartUSec=200_000).record()
    assert (late.result, late.stopped) == ("timeout", False)


def test_the_record_belongs_to_the_last_run(make: Make) -> None:
    unit = make("exec sleep 60")
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    first = bytes(unit.bus.properties(unit.name, ["InvocationID"])["InvocationID"]).hex()
    subprocess.run(["systemctl", SCOPE.flag, "kill", "--signal=KILL", unit.name], check=True)
    assert unit.record().invocation_id == first
    unit.file.unlink()
    unit.bus.start(unit.name)
    wait_until(lambda: _has_a_child_or_is(unit, "sleep"))
    second = bytes(unit.bus.properties(unit.name, ["InvocationID"])["InvocationID"]).hex()
    subprocess.run(["systemctl", SCOPE.flag, "stop", unit.name], check=True)
    record = unit.record()
    assert (record.invocation_id, record.stopped) == (second, True)
    assert second != first


def test_special_characters_in_the_path_of_the_record(make: Make, tmp_path: Path) -> None:
    odd = tmp_path / "ex its; 100% $HOME 'x' \"y\" \\z"
    odd.mkdir()
    assert how(make("exit 7", odd / "exit").record()) == ("exit-code", 7, None, False)


@pytest.mark.parametrize(("script", "code", "signal"), [("exit 7", 7, None), ("kill -KILL $$", None, 9)])
def test_without_a_writable_folder_the_unit_s_properties_give_the_end(
    make: Make, tmp_path: Path, script: str, code: int | None, signal: int | None
) -> None:
    unit = make(script, tmp_path / "absent" / "exit")
    wait_until(lambda: unit.is_in("failed"))
    assert read_exit_record(unit.file) is None
    names = ("Result", "ExecMainCode", "ExecMainStatus", "InvocationID", "InactiveEnterTimestamp")
    record = exit_of_properties(unit.bus.properties(unit.name, names), 0.0)
    # The result is the viewer's own, not the failure to write the record.
    assert how(record) == ("exit-code" if code else "signal", code, signal, False)
    assert record.at > 0 and len(record.invocation_id) == 32


def test_on_a_full_disk_the_record_goes_to_the_spare_file(make: Make, tmp_path: Path) -> None:
    """The folder of the first file does not exist, so it cannot be written, as on a full disk."""
    spare = tmp_path / "spare" / "exit"
    unit = make("exit 7", tmp_path / "absent" / "exit", spare)
    found = wait_until(lambda: read_exit_record(unit.file, spare))
    assert found is not None and how(found) == ("exit-code", 7, None, False)
    (tmp_path / "absent").mkdir()
    unit.bus.reset_failed(unit.name)
    again = make("exit 8", unit.file, spare)
    wait_until(lambda: read_exit_record(again.file))
    wait_until(lambda: not spare.exists(), what="the record of the earlier run is removed")


@pytest.mark.parametrize("first", ["exit", "spare"])
def test_the_newer_of_two_records_counts(tmp_path: Path, first: str) -> None:
    for number, name in enumerate(sorted(["exit", "spare"], key=lambda name: name != first)):
        (tmp_path / name).write_text(f"exit-code exited {number} - 0\n")
        os.utime(tmp_path / name, (number, number))
    record = read_exit_record(tmp_path / "exit", tmp_path / "spare")
    assert record is not None and record.code == 1


def test_a_stop_of_the_manager_is_no_stop_from_outside(tmp_path: Path) -> None:
    file = tmp_path / "exit"
    file.write_text("success killed TERM - with-manager\n")
    record = read_exit_record(file)
    assert record is not None
    assert (record.stopped, record.with_manager) == (True, True)


def test_the_unit_s_properties_equal_the_record(make: Make) -> None:
    unit = make("exit 7")
    record = unit.record()
    names = ("Result", "ExecMainCode", "ExecMainStatus", "InvocationID", "InactiveEnterTimestamp")
    of_properties = exit_of_properties(unit.bus.properties(unit.name, names), 0.0)
    assert replace(of_properties, at=0.0) == replace(record, at=0.0)


@pytest.mark.parametrize("text", ["", "success", "a b c d e f", "\xff", "success exited nonsense - 0"])
def test_an_invalid_record_is_ignored(tmp_path: Path, text: str) -> None:
    file = tmp_path / "exit"
    assert read_exit_record(file) is None
    file.write_text(text, encoding="latin-1")
    record = read_exit_record(file)
    assert record is None or (record.code, record.signal) == (None, None)
