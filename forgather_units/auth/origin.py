"""Checks Host and Origin: rejects requests made by foreign pages with the user's session, and DNS rebinding."""

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
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\s,]+)(?::([0-9]{0,5}))?")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

HostPort = tuple[str, int]
"""A host name or address, and a port."""
Origin = tuple[str, HostPort]
"""A scheme, and host and port."""


class Hosts:
    """The names by which browsers may reach the server: an address, localhost, this machine's name, configured ones.

    DNS rebinding uses the attacker's own name, which is not allowed.

    `allowed` contains names (`name`, `name:port`) or origins (`https://name`). Each is also accepted as an origin, for
    a reverse proxy that does not pass the Host header on: a name without a scheme means http and https, and the
    scheme's default port unless it has a port. `*.lab.org` allows every name below lab.org, but adds no origin: other
    machines of the lab are foreign. `own` contains names only.
    """

    def __init__(self, allowed: Iterable[str] = (), own: Iterable[str] = ()) -> None:
        machine = socket.gethostname().lower()
        entries = [entry.strip() for entry in allowed]
        self._parents = tuple(entry[1:].lower().removesuffix(".") for entry in entries if entry.startswith("*."))
        self._origins = frozenset(
            origin for entry in entries if not entry.startswith("*.") for origin in _configured(entry)
        )
        configured = {host_port[0] for _, host_port in self._origins} | {_name(name) for name in own} - {None}
        self._names = frozenset({"localhost", machine, machine.partition(".")[0], *configured})

    def allow(self, environ: dict[str, Any]) -> bool:
        """Whether the request's Host is allowed. A program may send none (HTTP/1.0); a browser always does."""
        host = environ.get("HTTP_HOST")
        if host is None:
            return True
        name = _name(host)
        # Names below .localhost cannot be registered, and an address cannot be rebound.
        return name is not None and (
            name in self._names or name.endswith((".localhost", *self._parents)) or _is_address(name)
        )

    def is_foreign(self, environ: dict[str, Any]) -> bool:
        """Whether a page of another origin sent this request that changes something. Programs send neither header.

        Nor may such a page open a WebSocket: unlike the response to any other GET, it could read what comes.
        """
        if environ["REQUEST_METHOD"] in _READING and "HTTP_UPGRADE" not in environ:
            return False
        origin, site = environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        # Sec-Fetch-Site takes precedence. Another port of this machine is "same-site": a raw
        # TensorBoard, for example.
        if site is not None and site not in _OUR_SITES:
            return True
        if origin is None:
            return False
        if origin == "null":
            # A form on a page with `Referrer-Policy: no-referrer` hides its origin; the browser still says whose it is.
            return site is None
        theirs = parse_origin(origin)
        return theirs is None or not self._is_ours(theirs, environ)

    def _is_ours(self, theirs: Origin, environ: dict[str, Any]) -> bool:
        """Whether it is the origin under which the browser sent the request."""
        scheme, host_port = theirs
        ours: str = environ["wsgi.url_scheme"]
        if ours == "https" and scheme != "https":
            return False
        asked = parse_host(environ.get("HTTP_HOST", ""), scheme)
        if asked == host_port and scheme == ours:
            return True
        if environ.get("HTTP_SEC_FETCH_SITE") == "same-origin" and asked == host_port:
            # A reverse proxy terminates TLS without reporting it; the browser confirms the origin.
            return True
        # A proxy that passes the Host header on has reported the port: a configured name does not override it.
        passed_on = asked is not None and asked[0] == host_port[0]
        return theirs in self._origins and (not passed_on or asked == host_port)


def _configured(entry: str) -> list[Origin]:
    """The origins for an entry of allowed_hosts; none for a malformed one."""
    if (whole := parse_origin(entry)) is not None:
        return [whole]
    host_ports = ((scheme, parse_host(entry, scheme)) for scheme in _DEFAULT_PORTS)
    return [(scheme, host_port) for scheme, host_port in host_ports if host_port is not None]


def parse_origin(text: str) -> Origin | None:
    """The origin in an Origin header; None for a malformed one."""
    parts = _ORIGIN.fullmatch(text)
    if parts is None:
        return None
    scheme = parts[1].lower()
    host_port = parse_host(parts[2], scheme)
    return None if host_port is None else (scheme, host_port)


def parse_host(host: str, scheme: str) -> HostPort | None:
    """Name and port in a Host header, with the scheme's default port; None for a malformed one."""
    name, parts = _name(host), _AUTHORITY.fullmatch(host)
    if name is None or parts is None:
        return None
    return name, int(parts[2] or _DEFAULT_PORTS[scheme])


# Bounded: a client chooses the name.
@lru_cache(maxsize=256)
def _name(host: str) -> str | None:
    """The name or address in a Host header, lower-case, without port, brackets and final dot; None if malformed."""
    parts = _AUTHORITY.fullmatch(host)
    return parts[1].strip("[]").lower().removesuffix(".") if parts else None


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
