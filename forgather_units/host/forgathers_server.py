"""Whether Forgather's own server listens at an address: it has the same usual port, and similar routes."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Any, Final

_SECONDS: Final = 2.0
_MOST_BYTES: Final = 16384
_OURS: Final = ("version", "scope")
"""In the response of this program's server."""


def is_forgathers_server(host: str, port: int, seconds: float = _SECONDS) -> bool:
    """Whether `GET /api/health` there gets the response of Forgather's server: `{"status": "ok"}` without our fields.

    False after `seconds` without a response, and for a server that expects TLS.
    """
    deadline = time.monotonic() + seconds
    with suppress(OSError, UnicodeError), socket.create_connection((host, port), seconds) as connection:
        name = f"[{host}]" if ":" in host else host
        # Version 1.0: the response is not chunked, and the server closes the connection behind it.
        connection.sendall(f"GET /api/health HTTP/1.0\r\nHost: {name}:{port}\r\n\r\n".encode())
        read = b""
        while len(read) < _MOST_BYTES and (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            piece = connection.recv(4096)
            read += piece
            health = _health(read)
            if health is not None or not piece:
                return health is not None and health.get("status") == "ok" and not set(_OURS) & set(health)
    return False


def _health(response: bytes) -> dict[str, Any] | None:
    """The JSON object of a complete response with status 200; None as long as there is none."""
    head, _, body = response.partition(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        return None
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
