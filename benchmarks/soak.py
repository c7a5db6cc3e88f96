"""A mixed load for long: nothing fails, and nothing grows."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Final

from benchmarks.load import _BAD
from benchmarks.peers import Front
from benchmarks.tools import Tools

_PATHS: Final = ("", "index.js", "data/environment", "data/runs", "data/plugins_listing", "icon_bundle.svg")
_SCRIPT: Final = """
local paths = { %s }
local at = 0
request = function()
  at = at %% #paths + 1
  return wrk.format("GET", paths[at])
end
"""


def soak(tools: Tools, front: Front, folder: Path, queue_id: str, seconds: float) -> str:
    """64 connections over a mixed list; returns a summary."""
    assert front.program is not None
    script = folder / "mixed.lua"
    script.write_text(_SCRIPT % ", ".join(f'"/api/tb/{queue_id}/{path}"' for path in _PATHS))
    headers = [word for header in (*front.headers, "Accept-Encoding: gzip") for word in ("-H", header)]
    command = [tools.wrk, "-t1", "-c64", f"-d{seconds:g}s", "--timeout", "30s", "-s", str(script), *headers]
    weights = []
    with subprocess.Popen(
        [*command, front.base[queue_id]], env=tools.environment, stdout=subprocess.PIPE, text=True
    ) as wrk:
        while wrk.poll() is None:
            weights.append((front.program.memory() / 1e6, front.program.open_files(), front.program.threads()))
            time.sleep(min(2.0, seconds / 10))
        assert wrk.stdout is not None
        said = wrk.stdout.read()
    bad = _BAD.search(said)
    half = weights[len(weights) // 2]
    time.sleep(2)
    return (
        f"Soak, 64 connections for {seconds:g} s, {len(_PATHS)} addresses: {bad[1] if bad else 'no error'}; memory "
        f"{half[0]:.0f} MB in the middle, {weights[-1][0]:.0f} MB at the end; threads {half[2]}, {weights[-1][2]}; "
        f"open files {half[1]}, afterwards {front.program.open_files()}."
    )
