"""Another user of the same machine learns nothing from loopback ports, /proc and /tmp."""

from __future__ import annotations

import json
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather

from forgather_units.sandbox.plan import NEIGHBOUR

ROOT = Path(__file__).parents[2]
FreePort = Callable[[], int]

# Requests the job's pages from every listening port, and reads all readable files in /proc and /tmp.
_SNOOP = r"""
import json, os, subprocess, sys, urllib.request
marks, paths = json.loads(sys.argv[1]), json.loads(sys.argv[2])
found = {"ports": {}, "files": [], "sockets": []}
shown = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True).stdout
for line in shown.splitlines():
    address = line.split()[3]
    host, _, port = address.rpartition(":")
    host = "127.0.0.1" if host in ("0.0.0.0", "*", "[::]") else host.split("%")[0]
    for path in paths:
        try:
            with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5) as answer:
                body = answer.read(200000).decode(errors="replace")
        except Exception:
            continue
        if any(mark in body for mark in marks):
            found["ports"].setdefault(port, path)
for top in ("/proc", "/tmp", "/run", "/dev/shm"):
    for folder, folders, files in os.walk(top):
        folders[:] = [each for each in folders if each not in ("task", "sys", "self", "thread-self", str(os.getpid()))]
        for name in files:
            path = os.path.join(folder, name)
            if name in ("cmdline", "kmsg", "kcore", "kallsyms", "pagemap", "clear_refs", "mem"):
                continue
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                if any(mark.encode() in os.read(fd, 65536) for mark in marks):
                    found["files"].append(path)
            except OSError:
                pass
            finally:
                os.close(fd)
print(json.dumps(found))
"""


@pytest.fixture
def neighbour(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs the snooping script as the second user."""
    try:
        pwd.getpwnam(NEIGHBOUR)
    except KeyError:
        pytest.skip(f"this machine has no second user to act as: the sandbox has ({NEIGHBOUR})")
    script = Path("/var/tmp") / f"snoop-{tmp_path.name}.py"
    script.write_text(_SNOOP)
    script.chmod(0o644)

    def snoop(marks: list[str], paths: list[str]) -> dict[str, Any]:
        words = ["/usr/bin/python3", str(script), json.dumps(marks), json.dumps(paths)]
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        done = subprocess.run(["su", NEIGHBOUR, "-c", quoted], capture_output=True, text=True, check=True, timeout=120)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return snoop


@pytest.mark.usefixtures("needs_socket_placement")
def test_a_private_viewer_reveals_nothing_to_another_user(
    forgather: Forgather, sample_runs: Path, free_port: FreePort, neighbour: Callable[..., dict[str, Any]]
) -> None:
    private = forgather.submit(sample_runs, private=True, idle_timeout="never")
    port = free_port()
    public = forgather.submit(sample_runs, port=port, idle_timeout="never")
    for queue_id in (private, public):
        forgather.wait_status(queue_id, "running")
        assert "train-loss" in forgather.get(f"/api/tb/{queue_id}/data/plugin/timeseries/tags").text
    paths = [f"/api/tb/{queue_id}/data/{what}" for queue_id in (private, public)
             for what in ("runs", "plugin/timeseries/tags", "logdir")]  # fmt: skip
    found = neighbour(["train-loss", "high_lr", forgather.token], paths)
    # The requested port responds to every client; no other port does, not even TensorBoard's inner ones.
    assert found["ports"] == {str(port): f"/api/tb/{public}/data/runs"}
    # The checkout may be in /tmp, and is world-readable.
    assert [file for file in found["files"] if not file.startswith(f"{ROOT}/")] == []
    refused = subprocess.run(
        ["su", NEIGHBOUR, "-c", f"curl -sS --unix-socket {socket_of(forgather, private)} http://x/"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode != 0


def socket_of(forgather: Forgather, queue_id: str) -> str:
    shown = forgather.systemctl("show", "-p", "Listen", "--value", f"{forgather.prefix}-tensorboard-{queue_id}.socket")
    return shown.split()[0]
