"""The number of samples of a series that stock TensorBoard keeps, with both of its loaders."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from waiting import wait_until

from forgather_units.samples.event_file import EventFile
from forgather_units.viewers.tensorboard.options import TensorBoardOptions, stock_flags
from forgather_units.viewers.tensorboard.program import find_tensorboard

# More than the slow loader keeps by default (10).
STEPS = 30


@pytest.mark.parametrize("load_fast", ["true", "false"])
def test_zero_keeps_all_samples(tmp_path: Path, free_port: Callable[[], int], load_fast: str) -> None:
    with EventFile(tmp_path / "run") as events:
        for step in range(STEPS):
            events.text(1.7e9 + step, step, "note", f"number {step}")
    port = free_port()
    options = TensorBoardOptions(str(tmp_path), samples_per_plugin="images=1,text=0")
    command = [find_tensorboard(), *stock_flags(options, port), f"--load_fast={load_fast}"]
    url = f"http://127.0.0.1:{port}/data/plugin/text/text?run=run&tag=note"

    def kept() -> int:
        try:
            answer = requests.get(url, timeout=120)
        except requests.RequestException:
            return 0
        return len(answer.json()) if answer.ok else 0

    with subprocess.Popen(command, env={**os.environ}, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: kept() == STEPS, what="all samples are kept")
        finally:
            process.terminate()
