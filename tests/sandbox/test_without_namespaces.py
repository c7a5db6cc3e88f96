"""A host that forbids user namespaces: everything still works, placed directly, and it is said why."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_SCRIPT = r"""
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, "tests")
from forgather_server import Forgather
from forgather_units.samples.collection import write_samples
folder = Path(tempfile.mkdtemp())
forgather = Forgather(folder)
try:
    forgather.start()
    runs = write_samples(folder / "samples")
    job = forgather.wait_status(forgather.submit(runs, port="auto"), "running", "failed")
    page = forgather.get(job["url"]).status_code
    sleep = forgather.cli("job", "sleep", job["queue_id"], check=False).stderr
    doctor = forgather.cli("doctor", check=False).stdout
    private = forgather.post("/api/queue", {"project_dir": "/", "config": "x", "job_type": "tensorboard",
        "job_params": {"logdir": str(runs), "private": True}})
    said = {"job": job, "page": page, "sleep": sleep, "doctor": doctor, "host": forgather.get("/api/host").json(),
        "private": [private.status_code, private.json()]}
    Path(sys.argv[1]).write_text(json.dumps(said))
finally:
    forgather.clean()
"""


def inside(script: str) -> dict[str, Any]:
    """What the script says in a sandbox without user namespaces."""
    run = f"{sys.executable} /tmp/script.py /tmp/said >/tmp/log 2>&1 || cat /tmp/log >&2"
    command = f"cat > /tmp/script.py; {run}; cat /tmp/said"
    done = subprocess.run(
        [sys.executable, "-m", "forgather_units.sandbox", "run", "--no-user-namespaces", "--", "bash", "-c", command],
        input=script, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_direct_is_the_fallback_and_says_why() -> None:
    said = inside(_SCRIPT)
    job = said["job"]
    assert (job["status"], job["placement"], said["page"]) == ("running", "direct", 200), job
    assert any("this host forbids user namespaces" in notice for notice in job["notices"])
    assert not {"own network", "hidden home", "read-only system"} & set(job["protections"])
    assert {"no new privileges", "fewer system calls"} <= set(job["protections"])
    assert "cannot sleep" in said["sleep"]
    assert "viewers cannot be isolated" in said["doctor"]
    assert (said["host"]["placement"], said["host"]["capabilities"]["sockets"]) == ("direct", False)
    assert "forbids user namespaces" in said["host"]["placement_reason"]
    status, answer = said["private"]
    assert (status, answer["field"]) == (400, "private")
    assert "forbids user namespaces" in answer["detail"]
