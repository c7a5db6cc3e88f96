"""Ports that viewers which bind them themselves have lost to other processes.

Another process may take the port after the planner chose it and before the viewer binds it; then the viewer fails. (For
a socket unit the same race is PortTaken.) The port itself is checked, not the output of the viewer.
"""

from __future__ import annotations

from collections import Counter
from signal import SIGKILL
from typing import Final

from forgather_units.domain.job import Ended, Job, Outcome, Starting
from forgather_units.domain.listening import PortState
from forgather_units.scheduler.planner import Ports

# The same number as StartLimitBurst=. A viewer may leave a process behind that holds the port.
_MOST: Final = 10


class LostPorts:
    """Decides whether a viewer failed because of its port, and limits how often a job is tried again."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lost: Counter[str] = Counter()
        """Number of lost ports by job, since its viewer was last ready."""

    def is_lost(self, job: Job, ended: Job) -> bool:
        """Whether `job` lost its port and may be tried again; `ended` is its state after the end of its unit.

        No process of the unit runs any more, so a process that holds the port is another one. A user who sends
        SIGKILL wants the viewer to end. Raises what `ports` raises.
        """
        before, after = job.state, ended.state
        if job.has_socket or not isinstance(before, Starting) or not before.port or not isinstance(after, Ended):
            return False
        if after.outcome is not Outcome.FAILED or after.exit.signal == SIGKILL:
            return False
        if self._ports.state(job.submission.options.address, before.port) is not PortState.TAKEN:
            return False
        self._lost[job.queue_id] += 1
        return self._lost[job.queue_id] <= _MOST

    def forget(self, queue_id: str) -> None:
        """Reset the count: the viewer is ready, or the job has ended."""
        self._lost.pop(queue_id, None)
