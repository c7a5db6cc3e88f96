"""A machine whose service manager runs viewers, as one account of it sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from forgather_units.domain.host import Capabilities
from forgather_units.domain.scope import Scope


@dataclass(frozen=True, slots=True)
class Machine:
    """Facts that the rest of the program takes from here, never from the process: it may run on another machine."""

    name: str
    """The host name."""
    scope: Scope
    uid: int
    """The account of the units and of their lines in the journal."""
    runtime_dir: str
    """The folder for RuntimeDirectory=: systemd's %t."""
    bus_address: str
    """The D-Bus address of the manager's bus."""
    boot_id: str = ""
    """The kernel's random id of the present boot; empty if it is not known."""
    homes: tuple[str, ...] = ()
    """The real paths of the account's existing home folders; none before the probe."""
    socket_proxyd: str = ""
    """The absolute path of systemd-socket-proxyd; empty if viewers cannot be placed behind sockets with it."""
    capabilities: Capabilities = field(default_factory=Capabilities)
    """What the machine enforces; nothing before the probe."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which programs of systemd find the manager; a shell from su, cron or ssh may lack them."""
        if self.scope is Scope.SYSTEM:
            return {}
        return {"XDG_RUNTIME_DIR": self.runtime_dir, "DBUS_SESSION_BUS_ADDRESS": self.bus_address}
