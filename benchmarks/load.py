"""Requests made and counted: `wrk` for the many, raw sockets for the slow."""

from __future__ import annotations

import re
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from benchmarks.peers import Front
from benchmarks.tools import Tools

_RATE: Final = re.compile(r"Requests/sec:\s+([\d.]+)")
_COUNT: Final = re.compile(r"(\d+) requests in [\d.]+\w+, ([\d.]+)(B|KB|MB|GB) read")
_MEDIAN: Final = re.compile(r"50%\s+([\d.]+)(us|ms|s)")
_BAD: Final = re.compile(r"(Socket errors: [^\n]+|Non-2xx or 3xx responses: \d+)")
_UNIT: Final = {"us": 1e-3, "ms": 1.0, "s": 1e3, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


@dataclass(frozen=True, slots=True)
class Measured:
    """`rate` per second, `median` in ms, `bytes` of one answer, `cpu` in ms of the front for one request."""

    rate: float
    median: float
    bytes: float
    cpu: float
    complaint: str


def load(
    tools: Tools, front: Front, queue_id: str, path: str, connections: int, seconds: float, *headers: str
) -> Measured:
    """`connections` at once, each asking again as soon as it is answered."""
    before = front.program.cpu_seconds() if front.program else 0.0
    named = [word for header in (*front.headers, *headers) for word in ("-H", header)]
    command = [tools.wrk, "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "--timeout", "20s", *named]
    done = subprocess.run(
        [*command, front.url(queue_id, path)], env=tools.environment, capture_output=True, text=True, check=True
    )
    after = front.program.cpu_seconds() if front.program else 0.0
    rate, count, median = _RATE.search(done.stdout), _COUNT.search(done.stdout), _MEDIAN.search(done.stdout)
    assert rate and count and median, done.stdout
    requests = int(count[1])
    complaint = _BAD.search(done.stdout)
    return Measured(
        float(rate[1]),
        float(median[1]) * _UNIT[median[2]],
        float(count[2]) * _UNIT[count[3]] / max(1, requests),
        (after - before) * 1000 / max(1, requests),
        complaint[1] if complaint else "",
    )


def _send(front: Front, url: str, *, keeps: bool = False) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.socket()
    # A small receive buffer: data in flight then uses the sender's memory.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.settimeout(30)
    connection.connect((parts.hostname or "", parts.port or 0))
    kept = "keep-alive" if keeps else "close"
    rows = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Connection: {kept}", *front.headers, "", ""]
    connection.sendall("\r\n".join(rows).encode())
    return connection


@contextmanager
def slow_readers(front: Front, queue_id: str, path: str, count: int) -> Iterator[None]:
    """Clients that start to read a response and stop."""
    with ExitStack() as held:
        for _ in range(count):
            held.enter_context(_send(front, front.url(queue_id, path)))
        time.sleep(1)  # until the proxy has buffered all that it will
        yield


@contextmanager
def event_streams(front: Front, queue_id: str, count: int) -> Iterator[None]:
    """Open event streams, each after its first event."""
    with ExitStack() as held:
        for _ in range(count):
            stream = held.enter_context(_send(front, f"{front.base[queue_id]}/api/stream"))
            assert stream.recv(65536).startswith(b"HTTP/1.1 200")
        yield


@contextmanager
def idle_connections(front: Front, queue_id: str, path: str, count: int) -> Iterator[None]:
    """Idle keep-alive connections after one request each, as of many open pages."""
    with ExitStack() as held:
        for _ in range(count):
            held.enter_context(_send(front, front.url(queue_id, path), keeps=True)).recv(65536)
        yield


def one_by_one(front: Front, queue_id: str, path: str, count: int) -> tuple[float, float]:
    """Median and maximum of sequential requests, in ms; 30 s means no response."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        try:
            with _send(front, front.url(queue_id, path)) as connection:
                while connection.recv(1 << 16):
                    pass
        except TimeoutError:
            took.append(30_000.0)
            break
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)
