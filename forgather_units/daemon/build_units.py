"""Builds the parts around units: host capabilities, viewer programs, units, their counters and output."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.api.live.job_output import Output
from forgather_units.domain.errors import Refused
from forgather_units.domain.job import Job
from forgather_units.domain.machine import Machine
from forgather_units.files.lookups import Lookups
from forgather_units.host import addresses
from forgather_units.journal.access import JournalAccess
from forgather_units.journal.check import check_journal, reads_reports
from forgather_units.journal.follower import Follower
from forgather_units.journal.reader import Journal
from forgather_units.settings.settings import Settings
from forgather_units.systemd.accounting import Accounting
from forgather_units.systemd.bus import ManagerBus
from forgather_units.systemd.manager import UnitRefused
from forgather_units.systemd.names import UnitNames
from forgather_units.units.control import Viewers
from forgather_units.units.local_factory import local_factory
from forgather_units.units.probe import examined
from forgather_units.units.rules import rules_of
from forgather_units.units.service_unit import UnitFactory
from forgather_units.viewers.programs import Programs
from forgather_units.viewers.table import KINDS, SCRIPTS

log = logging.getLogger(__name__)

_PREPARE_LIMIT: Final = 1.0
"""Seconds to make a viewer's configuration; the scheduler's thread waits for it."""


@dataclass(frozen=True, slots=True)
class Units:
    """The units of the viewers. `factory` makes them, `viewers` starts, stops and inspects them."""

    machine: Machine
    names: UnitNames
    programs: Programs
    factory: UnitFactory
    viewers: Viewers
    accounting: Accounting

    def cap_slice(self, properties: dict[str, Any]) -> None:
        """Set the limits of the slice that contains all viewers. Raises Refused."""
        if not properties:
            return
        try:
            self.viewers.cap(properties)
        except UnitRefused as why:
            raise Refused(f"systemd refuses the caps of the slice: {why}") from None


def build_units(settings: Settings, machine: Machine, names: UnitNames, lookups: Lookups) -> Units:
    """Probes the host, and prepares the programs. Raises a ForgatherError."""
    machine = examined(machine, settings.state_dir / "probe")
    programs = Programs(settings, lookups.ask)
    programs.prepare()

    def prepared_text(job: Job, public_url: str, scripts: str) -> str | None:
        kind, options = KINDS[job.submission.kind.name], job.submission.options
        if kind.prepared is None:
            return None
        arguments = (options, job.path_prefix, public_url, scripts)
        return lookups.ask(options.folder, kind.prepared, *arguments, limit=_PREPARE_LIMIT)

    rules = rules_of(settings, machine)
    factory = local_factory(machine, names, programs.soon, settings.exits_dir, rules, SCRIPTS, prepared_text)
    viewers = Viewers(ManagerBus(machine), factory, addresses.listening_addresses, KINDS)
    return Units(
        machine, names, programs, factory, viewers, Accounting(ManagerBus(machine), names, machine.capabilities)
    )


def build_output(machine: Machine) -> Output:
    """The journal and its follower. Checks in the background whether the journal can be read."""
    journal = Journal(machine)
    access = JournalAccess(lambda: check_journal(machine))
    # In a thread: if the journal cannot be read, the check takes seconds.
    threading.Thread(target=_log_fault, args=(access,), name="journal-check", daemon=True).start()
    return Output(journal, access, Follower(journal, None if reads_reports() else lambda: check_journal(machine)))


def _log_fault(access: JournalAccess) -> None:
    # The server reports by itself that the service manager does not answer.
    if (fault := access.fault()) is not None and fault.has_manager:
        log.warning("the output of jobs cannot be shown: %s (%s)", fault.why, fault.fix)
