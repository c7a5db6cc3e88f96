"""What the guide tells a reader to type works, typed in its order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from documents import ROOT, blocks
from forgather_server import Forgather

GUIDE = (ROOT / "docs" / "tensorboard.md").read_text()


def test_the_guide_s_commands(make_forgather: Callable[..., Forgather], tmp_path: Path) -> None:
    # Inside forgather.slice and found by the guide's own patterns, and yet nobody else's.
    server = make_forgather()
    server.prefix = server.settings["unit_prefix"] = f"forgather-{server.prefix}"
    server.start()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "FORGATHER_SERVER_URL": server.url,
        "FORGATHER_SERVER_TOKEN": server.token,
    }
    said = ""
    for block in blocks(GUIDE, "sh"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        said += done.stdout
    (job,) = [job for job in json.loads(server.cli("job", "list", "--json").stdout) if job["status"] == "running"]
    # `list-units` showed its unit, and `--wait` its address.
    assert server.unit(job["id"]) in said
    assert f"{server.url}/api/tb/{job['id']}/" in said
    assert server.get(f"/api/tb/{job['id']}/").ok
