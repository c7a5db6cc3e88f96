"""Who makes the browser ask: a page of ours, or a foreign one that borrows its user's session or our address."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OUR_SITES: Final = frozenset({"same-origin", "none"})
_ORIGIN: Final = re.compile(r"(https?)://([^/?#@\s,]+)", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\s,]+)(?::[0-9]{0,5})?")
_DEFAULT_PORT: Final = re.compile(r":(?:80|443)?$")


class Hosts:
    """The names under which browsers may reach us: an address, localhost, this machine's name, and those configured.

    A page that has its own name rebound to our address asks under that name, which is none of these. A configured
    name is also an origin of ours, for a reverse proxy that does not pass the Host header on; write `name:port`
    where its port is not 80 or 443.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        own = socket.gethostname().lower()
        self._origins = frozenset(_without_default_port(name.strip()) for name in allowed)
        configured = {_name(origin) for origin in self._origins} - {None}
        self._names = frozenset({"localhost", own, own.partition(".")[0], *configured})

    def allow(self, environ: dict[str, Any]) -> bool:
        """Whether the request's Host is one of them. A program may send none (HTTP/1.0); no browser does."""
        host = environ.get("HTTP_HOST")
        if host is None:
            return True
        name = _name(host)
        # .localhost is nobody's to register. An address cannot be rebound.
        return name is not None and (name in self._names or name.endswith(".localhost") or _is_address(name))

    def is_foreign(self, environ: dict[str, Any]) -> bool:
        """Whether another origin's page sends this request that changes something. Programs send neither header."""
        if environ["REQUEST_METHOD"] in _READING:
            return False
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        theirs = _origin_host(origin) if origin is not None else None
        if theirs is not None and theirs in self._origins:
            return False
        # Another port of this machine is "same-site": a raw TensorBoard, say.
        if site is not None and site not in _OUR_SITES:
            return True
        if origin == "null":
            # A form on a page with `Referrer-Policy: no-referrer` hides its origin; the browser still says whose it is.
            return site is None
        return origin is not None and (theirs is None or theirs != _without_default_port(environ.get("HTTP_HOST", "")))


def _origin_host(origin: str) -> str | None:
    """Host and port; the scheme does not count, since TLS may end in a reverse proxy."""
    parts = _ORIGIN.fullmatch(origin)
    return _without_default_port(parts[2]) if parts else None


def _without_default_port(host: str) -> str:
    return _DEFAULT_PORT.sub("", host.lower())


# Bounded: a client chooses the name.
@lru_cache(maxsize=256)
def _name(host: str) -> str | None:
    """A Host header's name or address, lower-case, without port, brackets and final dot; None for a malformed one."""
    parts = _AUTHORITY.fullmatch(host)
    return parts[1].strip("[]").lower().removesuffix(".") if parts else None


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
