"""Formats response heads for the code that writes to clients without waitress."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from forgather_units.http.message import Headers

_WITHOUT_BODY: Final = frozenset({"204", "304"})


def format_head(version: str, status: str, headers: Headers, *own: tuple[str, str]) -> bytes:
    """Status line, headers and the empty line. `own`: the headers of this connection.

    Keeps the names and the order of `headers`; adds Date and Server if they are missing.
    """
    names = {name.lower() for name, _ in headers}
    lines = [f"HTTP/{version} {status}", *(f"{name}: {value}" for name, value in (*headers, *own))]
    if "date" not in names:
        lines.append(f"Date: {_date(int(time.time()))}")
    if "server" not in names:
        lines.append("Server: forgather")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def may_have_body(method: str, status: str) -> bool:
    """Whether a response with this status to this method has a body (RFC 9110, 6.4.1)."""
    return method != "HEAD" and status[:3] not in _WITHOUT_BODY


@lru_cache(maxsize=1)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
