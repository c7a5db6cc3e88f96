"""Who makes the browser ask: a page of ours, or a foreign one that borrows its user's session."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_foreign(environ: dict[str, Any]) -> bool:
    """Whether another site's page sends this request that changes something. Programs send neither header."""
    if environ["REQUEST_METHOD"] in _READING:
        return False
    if environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("same-origin", "none"):
        return True
    origin = environ.get("HTTP_ORIGIN")
    return origin is not None and urlsplit(origin).netloc.lower() != environ.get("HTTP_HOST", "").lower()


class Hosts:
    """The names under which we answer. A foreign name that was rebound to our address is not among them."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        own = socket.gethostname().lower()
        self._allowed = {"localhost", own, own.partition(".")[0], *(name.lower() for name in allowed)}

    def allow(self, environ: dict[str, Any]) -> bool:
        """An address cannot be rebound, so every one is good."""
        host = environ.get("HTTP_HOST", "")
        name = urlsplit(f"//{host}").hostname if host else None
        return name is None or name in self._allowed or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
