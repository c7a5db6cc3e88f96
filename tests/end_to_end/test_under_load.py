"""The whole server under load: viewers killed during downloads, and many requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]
DOWNLOADS = 25


@pytest.fixture
def pouring(make_forgather: Callable[..., Forgather], stand_in: str) -> Forgather:
    """A server whose viewers send bytes without end."""
    server = make_forgather(tensorboard=stand_in)
    server.start()
    return server


class ServerProcess:
    """The resource use of the server's process."""

    def __init__(self, forgather: Forgather) -> None:
        assert forgather.process is not None
        self.folder = Path("/proc") / str(forgather.process.pid)

    def open_files(self) -> int:
        return sum(1 for _ in (self.folder / "fd").iterdir())

    def threads(self) -> int:
        return sum(1 for _ in (self.folder / "task").iterdir())

    def memory(self) -> int:
        """Resident, in MB."""
        rows = (self.folder / "status").read_text().splitlines()
        return int(next(row.split()[1] for row in rows if row.startswith("VmRSS:"))) // 1024


class Download:
    """A download that continues until it is closed, or its viewer ends."""

    def __init__(self, forgather: Forgather, queue_id: str) -> None:
        self.taken = 0
        self.is_over = threading.Event()
        headers = {"Authorization": f"Bearer {forgather.token}"}
        self._answer = requests.get(
            f"{forgather.url}/api/tb/{queue_id}/data/pour", headers=headers, stream=True, timeout=120
        )
        assert self._answer.status_code == 200
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            # Slowly, so that it is still running when its viewer is killed.
            while piece := self._answer.raw.read(16 * 1024):
                self.taken += len(piece)
                self.is_over.wait(0.01)
        except Exception:
            pass
        self.is_over.set()

    def close(self) -> None:
        self.is_over.set()
        self._answer.close()


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("how", ["kill", "force-kill"])
def test_a_kill_ends_the_downloads_of_its_job_only(
    pouring: Forgather, sample_runs: Path, free_port: FreePort, held: ExitStack, how: str
) -> None:
    process = ServerProcess(pouring)
    killed, survivor = (pouring.submit(sample_runs, port=free_port(), idle_timeout="never") for _ in range(2))
    for queue_id in (killed, survivor):
        pouring.wait_status(queue_id, "running")
        assert pouring.get(f"/api/tb/{queue_id}/data/runs").text == "ok"
    files, threads = process.open_files(), process.threads()

    def begin(queue_id: str) -> list[Download]:
        with ThreadPoolExecutor(DOWNLOADS) as several:
            begun = list(several.map(lambda _: Download(pouring, queue_id), range(DOWNLOADS)))
        for download in begun:
            held.callback(download.close)
        return begun

    doomed, others = begin(killed), begin(survivor)
    wait_until(lambda: all(each.taken for each in doomed + others))
    assert pouring.post(f"/api/jobs/{killed}/control/{how}").ok
    wait_until(lambda: all(each.is_over.is_set() for each in doomed))
    before = [each.taken for each in others]
    wait_until(lambda: all(each.taken > one for each, one in zip(others, before, strict=True)))
    assert not any(each.is_over.is_set() for each in others)
    assert pouring.get(f"/api/tb/{survivor}/data/runs").text == "ok"
    assert pouring.wait_status(killed, "aborted")["error"] == "killed on request"
    for each in others:
        each.close()
    # Allow for a few kept connections, but not for those of fifty downloads.
    wait_until(lambda: process.open_files() <= files + 5 and process.threads() <= threads + 5)


def test_hundreds_of_requests_leak_no_resources(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    """A mix of requests, repeated: no error, and no growth in files, threads and memory."""
    queue_id = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    forgather.wait_status(queue_id, "running")
    process = ServerProcess(forgather)
    viewer = f"/api/tb/{queue_id}/"
    paths = [viewer, f"{viewer}index.js", f"{viewer}data/environment", f"{viewer}data/runs", "/api/jobs", "/api/queue"]

    def ask(number: int) -> list[int]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {forgather.token}"
            return [
                session.get(forgather.url + paths[(number + each) % len(paths)], timeout=120).status_code
                for each in range(30)
            ]

    def ask_all(times: int) -> None:
        with ThreadPoolExecutor(16) as several:
            for statuses in several.map(ask, range(times)):
                assert set(statuses) == {200}

    ask_all(8)
    files, threads, memory = process.open_files(), process.threads(), process.memory()
    ask_all(16)
    wait_until(lambda: process.open_files() <= files + 5 and process.threads() <= threads + 5)
    # In MB. If the bodies were kept, the 80 of index.js alone would take 40.
    assert process.memory() <= memory + 32
