"""The transient socket of one viewer, as systemd's properties: it has the port, also while the viewer sleeps."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

from forgather_units.units.exit_record import SCRIPT
from forgather_units.units.scope import Scope


def socket_path(scope: Scope, prefix: str, queue_id: str) -> str:
    """Where the proxy reaches the viewer; nobody but its user may go there."""
    return f"{scope.runtime_dir}/{prefix}-sockets/{queue_id}.sock"


def socket_properties(
    path: str, listen: list[tuple[str, int]], description: str, exit_file: Path, unit: str, scope_flag: str
) -> dict[str, Any]:
    """`listen` holds numeric addresses and ports, none for a private one. `exit_file` gets a word at its end."""
    streams = [path, *(_spelled(address, port) for address, port in listen)]
    return {
        "Description": description,
        "Listen": [("Stream", stream) for stream in streams],
        "SocketMode": 0o600,
        "DirectoryMode": 0o700,
        "RemoveOnStop": True,
        "CollectMode": "inactive",
        "ExecStopPost": [_stop_post(exit_file, unit, scope_flag)],
    }


def _spelled(address: str, port: int) -> str:
    number = ipaddress.ip_address(address)
    if number.is_unspecified:
        # As TensorBoard's --bind_all: one socket on `::`, which takes both families.
        return str(port)
    return f"[{address}]:{port}" if number.version == 6 else f"{address}:{port}"


def _stop_post(exit_file: Path, unit: str, scope_flag: str) -> tuple[bytes, list[bytes], bool]:
    argv = ["/bin/sh", str(SCRIPT), str(exit_file), unit, scope_flag]
    # A socket has no ExecStopPostEx=: systemd expands $ in its words, so each is doubled. Its failure is ignored.
    return b"/bin/sh", [word.replace("$", "$$").encode() for word in argv], True
