"""The address and port that a user requests for a viewer: the same for every kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal, Self

AUTO: Final = "auto"
"""A port that the scheduler picks: the lowest free one from the kind's usual port."""
LOOPBACK: Final = "127.0.0.1"
ALL_ADDRESSES: Final = "0.0.0.0"  # noqa: S104 - a name for it, nothing is bound
LAST_PORT: Final = 65535
_WILDCARDS: Final = {ALL_ADDRESSES: LOOPBACK, "::": "::1"}

Port = int | Literal["auto"]


def connectable(host: str) -> str:
    """The address to connect to for a listener on `host`: the loopback if it listens on all addresses."""
    return _WILDCARDS.get(host, host)


class PortState(StrEnum):
    """Whether this account could listen on a port of an address now."""

    FREE = "free"
    TAKEN = "taken"
    """Another process listens on it (EADDRINUSE)."""
    FORBIDDEN = "forbidden"
    """This account may not use the port (EACCES): it is below net.ipv4.ip_unprivileged_port_start."""
    NO_ADDRESS = "no address"
    """The address is not one of this machine's, or its name does not resolve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The options that every kind has. `host` None means loopback; `bind_all` overrides `host`."""

    port: Port
    host: str | None = None
    bind_all: bool = False

    @property
    def address(self) -> str:
        """The address to listen on."""
        return ALL_ADDRESSES if self.bind_all else (self.host or LOOPBACK)

    def on_port(self, port: int) -> Self:
        """The same options on the port that the scheduler chose."""
        return replace(self, port=port)

    def on_loopback(self) -> Self:
        """The same options behind a socket unit: it has the address, the viewer listens on its own loopback."""
        return replace(self, host=None, bind_all=False)
