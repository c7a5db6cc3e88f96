"""A server without a free file descriptor: connections wait, requests get an error, then it works again."""

from __future__ import annotations

import json
import resource
import socket
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from forgather_server import Forgather
from waiting import wait_until


def test_the_server_recovers_from_a_lack_of_descriptors(forgather: Forgather, sample_runs: Path) -> None:
    queue_id = forgather.submit(sample_runs, port="auto", lazy=True)
    forgather.wait_status(queue_id, "sleeping")
    assert forgather.process is not None
    pid, port = forgather.process.pid, int(forgather.url.rpartition(":")[2])
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    early = HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(path: str) -> HTTPResponse:
        """Send a request on a connection opened earlier."""
        early.request("GET", path, headers={"Authorization": f"Bearer {forgather.token}"})
        return early.getresponse()

    assert ask("/api/health").read()
    with ExitStack() as held:
        # The limit is on the number of the next descriptor.
        highest = max(int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, before[1]))
        for _ in range(highest + 8):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        wait_until(lambda: "new connections have to wait: Too many open files" in forgather.log.read_text())
        refused = ask(f"/api/jobs/{queue_id}/tty")
        assert refused.status == 503
        assert json.loads(refused.read())["detail"] == "the server cannot do this now: Too many open files"
        assert refused.headers["Retry-After"]
    early.close()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    with socket.create_connection(("127.0.0.1", port)) as fresh:
        fresh.settimeout(120)
        fresh.sendall(b"GET /api/health HTTP/1.0\r\n\r\n")
        assert fresh.recv(100).startswith(b"HTTP/1.")
    assert forgather.get(f"/api/jobs/{queue_id}/tty").ok
    log = forgather.log.read_text()
    assert log.count("new connections have to wait") == 1
    assert "Traceback" not in log
