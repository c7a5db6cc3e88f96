"""Forgather's own client lists jobs: the request that it sends, and how it reads the response."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from forgather_server import Forgather


def test_job_list_sorts_by_the_start(
    forgather: Forgather, sample_runs: Path, free_port: Callable[[], int], needs_socket_placement: None
) -> None:
    """It sorts the live jobs by `started_at or ""`, so null beside a number is a TypeError there."""
    running = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    asleep = forgather.submit(sample_runs, port=free_port(), lazy=True)
    queued = forgather.submit(sample_runs, port=forgather.job(running)["port"])
    forgather.wait_status(running, "running")
    jobs = forgather.get("/api/jobs?include_dead_endpoints=false").json()
    assert {job["queue_id"] for job in jobs} == {running, asleep}
    assert len(sorted(jobs, key=lambda job: job["started_at"] or "")) == 2
    # Our own clients see the queued job, and that the sleeping one has never run.
    own = {job["queue_id"]: job["started_at"] for job in forgather.get("/api/jobs").json()}
    assert (own[queued], own[asleep]) == (None, None)
