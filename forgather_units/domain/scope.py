"""Which service manager runs our units: the user's or the system's."""

from __future__ import annotations

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

    @property
    def flag(self) -> str:
        """The option of systemctl, journalctl and systemd-run."""
        return f"--{self.value}"

    @property
    def journal_fields(self) -> JournalFields:
        return _USER_FIELDS if self is Scope.USER else _SYSTEM_FIELDS
