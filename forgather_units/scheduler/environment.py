"""Functions that the scheduler needs from the rest of the program: it imports neither host/ nor proxy/."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from forgather_units.domain.job import Job
from forgather_units.scheduler.planner import Ports

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Environment:
    """Each function may raise any exception, which ends the job that it was called for."""

    ports: Ports
    is_ready: Callable[[Job], bool]
    """Whether the job's viewer responds with 200 under its prefix."""
    last_lines: Callable[[Job], Sequence[str]]
    """The last lines of the job's output."""
    touch_socket: Callable[[str], None]
    """Connect to the socket of the job with this id, and close the connection."""
    wait_until_accepted: Callable[[str], None]
    """Wait until the connections that the socket of the job with this id has now are accepted."""
    boot_id: str = ""
    """The kernel's id of the current boot."""

    def explanation(self, job: Job) -> Sequence[str]:
        """The last lines of the job's output, empty where they cannot be read. Raises nothing."""
        try:
            return self.last_lines(job)
        except Exception:
            # An end without its last lines is better than none.
            log.exception("the output of %s cannot be read", job.queue_id)
            return ()
