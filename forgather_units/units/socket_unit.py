"""The transient socket of one viewer, as systemd's properties: it has the port, also while the viewer sleeps."""

from __future__ import annotations

import ipaddress
from typing import Any

from forgather_units.units.exit_command import ExitCommand


def socket_properties(
    path: str, listen: list[tuple[str, int]], description: str, at_end: ExitCommand
) -> dict[str, Any]:
    """`listen` holds numeric addresses and ports, none for a private one."""
    streams = [path, *(_spelled(address, port) for address, port in listen)]
    return {
        "Description": description,
        "Listen": [("Stream", stream) for stream in streams],
        "SocketMode": 0o600,
        "DirectoryMode": 0o700,
        "RemoveOnStop": True,
        "CollectMode": "inactive",
        "ExecStopPost": at_end.socket_property(),
    }


def _spelled(address: str, port: int) -> str:
    number = ipaddress.ip_address(address)
    if number.is_unspecified:
        # As TensorBoard's --bind_all: one socket on `::`, which takes both families.
        return str(port)
    return f"[{address}]:{port}" if number.version == 6 else f"{address}:{port}"
