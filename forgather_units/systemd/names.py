"""Names of our units: `<prefix>-tensorboard-<queue_id>.service`, its `.socket`, and `<prefix>.slice`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgather_units.domain.job import Job
from forgather_units.domain.queue_id import is_queue_id


@dataclass(frozen=True, slots=True)
class UnitNames:
    """From jobs to unit names and back. The prefix separates two servers of one user (and the tests)."""

    prefix: str

    @property
    def slice(self) -> str:
        return f"{self.prefix}.slice"

    @property
    def pattern(self) -> str:
        """A glob for all our services, for ListUnitsByPatterns. (A socket holds its service loaded.)"""
        return f"{self.prefix}-*.service"

    @property
    def socket_pattern(self) -> str:
        """The same for our sockets."""
        return f"{self.prefix}-*.socket"

    def service(self, job: Job) -> str:
        return f"{self._stem(job)}.service"

    def socket(self, job: Job) -> str:
        return f"{self._stem(job)}.socket"

    def _stem(self, job: Job) -> str:
        return f"{self.prefix}-{job.submission.kind.name}-{job.queue_id}"

    @staticmethod
    def identifier(unit: str) -> str:
        """SyslogIdentifier= of a unit: in each line it prints, even if journald could not determine the unit."""
        return unit.removesuffix(".service")

    def queue_id(self, unit: str) -> str | None:
        """The queue id in a unit's name; None if it is not one of our units."""
        found = re.fullmatch(rf"{re.escape(self.prefix)}-[a-z]+-(q_\w+)\.(?:service|socket)", unit)
        return found[1] if found and is_queue_id(found[1]) else None


_ESCAPED = re.compile(r"_([0-9a-f]{2})")


def unit_of_path(path: str) -> str:
    """The unit's name in its D-Bus object path, which writes all but letters and digits as `_<hex>`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), path.rpartition("/")[2])


def path_of_unit(unit: str) -> str:
    """The unit's D-Bus object path."""
    escaped = re.sub(r"[^A-Za-z0-9]|^[0-9]", lambda match: f"_{ord(match[0]):02x}", unit)
    return f"/org/freedesktop/systemd1/unit/{escaped}"
