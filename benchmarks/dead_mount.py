"""Measures how a file system that does not answer delays unrelated requests: `python -m benchmarks.dead_mount`.

    forgather sandbox run --private-network -- .venv/bin/python -m benchmarks.dead_mount

The file system is FUSE's (tests/slow_file_system.c). A process of its own sends requests that have nothing to do with
it, one after the other: the list of jobs, the facts of a logdir on a disk, the list of projects and the page's own
address. The slowest of each is shown: while nothing else goes on, while 200 requests about the mount come at once,
while a page follows ten jobs with logdirs there, and from the start of a server on that a service there is declared
for. Then how long that server took to listen.
"""

from __future__ import annotations

import contextlib
import http.client
import multiprocessing
import os
import platform
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import dead_mount
from dead_mount import NEVER, SlowMount
from forgather_server import Forgather
from waiting import wait_until

from forgather_units.samples.collection import write_samples

_CROWD: Final = 200
_SECONDS: Final = 6.0
_PAUSE: Final = 0.005

Slowest = dict[str, float]
"""Seconds by kind of request."""


class Others:
    """A separate process for the other requests, so that this process does not distort them."""

    def __init__(self, forgather: Forgather, asked: dict[str, str]) -> None:
        host = urlsplit(forgather.url).netloc
        self._ours, theirs = multiprocessing.Pipe()
        arguments = (host, forgather.token, asked, theirs)
        self._process = multiprocessing.get_context("fork").Process(target=_ask_others, args=arguments)
        self._process.start()
        self._ours.recv()

    def end(self) -> Slowest:
        self._ours.send(True)
        slowest: Slowest = self._ours.recv()
        self._process.join()
        return slowest


def _ask_others(host: str, token: str, asked: dict[str, str], orders: Connection[Any, Any]) -> None:
    client = http.client.HTTPConnection(host, timeout=60)
    slowest = dict.fromkeys(asked, 0.0)
    orders.send(True)
    while not orders.poll(_PAUSE):
        for name, path in asked.items():
            began = time.perf_counter()
            client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = client.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.OK:
                raise SystemExit(f"{path} was answered with {answer.status}")
            slowest[name] = max(slowest[name], time.perf_counter() - began)
    orders.send(slowest)


def crowd(forgather: Forgather, path: str) -> list[float]:
    """Seconds until each of the answers to _CROWD requests that are sent at once has begun."""
    where = urlsplit(forgather.url)
    request = f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {forgather.token}\r\n\r\n".encode()
    took: list[float] = []
    with selectors.DefaultSelector() as waiting, contextlib.ExitStack() as opened:
        for _ in range(_CROWD):
            client = opened.enter_context(socket.create_connection((where.hostname or "", where.port or 80)))
            waiting.register(client, selectors.EVENT_READ)
        began = time.perf_counter()
        for each in list(waiting.get_map().values()):
            each.fileobj.send(request)  # type: ignore[union-attr]  # a socket
        while waiting.get_map():
            for key, _ in waiting.select(60):
                took.append(time.perf_counter() - began)
                waiting.unregister(key.fileobj)
    return took


@contextlib.contextmanager
def _following(forgather: Forgather) -> Iterator[None]:
    """A page's stream of events."""
    with forgather.get("/api/events", stream=True):
        yield


def measure(folder: Path, mount: SlowMount) -> tuple[dict[str, Slowest], list[str]]:
    """The slowest requests of each row, and sentences."""

    near = write_samples(folder / "near")
    (mount.source / "runs").mkdir()
    far = str(mount.point / "runs")
    forgather = Forgather(folder, search_roots=[str(near)])
    asked = {
        "list of jobs": "/api/jobs",
        "near logdir": f"/api/logdir?path={quote(str(near))}",
        "projects": "/api/projects",
        "page": "/",
    }
    rows: dict[str, Slowest] = {}
    notes: list[str] = []
    try:
        forgather.start()
        for path in asked.values():
            forgather.get(path).raise_for_status()
        others = Others(forgather, asked)
        time.sleep(_SECONDS)
        rows["nothing else"] = others.end()
        for number in range(10):
            (mount.source / f"runs/{number}").mkdir()
            forgather.submit(mount.point / f"runs/{number}", port="auto", lazy=True)
        mount.answer_after(NEVER)
        for name in ("the first", "another"):
            others = Others(forgather, asked)
            took = crowd(forgather, f"/api/logdir?path={quote(far)}")
            time.sleep(1)
            rows[f"{name} {_CROWD} requests about the mount"] = others.end()
            notes.append(f"{name} {_CROWD}: all answered after {max(took):.2f} s, half of them after "
                         f"{sorted(took)[_CROWD // 2]:.2f} s")  # fmt: skip
        mount.answer_after(0)
        wait_until(lambda: "forgather_lookups_stuck{" not in forgather.get("/api/metrics").text, 30)
        mount.answer_after(NEVER)
        others = Others(forgather, asked)
        with _following(forgather):
            time.sleep(_SECONDS)
        rows["a page with ten jobs on the mount"] = others.end()
        forgather.stop()
        forgather.settings["services"] = {"tensorboard": {"far": {"logdir": far}}}
        began = time.perf_counter()
        forgather.start()
        notes.append(
            f"a server with a service on the mount answers {time.perf_counter() - began:.2f} s after its start"
        )
        others = Others(forgather, asked)
        time.sleep(_SECONDS)
        rows["after a restart with a service on the mount"] = others.end()
    finally:
        mount.answer_after(0)
        forgather.clean()
    return rows, notes


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="forgather-bench-") as name:
        folder = Path(name)
        mount = SlowMount(folder)
        with mount.mounted(dead_mount.build(folder)):
            rows, notes = measure(folder, mount)
    asked = next(iter(rows.values()))
    print(f"| slowest request, while there is | {' | '.join(asked)} |")
    print("|---" * (len(asked) + 1) + "|")
    for row, slowest in rows.items():
        print(f"| {row} | {' | '.join(f'{seconds * 1000:.0f} ms' for seconds in slowest.values())} |")
    print()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, load average {load:.1f}")
    for note in notes:
        print(f"- {note}")


if __name__ == "__main__":
    main()
