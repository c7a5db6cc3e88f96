"""The commands of the guide work when they are run in order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from docs.documents import ROOT, blocks
from forgather_server import Forgather

GUIDE = (ROOT / "docs" / "tensorboard.md").read_text()


def test_the_guide_s_commands(make_forgather: Callable[..., Forgather], tmp_path: Path) -> None:
    # The prefix matches the guide's patterns and is in forgather.slice, but belongs to this test.
    server = make_forgather()
    server.prefix = server.settings["unit_prefix"] = f"forgather-{server.prefix}"
    server.start()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "FORGATHER_SERVER_URL": server.url,
        "FORGATHER_SERVER_TOKEN": server.token,
    }
    output = ""
    for block in blocks(GUIDE, "sh"):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        output += done.stdout
    (job,) = [job for job in json.loads(server.cli("job", "list", "--json").stdout) if job["status"] == "running"]
    # `list-units` has printed the unit, and `--wait` the URL.
    assert server.unit(job["id"]) in output
    assert f"{server.url}/api/tb/{job['id']}/" in output
    assert server.get(f"/api/tb/{job['id']}/").ok
