"""Many requests for one path share the worker threads fairly with all others."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import pytest
from in_thread import InThread
from waiting import wait_until

from forgather_units.http.limiter import COUNTED_SECONDS
from forgather_units.http.server.fair_queue import MAX_ACTIVE, FairQueue, branch_of

CROWD = 60


class Clock:
    """A queue with a clock that the test moves; `move` calls the due timers."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[Callable[[], None]] = []
        self.started: list[str] = []
        self.queue: FairQueue[str] = FairQueue(
            self.started.append, lambda when, call: self.due.append(call), lambda: self.now
        )

    def put(self, *targets: str) -> None:
        for target in targets:
            self.queue.put(target, target)

    def move(self, seconds: float) -> None:
        self.now += seconds
        due, self.due = self.due, []
        for call in due:
            call()

    def finish_all(self) -> list[str]:
        """End each started request, one after the other; the order in which all of them started."""
        for each in self.started:
            self.queue.end(each)
        return self.started


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_request_for_another_path_is_next(clock: Clock) -> None:
    crowd = [f"/api/logdir?path=/far/{number}" for number in range(CROWD)]
    clock.put(*crowd, "/api/jobs", "/")
    assert clock.started == crowd[:MAX_ACTIVE]
    assert set(clock.finish_all()[MAX_ACTIVE : MAX_ACTIVE + 3]) == {"/api/jobs", "/", crowd[MAX_ACTIVE]}
    assert sorted(clock.started) == sorted([*crowd, "/api/jobs", "/"])


def test_a_request_with_another_query_is_next() -> None:
    started: list[tuple[str, int]] = []
    queue: FairQueue[tuple[str, int]] = FairQueue(started.append, lambda when, call: None)
    for number in range(CROWD):
        queue.put("/api/logdir?path=/far", ("far", number))
    queue.put("/api/logdir?path=/near", ("near", 0))
    for each in started:
        queue.end(each)
    assert started.index(("near", 0)) <= MAX_ACTIVE + 1
    assert len(started) == CROWD + 1


def test_slow_requests_do_not_count_once_a_thread_runs_them(clock: Clock) -> None:
    targets = [f"/{number}" for number in range(2 * MAX_ACTIVE)]
    clock.put(*targets)
    for _ in range(3):
        # All threads are busy with other requests.
        clock.move(COUNTED_SECONDS)
    assert clock.started == targets[:MAX_ACTIVE]
    for each in targets[:MAX_ACTIVE]:
        clock.queue.begin(each)
    clock.move(COUNTED_SECONDS)
    assert clock.started == targets
    # Nothing waits, so no timer is set.
    clock.move(COUNTED_SECONDS)
    assert not clock.due


def test_the_end_of_a_request_that_was_never_queued(clock: Clock) -> None:
    clock.queue.begin("/a")
    clock.queue.end("/a")
    clock.put("/a")
    assert clock.started == ["/a"]


@pytest.mark.parametrize(
    ("target", "branch"),
    [
        ("/", ["", "/"]),
        ("", [""]),
        ("*", ["*"]),
        ("/api/jobs", ["api", "jobs", "/api/jobs"]),
        ("/api/tb/x/data/runs?a=/b", ["api", "tb", "x", "/api/tb/x/data/runs?a=/b"]),
    ],
)
def test_the_branch_of_a_target(target: str, branch: list[str]) -> None:
    assert branch_of(target) == branch


class Server:
    """Serves one request at a time once `may_respond` is set; `served` has them in order."""

    def __init__(self) -> None:
        self.read = 0
        self.served: list[str] = []
        self.may_respond = threading.Event()
        self._server = InThread(self._work, self._count, threads=1)

    def _count(self, environ: dict[str, Any]) -> None:
        self.read += 1

    def _work(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.served.append(environ["PATH_INFO"])
        self.may_respond.wait(120)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    def ask(self, path: str) -> http.client.HTTPConnection:
        client = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=120)
        client.request("GET", path)
        return client

    def stop(self) -> None:
        self.may_respond.set()
        self._server.stop()


def test_a_single_request_is_served_before_most_of_a_crowd() -> None:
    server = Server()
    with ExitStack() as cleanup:
        cleanup.callback(server.stop)
        clients = [server.ask("/crowd") for _ in range(CROWD)]
        other = server.ask("/other")
        wait_until(lambda: server.read > CROWD)
        server.may_respond.set()
        for client in [*clients, other]:
            cleanup.callback(client.close)
            assert client.getresponse().read() == b"done"
    assert server.served.index("/other") < CROWD // 2


def test_disconnected_clients_do_not_block_the_queue() -> None:
    server = Server()
    with ExitStack() as cleanup:
        cleanup.callback(server.stop)
        for _ in range(CROWD):
            client = server.ask("/crowd")
            assert isinstance(client.sock, socket.socket)
            client.close()
        server.may_respond.set()
        for _ in range(2 * MAX_ACTIVE):
            client = server.ask("/other")
            assert client.getresponse().read() == b"done"
            client.close()
