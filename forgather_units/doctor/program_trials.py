"""Runs each viewer's program in a unit like that of a job, and reports the result."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import ForgatherError, Refused, Unavailable
from forgather_units.domain.finding import Finding, Verdict
from forgather_units.domain.job import Job, Submission
from forgather_units.domain.machine import Machine
from forgather_units.domain.queue_id import new_queue_id
from forgather_units.host.this_machine import this_machine
from forgather_units.settings.paths import state_dir
from forgather_units.settings.settings import Settings, load
from forgather_units.systemd.bus import ManagerBus
from forgather_units.systemd.manager import Manager, UnitRefused
from forgather_units.systemd.names import UnitNames
from forgather_units.units.local_factory import local_factory
from forgather_units.units.probe import examined
from forgather_units.units.rules import rules_of
from forgather_units.units.service_unit import UnitFactory
from forgather_units.units.trial import try_program
from forgather_units.viewers.contract.kind import Kind
from forgather_units.viewers.programs import Programs
from forgather_units.viewers.table import KINDS, SCRIPTS

_FRESH: Final = 600.0
_MEND: Final = (
    "name the folders of its code in read_only_paths, and the variables that it needs in environment (settings)"
)


def unit_factory_of(settings: Settings, machine: Machine) -> UnitFactory:
    """The unit factory that a server with these settings would use, started from this environment."""
    names, rules = UnitNames(settings.unit_prefix), rules_of(settings, machine)
    return local_factory(machine, names, Programs(settings), settings.exits_dir, rules, SCRIPTS)


class ProgramTrials:
    """The rows of a running server. A thread makes them: a trial takes seconds, and the page waits for /api/host."""

    def __init__(self, unit_factory: UnitFactory, programs: Programs) -> None:
        """`programs` may be waited for here."""
        self._unit_factory = unit_factory
        self._programs = programs
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._rows: list[Finding] = []

    def rows(self) -> list[Finding]:
        """Of the last trial; empty before its end. Starts a new trial if it is older than ten minutes."""
        with self._lock:
            if time.monotonic() - self._asked_at > _FRESH:
                self._asked_at = time.monotonic()
                threading.Thread(target=self._make, name="program-trials", daemon=True).start()
            return self._rows

    def _make(self) -> None:
        rows = program_findings(replace(self._unit_factory, program=self._programs))
        with self._lock:
            self._rows = rows


def program_findings(unit_factory: UnitFactory, kinds: Iterable[Kind] = tuple(KINDS.values())) -> list[Finding]:
    """A row for each kind whose program is installed; takes seconds. Never raises a ForgatherError."""
    return [finding for kind in kinds if (finding := _finding(unit_factory, kind)) is not None]


def programs_here() -> list[Finding]:
    """The rows for a server that would be started from this environment. Never raises a ForgatherError."""
    try:
        settings = load(None, {})
    except ForgatherError as why:
        return [Finding("settings", Verdict.BAD, why.message, why.hint)]
    machine = examined(this_machine(), state_dir() / "probe")
    return program_findings(unit_factory_of(settings, machine))


def _finding(unit_factory: UnitFactory, kind: Kind) -> Finding | None:
    name = f"{kind.name} in a unit"
    try:
        program = unit_factory.program(kind).command[0]
    except Refused:
        return None
    except Unavailable as silence:
        return Finding(name, Verdict.BAD, silence.message, silence.hint)
    bus = ManagerBus(unit_factory.machine)
    try:
        why = _try(unit_factory, bus, kind)
    except (UnitRefused, OSError) as problem:
        why = str(problem)
    except ForgatherError as problem:
        why = problem.message
    finally:
        bus.close()
    if why:
        return Finding(name, Verdict.BAD, f"{program} does not run: {why}", _MEND)
    return Finding(name, Verdict.OK, f"{program} runs")


def _try(unit_factory: UnitFactory, bus: Manager, kind: Kind) -> str:
    # A folder that the manager sees too: the server may have a private /tmp.
    with tempfile.TemporaryDirectory(
        prefix=f"{unit_factory.names.prefix}-trial-", dir=unit_factory.machine.runtime_dir
    ) as folder:
        shown = Path(folder, "shown")
        shown.mkdir()
        required = kind.own_options[0]
        files = required.field.files if required.field else None
        options = kind.options(**{required.name: str(shown / files.usual if files else shown)})
        job = Job(new_queue_id(time.time()), Submission("", "", kind, options), time.time())
        return try_program(unit_factory, bus, job, Path(folder, "output"))
