"""A client's query for jobs: filter, search words, order and page."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from forgather_units.domain.job import Ended, Job, Outcome, Queued

MOST_IN_A_PAGE = 1000


class Which(StrEnum):
    """The states that a client asks for."""

    ALL = "all"
    ACTIVE = "active"
    QUEUED = "queued"
    ENDED = "ended"


class Order(StrEnum):
    """The order of the ended jobs."""

    NEWEST = "newest"
    """By the time at which they ended, the last one first."""
    OLDEST = "oldest"
    NAME = "name"
    """By their title, without regard to case."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last ended job of the page before: `value` is what the order compares, a time or a folded title."""

    value: float | str
    queue_id: str

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.value, self.queue_id]).encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """The inverse of `str`. Raises ValueError."""
        try:
            value, queue_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(value, str):
                value = float(value)
        except (ValueError, TypeError, OverflowError, RecursionError):
            raise ValueError("is no cursor of this list") from None
        if not isinstance(queue_id, str):
            raise ValueError("is no cursor of this list")
        return cls(value, queue_id)


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Filter for jobs, and a limit on ended ones."""

    which: Which = Which.ALL
    words: tuple[str, ...] = ()
    """Folded (`str.casefold`); a matching job contains all of them."""
    id_part: str = ""
    """A part of the job's id."""
    order: Order = Order.NEWEST
    before: Cursor | None = None
    """Return only the ended jobs after this one in the order."""
    limit: int = 100

    @property
    def wants_ended(self) -> bool:
        return self.which in (Which.ALL, Which.ENDED)

    @property
    def wants_present(self) -> bool:
        """Whether the result includes jobs that have not ended: they are on its first page."""
        return self.which is not Which.ENDED and self.before is None

    def accepts(self, job: Job) -> bool:
        """Whether the job matches, on any page."""
        match self.which:
            case Which.ACTIVE if not job.is_active:
                return False
            case Which.QUEUED if not isinstance(job.state, Queued):
                return False
            case Which.ENDED if not job.is_ended:
                return False
        if self.id_part not in job.queue_id:
            return False
        if not self.words:
            return True
        text = searched_text(job)
        return all(word in text for word in self.words)


@dataclass(frozen=True, slots=True)
class JobPage:
    """The result of a query."""

    jobs: Sequence[Job]
    following: Cursor | None
    """Where the next page begins; None: this is the last one."""
    total: int
    """Number of jobs on all pages."""


def searched_text(job: Job) -> str:
    """The folded text in which a query's words are searched."""
    submission, state = job.submission, job.state
    port = getattr(state, "port", None) or submission.options.port
    reason = state.reason if isinstance(state, Ended) else ""
    # The command line and the page call an aborted job stopped.
    status = "aborted stopped" if job.status == Outcome.ABORTED.value else job.status
    parts = (job.title, job.queue_id, submission.options.folder, submission.config, port, status, reason)
    return "\n".join(map(str, parts)).casefold()
