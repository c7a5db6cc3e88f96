"""The whole server under load: viewers that are killed in the middle, and many requests for long."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pouring_viewer
import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]
DOWNLOADS = 25


@pytest.fixture
def pouring(make_forgather: Callable[..., Forgather], tmp_path: Path) -> Forgather:
    """A server whose TensorBoards pour."""
    program = tmp_path / "bin" / "tensorboard"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n" + Path(str(pouring_viewer.__file__)).read_text())
    program.chmod(0o755)
    server = make_forgather(tensorboard=str(program))
    server.start()
    return server


class Costs:
    """What the server's process holds."""

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
    """One that goes on until somebody ends it."""

    def __init__(self, forgather: Forgather, queue_id: str) -> None:
        self.taken = 0
        self.is_over = threading.Event()
        headers = {"Authorization": f"Bearer {forgather.token}"}
        self._answer = requests.get(
            f"{forgather.url}/api/tb/{queue_id}/data/pour", headers=headers, stream=True, timeout=60
        )
        assert self._answer.status_code == 200
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            # Slowly, as a browser saves to a disk: it is still under way when its viewer dies.
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
def test_a_job_killed_under_its_downloads(
    pouring: Forgather, sample_runs: Path, free_port: FreePort, held: ExitStack, how: str
) -> None:
    costs = Costs(pouring)
    dies, lives = (pouring.submit(sample_runs, port=free_port(), idle_timeout="never") for _ in range(2))
    for queue_id in (dies, lives):
        pouring.wait_status(queue_id, "running")
        assert pouring.get(f"/api/tb/{queue_id}/data/runs").text == "ok"
    files, threads = costs.open_files(), costs.threads()

    def begin(queue_id: str) -> list[Download]:
        with ThreadPoolExecutor(DOWNLOADS) as several:
            begun = list(several.map(lambda _: Download(pouring, queue_id), range(DOWNLOADS)))
        for download in begun:
            held.callback(download.close)
        return begun

    doomed, others = begin(dies), begin(lives)
    wait_until(lambda: all(each.taken for each in doomed + others), 30)
    assert pouring.post(f"/api/jobs/{dies}/control/{how}").ok
    wait_until(lambda: all(each.is_over.is_set() for each in doomed), 30)
    before = [each.taken for each in others]
    wait_until(lambda: all(each.taken > one for each, one in zip(others, before, strict=True)), 30)
    assert not any(each.is_over.is_set() for each in others)
    assert pouring.get(f"/api/tb/{lives}/data/runs").text == "ok"
    assert pouring.wait_status(dies, "aborted")["error"] == "killed on request"
    for each in others:
        each.close()
    # A kept connection or two may come and go; those of fifty downloads would not.
    wait_until(lambda: costs.open_files() <= files + 5 and costs.threads() <= threads + 5, 30)


def test_thousands_of_requests_leave_nothing(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    """A mixed list over and over: no error, and files, threads and memory as before."""
    queue_id = forgather.submit(sample_runs, port=free_port(), idle_timeout="never")
    forgather.wait_status(queue_id, "running")
    costs = Costs(forgather)
    viewer = f"/api/tb/{queue_id}/"
    paths = [viewer, f"{viewer}index.js", f"{viewer}data/environment", f"{viewer}data/runs", "/api/jobs", "/api/queue"]

    def ask(number: int) -> list[int]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {forgather.token}"
            return [
                session.get(forgather.url + paths[(number + each) % len(paths)], timeout=60).status_code
                for each in range(30)
            ]

    def ask_all(times: int) -> None:
        with ThreadPoolExecutor(16) as several:
            for statuses in several.map(ask, range(times)):
                assert set(statuses) == {200}

    ask_all(16)
    files, threads, memory = costs.open_files(), costs.threads(), costs.memory()
    ask_all(32)
    wait_until(lambda: costs.open_files() <= files + 5, 30)
    assert costs.threads() <= threads + 5
    # (MB. What each of the 960 requests kept would show: a body of index.js is 0.5.)
    assert costs.memory() <= memory + 32
