"""/api/host: what this host can do for viewers, found out by doing."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from typing import Any, Final

from flask import Blueprint

from forgather_units import __version__
from forgather_units.domain.finding import Finding
from forgather_units.domain.placement import Placement
from forgather_units.machine.account import account_name
from forgather_units.machine.doctor import examine
from forgather_units.server.house import House

_FRESH: Final = 60.0


class _Findings:
    """The doctor's rows. He asks a dozen programs, so an answer serves for a minute."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._lock = threading.Lock()
        self._made = float("-inf")
        self._rows: list[Finding] = []

    def rows(self) -> list[Finding]:
        with self._lock:
            if time.monotonic() - self._made > _FRESH:
                self._rows, self._made = examine(self._house.host), time.monotonic()
            return self._rows


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("host", __name__, url_prefix="/api/host")
    findings = _Findings(house)

    @routes.get("")
    def host() -> dict[str, Any]:
        return {
            "version": __version__,
            "scope": house.scope.value,
            "user": account_name(),
            "placement": (Placement.DIRECT if house.no_sockets else Placement.SOCKET).value,
            "placement_reason": house.no_sockets,
            "capabilities": {**asdict(house.host), "sockets": house.host.sockets},
            "findings": [asdict(finding) for finding in findings.rows()],
        }

    return routes
