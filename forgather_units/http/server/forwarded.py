"""X-Forwarded-For and X-Forwarded-Proto of trusted reverse proxies, and the user whom they have signed in.

Not left to waitress: it refuses a list of protocols with 400, as a chain of proxies sends it, and trusts one address.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import Any, Final

from forgather_units.domain.base_path import is_base
from forgather_units.domain.finding import Finding, Verdict
from forgather_units.http.base_path import FORWARDED_PREFIX
from forgather_units.http.server.forwarded_user import UserHeader

Environ = dict[str, Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

log = logging.getLogger(__name__)

UNIX: Final = "unix"
"""The entry for proxies that connect to the server's unix socket."""
# Headers of a request that passed a reverse proxy.
_FORWARDING: Final = tuple(
    f"HTTP_{name}"
    for name in ("FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP")
)
_FOR: Final = "HTTP_X_FORWARDED_FOR"
_PREFIX: Final = "HTTP_X_FORWARDED_PREFIX"
_PROTO: Final = "HTTP_X_FORWARDED_PROTO"
# Nothing reads them after this module.
_REMOVED: Final = (
    *(f"HTTP_X_FORWARDED_{name}" for name in ("FOR", "PROTO", "HOST", "PORT", "BY", "PREFIX")),
    "HTTP_FORWARDED",
)
# A proxy that handles a WebSocket reports its scheme.
_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PORTS: Final = {"http": "80", "https": "443"}
_SILENT: Final = "passes requests on without X-Forwarded-For, so clients can forge that header"
_FIX: Final = "have the proxy set it, in nginx: proxy_set_header X-Forwarded-For $remote_addr;"


class TrustedProxies:
    """The reverse proxies whose headers the server believes: addresses, ranges (10.0.0.0/8), `unix`. Thread-safe.

    `user_header` names the header in which they say who has signed in; it is never believed over the unix socket.
    """

    def __init__(self, entries: Iterable[str] = (), user_header: str = "") -> None:
        entries = tuple(entries)
        self._unix = UNIX in entries
        self._networks = tuple(ipaddress.ip_network(entry) for entry in entries if entry != UNIX)
        self._users = UserHeader(user_header, self._networks)
        self._silent = ""
        self._naming = ""

    def apply(self, environ: Environ, *, is_unix: bool) -> None:
        """Set REMOTE_ADDR and the scheme from the headers of a trusted proxy, and remove these headers."""
        peer = environ.get("REMOTE_ADDR", "")
        is_trusted = self._unix if is_unix else self._is_trusted(_parsed(peer))
        self._users.apply(environ, UNIX if is_unix else peer, is_believed=is_trusted and not is_unix)
        if is_trusted:
            self._believe(environ, UNIX if is_unix else peer, came_through(environ, is_unix=is_unix))
        for name in _REMOVED:
            environ.pop(name, None)

    def findings(self) -> list[Finding]:
        """Rows of the doctor's report; that of X-Forwarded-For after a trusted proxy has passed a request on."""
        users = self._users.findings()
        if self._silent:
            return [Finding("reverse proxy", Verdict.WARN, f"{self._silent} {_SILENT}", _FIX), *users]
        if self._naming:
            row = Finding("reverse proxy", Verdict.OK, f"{self._naming} names its clients in X-Forwarded-For")
            return [row, *users]
        return users

    def _believe(self, environ: Environ, peer: str, by_proxy: bool) -> None:
        hops = _values(environ.get(_FOR, ""))
        passed = 0
        if hops:
            self._naming = peer
            client, passed = self._client(hops)
            if client:
                environ["REMOTE_ADDR"] = environ["REMOTE_HOST"] = client
                environ.pop("REMOTE_PORT", None)
        elif by_proxy and not self._silent:
            self._silent = peer
            log.warning("the trusted proxy %s %s: %s", peer, _SILENT, _FIX)
        prefix = _nearest(_values(environ.get(_PREFIX, "")), passed).rstrip("/")
        if is_base(prefix):
            environ[FORWARDED_PREFIX] = prefix
        # A proxy may append its protocol to the list, or replace the list: then the hop closest to the client counts.
        scheme = _SCHEMES.get(_nearest(_values(environ.get(_PROTO, "")), passed).lower())
        if scheme:
            environ["wsgi.url_scheme"], environ["SERVER_PORT"] = scheme, _PORTS[scheme]

    def _client(self, hops: list[str]) -> tuple[str, int]:
        """The address next to the trusted hops (empty: not known), and the number of trusted hops that follow it.

        Each proxy appends the address that connected to it. A client may have sent the entries before its own.
        """
        client = ""
        for passed, hop in enumerate(reversed(hops)):
            address = _parsed(_without_port(hop))
            if address is None:
                return client, passed
            client = str(address)
            if not self._is_trusted(address):
                return client, passed
        return client, len(hops) - 1

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def came_through(environ: Environ, *, is_unix: bool) -> bool:
    """Whether a proxy passed this request on: commands on this machine come from the same address as a local proxy.

    Browsers send the name of the proxy; a client of the unix socket has no reason to send one.
    """
    if any(name in environ for name in _FORWARDING):
        return True
    name, _, port = environ.get("HTTP_HOST", "").rpartition(":")
    name, port = (name, port) if port.isdigit() else (environ.get("HTTP_HOST", ""), "")
    is_local = not name or name.endswith("localhost") or _parsed(name.strip("[]")) is not None
    return not is_local and (is_unix or port != environ.get("SERVER_PORT"))


def _values(header: str) -> list[str]:
    return [value for part in header.split(",") if (value := part.strip().strip('"'))]


def _nearest(values: list[str], passed: int) -> str:
    """The value next to `passed` trusted hops."""
    return values[max(0, len(values) - 1 - passed)] if values else ""


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _parsed(text: str) -> Address | None:
    """The address; an IPv4 one that an IPv6 socket reports is an IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
