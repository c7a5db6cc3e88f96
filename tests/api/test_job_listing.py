"""GET /api/jobs of a server with more ended jobs than fit on a page."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from forgather_server import Forgather
from jobs import make_job
from waiting import wait_until

from forgather_units.domain.job import Ended, Job, Outcome
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS

COUNT = 250
NOW = 1_700_000_000.0


def ended(number: int) -> Job:
    job = make_job(number, logdir=f"/runs/model{number:03}", state=Ended(Outcome.DONE, NOW + 1000 * number))
    return replace(job, submission=replace(job.submission, service="lab" if number == 1 else ""))


@pytest.fixture(scope="module")
def forgather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgather]:
    server = Forgather(tmp_path_factory.mktemp("server"), history_days=0)
    store = JobStore(open_database(server.folder / "state" / "forgather.db"), KINDS)
    for number in range(1, COUNT + 1):
        store.save(ended(number))
    store.close()
    try:
        server.start()
        yield server
    finally:
        server.clean()


def names(jobs: list[dict[str, Any]]) -> list[int]:
    return [int(job["title"].removeprefix("model")) for job in jobs]


def next_page(answer: Any) -> str | None:
    found = re.fullmatch(r'<(/api/jobs\?.*)>; rel="next"', answer.headers.get("Link", ""))
    return found[1] if found else None


def test_a_page_has_the_newest_jobs_and_links_to_the_next(forgather: Forgather) -> None:
    first = forgather.get("/api/jobs")
    assert names(first.json()) == list(range(COUNT, COUNT - 100, -1))
    assert first.headers["X-Total-Count"] == str(COUNT)
    seen = names(first.json())
    path = next_page(first)
    while path is not None:
        answer = forgather.get(path)
        seen += names(answer.json())
        path = next_page(answer)
    assert seen == list(range(COUNT, 0, -1))


def test_the_server_filters_and_sorts(forgather: Forgather) -> None:
    found = forgather.get("/api/jobs?search=MODEL01&sort=name&limit=4")
    assert names(found.json()) == [10, 11, 12, 13]
    assert found.headers["X-Total-Count"] == "10"
    path = next_page(found)
    assert path is not None
    assert names(forgather.get(path).json()) == [14, 15, 16, 17]
    assert forgather.get("/api/jobs?state=active").json() == []
    counted = forgather.get("/api/jobs?state=ended&limit=0")
    assert (counted.json(), counted.headers["X-Total-Count"]) == ([], str(COUNT))


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "limit=1001", "before=x", "state=gone", "sort=size"])
def test_an_invalid_query_is_refused_with_its_field(forgather: Forgather, query: str) -> None:
    answer = forgather.get(f"/api/jobs?{query}")
    assert answer.status_code == 422
    assert answer.json()["field"] == query.partition("=")[0]


def test_an_old_job_is_found_by_its_id_and_by_its_service(forgather: Forgather) -> None:
    first = ended(1)
    assert forgather.job(first.queue_id)["status"] == "done"
    assert forgather.get("/api/tb/lab/").status_code == 404
    assert first.queue_id in forgather.get("/api/tb/lab/").text
    assert forgather.cli_json("job", "status", "q_1000_")["queue_id"] == first.queue_id


def test_the_plain_page_has_pages(forgather: Forgather) -> None:
    path = "/plain"
    if forgather.get(path).status_code == 404:
        path = "/"
    text = forgather.get(path).text
    assert text.count("/tty") == 100
    found = re.search(r'<a href="([^"]+)">Older jobs</a>', text)
    assert found is not None
    assert "model150" in forgather.get(found[1]).text


def test_the_command_line_reads_all_pages(forgather: Forgather) -> None:
    assert len(forgather.cli_json("job", "list")) == 10
    assert names(forgather.cli_json("job", "list", "--limit", "120")) == list(range(COUNT, COUNT - 120, -1))
    assert names(forgather.cli_json("job", "list", "--all")) == list(range(COUNT, 0, -1))
    assert names(forgather.cli_json("job", "list", "--search", "model007")) == [7]
    listed = forgather.cli("job", "list", "--limit", "3")
    assert len(listed.stdout.splitlines()) == 4
    assert listed.stderr == f"3 of {COUNT} jobs: --all, or --limit N, shows more\n"


def test_metrics_count_ended_jobs(forgather: Forgather) -> None:
    assert f'forgather_jobs{{state="done"}} {COUNT}.0' in forgather.get("/api/metrics").text.splitlines()


def test_cleanup_removes_old_jobs(forgather: Forgather) -> None:
    bad = forgather.cli("job", "cleanup", "--older-than", "soon", check=False)
    assert bad.returncode == 1
    assert "older_than must be a time such as 30d" in bad.stderr
    age = time.time() - (NOW + 200_500)
    assert forgather.cli("job", "cleanup", "--older-than", f"{age:.0f}s").stdout == "removed: 200\n"
    assert names(forgather.cli_json("job", "list", "--all")) == list(range(COUNT, 200, -1))
    assert forgather.cli("job", "cleanup").stdout == "removed: 50\n"
    assert forgather.get("/api/jobs").json() == []


def test_the_retention_applies_at_the_start_and_at_a_reload(make_forgather: Callable[..., Forgather]) -> None:
    small = make_forgather(history_jobs=20, history_days=0)
    store = JobStore(open_database(small.folder / "state" / "forgather.db"), KINDS)
    for number in range(1, 1201):
        store.save(ended(number))
    store.close()
    small.start()

    def kept() -> list[int]:
        return names(small.get("/api/jobs?state=ended&limit=1000").json())

    # The last instance of a service is kept in addition.
    wait_until(lambda: len(kept()) == 21)
    assert kept() == [*range(1200, 1180, -1), 1]
    small.settings["history_jobs"] = 3
    small.config.write_text(yaml.safe_dump(small.settings))
    assert small.process is not None
    small.process.send_signal(signal.SIGHUP)
    wait_until(lambda: kept() == [1200, 1199, 1198, 1])
