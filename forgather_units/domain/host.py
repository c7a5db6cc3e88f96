"""The protections that a host really enforces, as the probe measured; systemd accepts all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Each is True if the probe saw it hold, not if systemd merely accepts it. Source: units/probe.py."""

    user_namespaces: bool = False
    network_namespace: bool = False
    mount_sandbox: bool = False
    """Read-only system, private /tmp, folders that a unit cannot see."""
    hidden_sockets: bool = False
    """Sockets below /run can be hidden from a unit."""
    hidden_home: bool = False
    """This account's home, wherever it is, can be hidden from a unit."""
    no_unix_sockets: bool = False
    """A unit can be prevented from creating unix sockets."""
    ip_filter: bool = False
    memory_limit: bool = False
    cpu_weight: bool = False
    tasks_limit: bool = False
    io_accounting: bool = False
    socket_proxy: bool = False
    """systemd-socket-proxyd is installed."""
    why_not: str = ""
    """systemd's message if namespaces failed; may be empty."""

    @property
    def sockets(self) -> bool:
        """Whether the socket placement works."""
        return self.network_namespace and self.mount_sandbox and self.socket_proxy

    @property
    def reason(self) -> str:
        """Why the socket placement does not work, one sentence; empty if it does."""
        if self.sockets:
            return ""
        if not self.user_namespaces:
            return f"this host forbids user namespaces{self._words}"
        if not self.network_namespace or not self.mount_sandbox:
            return f"network or mount namespaces do not hold here{self._words}"
        return "systemd-socket-proxyd is not installed"

    @property
    def _words(self) -> str:
        return f" ({self.why_not})" if self.why_not else ""
