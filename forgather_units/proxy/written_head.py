"""The head of an answer as it is written to a client, by whoever writes it past waitress."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from typing import Final

from forgather_units.proxy.headers import Headers

_WITHOUT_BODY: Final = frozenset({"204", "304"})


def written_head(version: str, status: str, headers: Headers, *own: tuple[str, str]) -> bytes:
    """Status line and headers, with the empty line at their end. `own`: those that belong to this connection.

    A viewer's names and their order stay as they are; Date and Server are said where nobody has said them.
    """
    names = {name.lower() for name, _ in headers}
    lines = [f"HTTP/{version} {status}", *(f"{name}: {value}" for name, value in (*headers, *own))]
    if "date" not in names:
        lines.append(f"Date: {_date(int(time.time()))}")
    if "server" not in names:
        lines.append("Server: forgather")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def may_have_body(method: str, status: str) -> bool:
    """Whether an answer of this status to this method has one (RFC 9110, 6.4.1)."""
    return method != "HEAD" and status[:3] not in _WITHOUT_BODY


@lru_cache(maxsize=1)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
