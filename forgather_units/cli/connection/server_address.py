"""A server's address, compared by scheme, host and port, to which a credential is bound."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is lower-case and without brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def address_of(url: str) -> Address | None:
    """None unless it is an http or https address with a host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or port == 0:
        return None
    return Address(parts.scheme, host.removesuffix("."), port or _PORTS[parts.scheme])


def is_loopback(host: str) -> bool:
    """Whether `host` (without brackets) denotes this machine. Does not resolve names."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _is_short_loopback(name)
    mapped = getattr(address, "ipv4_mapped", None) or address
    # The kernel connects to the unspecified address as it does to the loopback.
    return bool(mapped.is_loopback or mapped.is_unspecified)


def _is_short_loopback(name: str) -> bool:
    """`127.1`, `0x7f000001`: resolvers read them as inet_aton(3) does."""
    if not set(name) <= set("0123456789abcdefx."):
        return False
    try:
        return socket.inet_aton(name)[0] in (0, 127)
    except OSError:
        return False
