"""Where a viewer listens, as its user asked for: the same for every kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, Self

AUTO: Final = "auto"
"""A port that the scheduler picks: the lowest free one from the kind's usual port."""
LOOPBACK: Final = "127.0.0.1"

Port = int | Literal["auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What the options of every kind have. `host` None means loopback; `bind_all` wins over `host`."""

    port: Port
    host: str | None = None
    bind_all: bool = False

    @property
    def address(self) -> str:
        """The address to listen on: `0.0.0.0` stands for all of them."""
        return "0.0.0.0" if self.bind_all else (self.host or LOOPBACK)  # noqa: S104 - asked for by the user

    def on_port(self, port: int) -> Self:
        """The same on the port that was picked."""
        return replace(self, port=port)

    def on_loopback(self) -> Self:
        """The same behind a socket of systemd's: that has the address, the viewer its own loopback."""
        return replace(self, host=None, bind_all=False)
