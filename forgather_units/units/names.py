"""What our units are called: `<prefix>-tensorboard-<queue_id>.service`, and its `.socket`, in `<prefix>.slice`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from forgather_units.domain.job import Job
from forgather_units.domain.queue_id import is_queue_id


@dataclass(frozen=True, slots=True)
class UnitNames:
    """Names both ways. The prefix keeps two servers of one user (and the tests) apart."""

    prefix: str

    @property
    def slice(self) -> str:
        return f"{self.prefix}.slice"

    @property
    def pattern(self) -> str:
        """A glob for all our services, for ListUnitsByPatterns. (A socket holds its service loaded.)"""
        return f"{self.prefix}-*.service"

    def service(self, job: Job) -> str:
        return f"{self._stem(job)}.service"

    def socket(self, job: Job) -> str:
        return f"{self._stem(job)}.socket"

    def _stem(self, job: Job) -> str:
        return f"{self.prefix}-{job.submission.kind.name}-{job.queue_id}"

    @staticmethod
    def identifier(unit: str) -> str:
        """SyslogIdentifier= of a unit: on every line that it prints, also where journald could not tell the unit."""
        return unit.removesuffix(".service")

    def queue_id(self, unit: str) -> str | None:
        """The job behind a unit's name; None if it is none of ours."""
        found = re.fullmatch(rf"{re.escape(self.prefix)}-[a-z]+-(q_\w+)\.(?:service|socket)", unit)
        return found[1] if found and is_queue_id(found[1]) else None


_ESCAPED = re.compile(r"_([0-9a-f]{2})")


def unit_of_path(path: str) -> str:
    """The unit's name in its D-Bus object path, which writes all but letters and digits as `_<hex>`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), path.rpartition("/")[2])
