"""The transient socket of one viewer, as systemd's properties: it has the port, also while the viewer sleeps."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any


def socket_properties(
    path: str, listen: list[tuple[str, int]], description: str, stop_post: Sequence[str]
) -> dict[str, Any]:
    """`listen` holds numeric addresses and ports, none for a private one. `stop_post` is the command at its end."""
    streams = [path, *(_spelled(address, port) for address, port in listen)]
    return {
        "Description": description,
        "Listen": [("Stream", stream) for stream in streams],
        "SocketMode": 0o600,
        "DirectoryMode": 0o700,
        "RemoveOnStop": True,
        "CollectMode": "inactive",
        "ExecStopPost": [_stop_post(stop_post)],
    }


def _spelled(address: str, port: int) -> str:
    number = ipaddress.ip_address(address)
    if number.is_unspecified:
        # As TensorBoard's --bind_all: one socket on `::`, which takes both families.
        return str(port)
    return f"[{address}]:{port}" if number.version == 6 else f"{address}:{port}"


def _stop_post(argv: Sequence[str]) -> tuple[bytes, list[bytes], bool]:
    # A socket has no ExecStopPostEx=: systemd expands $ in its words, so each is doubled. Its failure is ignored.
    return argv[0].encode(), [word.replace("$", "$$").encode() for word in argv], True
