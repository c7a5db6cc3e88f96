"""Compares the compiled libraries with those in pure Python: `python -m benchmarks.libraries [ROUNDS]`.

    forgather sandbox run -- .venv/bin/python -m benchmarks.libraries

The service manager by pystemd and by dbus-next, the journal by systemd-python and by journalctl; the calls alternate,
in the same process and with the same units. Prints medians and their ratio.
"""

from __future__ import annotations

import contextlib
import resource
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from forgather_units.host.this_machine import this_machine
from forgather_units.journal.follower import Follower
from forgather_units.journal.journalctl_source import JournalctlSource
from forgather_units.journal.native_source import NativeSource
from forgather_units.journal.reader import Journal
from forgather_units.systemd.bus import ManagerBus
from forgather_units.systemd.dbus_next_connection import DbusNextConnection
from forgather_units.systemd.pystemd_connection import PystemdConnection

_MACHINE = this_machine()
_SCOPE = _MACHINE.scope
_READ = (
    *("LoadState", "ActiveState", "SubState", "InvocationID", "Job", "ActiveEnterTimestamp", "InactiveEnterTimestamp"),
    *("MainPID", "NRestarts", "Result", "ExecMainCode", "ExecMainStatus", "Environment"),
)
_LINES = 3000
_SECONDS = 20.0


def main(rounds: int) -> None:
    managers = {
        "pystemd": ManagerBus(_MACHINE, PystemdConnection),
        "dbus-next": ManagerBus(_MACHINE, DbusNextConnection),
    }
    _table(f"Service manager, {rounds} rounds, ms", measure_managers(managers, rounds))
    journals = {
        "systemd-python": Journal(_MACHINE, NativeSource()),
        "journalctl": Journal(_MACHINE, JournalctlSource()),
    }
    _table(f"Journal: history of {_LINES} lines, {rounds} rounds, ms", measure_history(journals, rounds))
    _table(f"Journal: live, 5 lines a second for {_SECONDS:.0f} s", measure_live(journals))


Results = dict[str, dict[str, float]]
"""From the operation to the figure of each library."""


def measure_managers(managers: dict[str, ManagerBus], rounds: int) -> Results:
    """Medians in ms."""
    with contextlib.ExitStack() as stack:
        loaded = f"fgbench-{secrets.token_hex(4)}.service"
        managers["pystemd"].start_transient(loaded, {loaded: _sleeping()})
        stack.callback(managers["pystemd"].stop, loaded)
        operations: dict[str, Callable[[ManagerBus], Any]] = {
            "GetUnit": lambda bus: bus.is_loaded(loaded),
            f"{len(_READ)} properties of a unit": lambda bus: bus.properties(loaded, _READ),
            "ListUnitsByPatterns": lambda bus: bus.units("fgbench-*"),
            "StartTransientUnit and StopUnit": _start_and_stop,
        }
        return {name: _medians(managers, operation, rounds) for name, operation in operations.items()}


def _start_and_stop(bus: ManagerBus) -> None:
    unit = f"fgbench-{secrets.token_hex(4)}.service"
    bus.start_transient(unit, {unit: _sleeping()})
    bus.stop(unit)


def _sleeping() -> dict[str, Any]:
    return {"ExecStart": [(b"/bin/sleep", [b"sleep", b"600"], False)], "CollectMode": "inactive-or-failed"}


def measure_history(journals: dict[str, Journal], rounds: int) -> Results:
    """Medians in ms."""
    with _printing(f"seq 1 {_LINES}; sleep 600") as unit:
        for journal in journals.values():
            while sum(1 for _ in journal.read(unit)) < _LINES:
                time.sleep(0.1)
        return {
            "the last 300 lines": _medians(journals, lambda journal: journal.page(unit, 300), rounds),
            "all": _medians(journals, lambda journal: list(journal.read(unit)), rounds),
        }


def measure_live(journals: dict[str, Journal]) -> Results:
    """One after the other: the median delay of a line in ms, and CPU time in percent of a core, children included."""
    results: Results = {"delay of a line, ms": {}, "CPU, % of a core": {}}
    for name, journal in journals.items():
        with _printing("while :; do date +%s.%N; sleep 0.2; done") as unit:
            following = Follower(journal)
            with contextlib.closing(following), following.subscribe(unit) as stream:
                delays, began, ends = [], _cpu_seconds(), time.monotonic() + _SECONDS
                while time.monotonic() < ends:
                    while (line := stream.get()) is not None:
                        delays.append(time.time() - float(line.data))
                    time.sleep(0.001)
                # The loop above is the same for both.
                used = _cpu_seconds() - began
            results["delay of a line, ms"][name] = median(delays[5:]) * 1000
            results["CPU, % of a core"][name] = used / _SECONDS * 100
    return results


def _cpu_seconds() -> float:
    """Of this process and of its children, also those that still run."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    used = own.ru_utime + own.ru_stime
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            used += (int(fields[11]) + int(fields[12])) / 100
    return used


@contextlib.contextmanager
def _printing(script: str) -> Iterator[str]:
    """A unit that runs a shell script; its name."""
    unit = f"fgbench-{secrets.token_hex(4)}.service"
    identifier = f"--property=SyslogIdentifier={unit.removesuffix('.service')}"
    command = ["systemd-run", _SCOPE.flag, "--quiet", "--collect", f"--unit={unit}", identifier, "/bin/sh", "-c"]
    subprocess.run([*command, script.replace("$", "$$")], check=True)
    try:
        yield unit
    finally:
        subprocess.run(["systemctl", _SCOPE.flag, "stop", unit], check=False)


def _medians(subjects: dict[str, Any], operation: Callable[[Any], Any], rounds: int) -> dict[str, float]:
    took: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(rounds):
        for name, subject in subjects.items():
            began = time.perf_counter()
            operation(subject)
            took[name].append((time.perf_counter() - began) * 1000)
    return {name: median(values) for name, values in took.items()}


def _table(title: str, results: Results) -> None:
    names = list(next(iter(results.values())))
    print(f"\n{title}\n\n| | {' | '.join(names)} | ratio |\n|---|{'---|' * (len(names) + 1)}")
    for operation, figures in results.items():
        one, other = (figures[name] for name in names)
        print(f"| {operation} | {one:.2f} | {other:.2f} | {other / one:.1f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
