"""GET /api/metrics, as Prometheus reads it."""

from __future__ import annotations

from pathlib import Path

import requests
from forgather_server import Forgather, submission
from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_until


def scrape(forgather: Forgather) -> dict[tuple[str, tuple[str, ...]], float]:
    """The samples by name and label values."""
    answer = forgather.get("/api/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(value for name, value in sorted(sample.labels.items()) if name != "le")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if not sample.name.endswith("_bucket")
    }


def test_metrics_require_authentication(forgather: Forgather) -> None:
    assert requests.get(f"{forgather.url}/api/metrics", timeout=120).status_code == 401


def test_the_metrics_of_a_job(forgather: Forgather, sample_runs: Path) -> None:
    assert scrape(forgather)["forgather_jobs", ("running",)] == 0
    queue_id = forgather.post("/api/queue", submission(sample_runs, port="auto")).json()["queue_id"]
    wait_until(lambda: forgather.job(queue_id)["status"] in ("running", "sleeping"))
    for path, times in (("data/environment", 3), ("nothing", 2), ("", 1)):
        for _ in range(times):
            forgather.get(f"/api/tb/{queue_id}/{path}")
    forgather.wait_status(queue_id, "running")
    seen = scrape(forgather)
    assert seen["forgather_start_seconds_count", ("start",)] == 1
    assert seen["forgather_jobs", ("running",)] == 1
    assert seen["forgather_proxy_requests_total", ("200", queue_id)] == 4
    assert seen["forgather_proxy_requests_total", ("404", queue_id)] == 2
    assert seen["forgather_proxy_request_seconds_count", (queue_id,)] == 6
    assert seen["forgather_queue_wait_seconds_count", ()] == 1
    usage = forgather.job(queue_id)["usage"]
    for name, counted in (("memory_bytes", "memory_bytes"), ("cpu_seconds_total", "cpu_seconds")):
        # A host without a memory controller counts no memory; systemd counts the CPU everywhere.
        assert ((f"forgather_unit_{name}", (queue_id,)) in seen) == (usage[counted] is not None)
    assert usage["cpu_seconds"] > 0
    assert seen["forgather_relayed", ("events",)] == 0
    forgather.post(f"/api/jobs/{queue_id}/control/sleep")
    forgather.wait_status(queue_id, "sleeping")
    forgather.get(f"/api/tb/{queue_id}/data/environment")
    forgather.wait_status(queue_id, "running")
    wait_until(lambda: scrape(forgather).get(("forgather_start_seconds_count", ("wake",))) == 1)
    forgather.get(f"/api/jobs/{queue_id}/tty/stream", stream=True).close()
    forgather.post(f"/api/jobs/{queue_id}/control/kill")
    forgather.wait_status(queue_id, "aborted")
    assert scrape(forgather)["forgather_jobs", ("aborted",)] == 1
    wait_until(lambda: not [name for name, labels in scrape(forgather) if queue_id in labels], what="no series is left")


def test_requests_for_unknown_jobs_create_no_series(forgather: Forgather) -> None:
    names = {"q_1_00000000", "x" * 50}
    for name in names:
        forgather.get(f"/api/tb/{name}/")
    assert not [labels for _, labels in scrape(forgather) if names & set(labels)]
