"""The service manager that runs our units: the user's or the system's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class JournalFields:
    """journald's field names for units of a manager."""

    unit: str
    """Trusted: the unit whose process printed the line."""
    slice: str
    about_unit: str
    """Set by the manager: the unit that its own message is about."""


_USER_FIELDS = JournalFields("_SYSTEMD_USER_UNIT", "_SYSTEMD_USER_SLICE", "USER_UNIT")
_SYSTEM_FIELDS = JournalFields("_SYSTEMD_UNIT", "_SYSTEMD_SLICE", "UNIT")


class Scope(StrEnum):
    """The manager: `user` wherever possible, `system` only for a server that runs as root."""

    USER = "user"
    SYSTEM = "system"

    @classmethod
    def of_this_process(cls) -> Scope:
        return cls.SYSTEM if os.geteuid() == 0 else cls.USER

    @property
    def flag(self) -> str:
        """The option of systemctl, journalctl and systemd-run."""
        return f"--{self.value}"

    @property
    def journal_fields(self) -> JournalFields:
        return _USER_FIELDS if self is Scope.USER else _SYSTEM_FIELDS

    @property
    def runtime_dir(self) -> str:
        """The folder for RuntimeDirectory=: systemd's %t."""
        return f"/run/user/{os.geteuid()}" if self is Scope.USER else "/run"

    @property
    def bus_address(self) -> str:
        """The D-Bus address of the manager's bus, from the environment or the platform's default."""
        if self is Scope.SYSTEM:
            return os.environ.get("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/run/dbus/system_bus_socket")
        return os.environ.get("DBUS_SESSION_BUS_ADDRESS", f"unix:path={self.runtime_dir}/bus")
