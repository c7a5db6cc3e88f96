"""A host that forbids user namespaces: viewers are placed directly, with the reason, and everything else works."""

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
    doctor = forgather.cli("doctor", "--json", check=False).stdout
    private = forgather.post("/api/queue", {"project_dir": "/", "config": "x", "job_type": "tensorboard",
        "job_params": {"logdir": str(runs), "private": True}})
    result = {"job": job, "page": page, "sleep": sleep, "doctor": doctor, "host": forgather.get("/api/host").json(),
        "private": [private.status_code, private.json()]}
    Path(sys.argv[1]).write_text(json.dumps(result))
finally:
    forgather.clean()
"""


def inside(script: str) -> dict[str, Any]:
    """The JSON that the script writes in a sandbox without user namespaces."""
    run = f"{sys.executable} /tmp/script.py /tmp/result >/tmp/log 2>&1 || cat /tmp/log >&2"
    command = f"cat > /tmp/script.py; {run}; cat /tmp/result"
    done = subprocess.run(
        [sys.executable, "-m", "forgather_units.sandbox", "run", "--no-user-namespaces", "--", "bash", "-c", command],
        input=script, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_direct_placement_is_the_fallback_and_has_a_reason() -> None:
    result = inside(_SCRIPT)
    job = result["job"]
    assert (job["status"], job["placement"], result["page"]) == ("running", "direct", 200), job
    assert any("this host forbids user namespaces" in notice for notice in job["notices"])
    assert not {"own network", "hidden home", "read-only system"} & set(job["protections"])
    assert {"no new privileges", "fewer system calls"} <= set(job["protections"])
    assert "cannot sleep" in result["sleep"]
    assert "viewers cannot be isolated" in result["doctor"]
    assert (result["host"]["placement"], result["host"]["capabilities"]["sockets"]) == ("direct", False)
    assert "forbids user namespaces" in result["host"]["placement_reason"]
    status, answer = result["private"]
    assert (status, answer["field"]) == (400, "private")
    assert "forbids user namespaces" in answer["detail"]
