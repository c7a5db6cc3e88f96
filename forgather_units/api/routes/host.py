"""/api/host: this host's capabilities for viewers, as tests have found them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint

from forgather_units import __version__
from forgather_units.doctor.checks import examine
from forgather_units.doctor.program_trials import ProgramTrials
from forgather_units.domain.finding import Finding
from forgather_units.domain.placement import Placement
from forgather_units.domain.scope import Scope
from forgather_units.files.lookups import Ask
from forgather_units.host.account import account_name
from forgather_units.units.service_unit import UnitFactory
from forgather_units.viewers.programs import Programs

_CACHE_SECONDS: Final = 60.0


class _Findings:
    """The doctor's findings, cached for a minute: they run a dozen programs."""

    def __init__(self, examine: Callable[[], list[Finding]], trials: ProgramTrials) -> None:
        self._examine = examine
        self._trials = trials
        self._lock = threading.Lock()
        self._examined_at = float("-inf")
        self._rows: list[Finding] = []

    def rows(self) -> list[Finding]:
        with self._lock:
            if time.monotonic() - self._examined_at > _CACHE_SECONDS:
                self._rows, self._examined_at = self._examine(), time.monotonic()
            return [*self._rows, *self._trials.rows()]


def blueprint(
    scope: Scope, units: UnitFactory, programs: Programs, ask: Ask, proxies: Callable[[], list[Finding]]
) -> Blueprint:
    """`units` has the host's capabilities and whether viewers get sockets; `ask` finds programs. `proxies` says how the
    reverse proxies in front of the server behave.
    """
    routes = Blueprint("host", __name__, url_prefix="/api/host")
    findings = _Findings(lambda: examine(units.machine.capabilities, ask), ProgramTrials(units, programs))

    @routes.get("")
    def host() -> dict[str, Any]:
        return {
            "version": __version__,
            "scope": scope.value,
            "user": account_name(),
            "placement": (Placement.DIRECT if units.no_sockets else Placement.SOCKET).value,
            "placement_reason": units.no_sockets,
            "capabilities": {**asdict(units.machine.capabilities), "sockets": units.machine.capabilities.sockets},
            "findings": [asdict(finding) for finding in [*findings.rows(), *proxies()]],
        }

    @routes.get("/proxies")
    def reverse_proxies() -> list[dict[str, Any]]:
        return [asdict(finding) for finding in proxies()]

    return routes
