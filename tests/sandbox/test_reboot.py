"""After a reboot, declared services exist again, asleep, at their old addresses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_CONFIG = """
services:
  tensorboard:
    lab: {logdir: %s, idle_timeout: never}
"""
# Functions for both boots. The port is the default, 8765, because the machine has its own loopback.
_COMMON = r"""
import json, sys, time
from pathlib import Path
import requests, subprocess
def cli(*words):
    done = subprocess.run([FORGATHER, *words], capture_output=True, text=True)
    return done.stdout + done.stderr
def until(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)
    return found
def ask(path, method="get", **how):
    token = Path.home().joinpath(".config/forgather/server/auth_token").read_text().strip()
    headers = {"Authorization": "Bearer " + token}
    return requests.request(method, "http://127.0.0.1:8765" + path, headers=headers, timeout=120, **how)
"""
_FIRST = r"""
from forgather_units.samples.collection import write_samples
runs = write_samples(Path.home() / "runs")
config = Path.home() / ".config/forgather/units.yaml"
config.parent.mkdir(parents=True, exist_ok=True)
config.write_text(CONFIG % runs)
print(cli("service-unit", "install", "--socket"), file=sys.stderr)
until(lambda: requests.get("http://127.0.0.1:8765/api/health", timeout=120).ok)
body = {"project_dir": "/", "config": "x", "job_type": "tensorboard", "job_params": {"logdir": str(runs), "port": 6006}}
job = ask("/api/queue", "post", json=body).json()["queue_id"]
until(lambda: ask(f"/api/jobs/{job}/status").json()["status"] == "running")
assert ask("/api/tb/lab/data/environment").status_code == 200
print(json.dumps({"job": job, "jobs": ask("/api/jobs").json()}))
"""
_SECOND = r"""
active = subprocess.run(["systemctl", "--user", "is-active", "forgather-server.socket", "forgather-server.service"],
    capture_output=True, text=True).stdout.split()
# One click on the old bookmark starts the server, and the viewer behind it.
began = time.monotonic()
# While the server still looks for the program, the response is a waiting page, which reloads by itself.
def opened():
    response = ask("/api/tb/lab/data/environment")
    return response if response.status_code != 503 else None
first = until(opened)
took = time.monotonic() - began
# The response and systemd's signal that the viewer is awake arrive independently.
def listed():
    jobs = ask("/api/jobs").json()
    return jobs if all(job["status"] != "starting" for job in jobs) else None
jobs = until(listed)
old = next(each for each in jobs if each["queue_id"] == JOB)
print(json.dumps({"active": active, "first": first.status_code, "took": took, "jobs": jobs, "old": old,
    "tty": ask(f"/api/jobs/{JOB}/tty").text}))
"""

Boot = Callable[..., dict[str, Any]]


@pytest.fixture
def boot(tmp_path: Path) -> Boot:
    """Boots the machine with its disk, runs a script as its user, and switches it off; the script's JSON."""
    forgather = str(Path(sys.executable).with_name("forgather"))

    def run(script: str, **values: str) -> dict[str, Any]:
        given = "".join(f"{name} = {value!r}\n" for name, value in {"FORGATHER": forgather, **values}.items())
        options = ["--private-network", "--disk", str(tmp_path / "disk")]
        done = subprocess.run(
            [sys.executable, "-m", "forgather_units.sandbox", "run", *options, "--", sys.executable, "-"],
            input=given + _COMMON + script, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    return run


def test_services_exist_after_a_reboot_and_jobs_have_ended(boot: Boot) -> None:
    before = boot(_FIRST, CONFIG=_CONFIG)
    after = boot(_SECOND, JOB=before["job"])
    # Before the first request systemd listens, and no server runs.
    assert after["active"] == ["active", "inactive"]
    assert after["first"] == 200
    (lab,) = [job for job in after["jobs"] if job["service"] == "lab" and job["alive"]]
    assert lab["status"] == "running"
    assert lab["queue_id"] not in {job["queue_id"] for job in before["jobs"]}
    assert (after["old"]["status"], after["old"]["error"]) == ("aborted", "ended by a restart of the machine")
    assert "TensorBoard 2." in after["tty"]
