"""A user manager that ends while viewers run, as at a logout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Runs as the user of the sandbox, outside the manager that it ends.
_SCRIPT = r"""
import subprocess, sys, time
from pathlib import Path
sys.path.insert(0, TESTS)
from files_kind import FILES, files_of
from real_scheduler import real_scheduler
from waiting import wait_until
from forgather_units.domain.job import Running
folder = Path("/tmp/manager-ends")
folder.mkdir()
opened = real_scheduler(folder, {FILES.name: FILES})
made = opened.__enter__()
job = made.scheduler.submit(files_of(folder, lazy=False))
wait_until(lambda: isinstance(made.state(job.queue_id), Running), 30)
record = made.unit_factory.paths.exit_file(job.queue_id)
subprocess.run(["systemctl", "--user", "exit"], check=True)
print(wait_until(lambda: record.exists() and record.read_text(), 30))
sys.stdout.flush()
import os
os._exit(0)
"""


def test_exit_records_name_the_end_of_the_manager() -> None:
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "forgather_units.sandbox", "run", "--private-network", "--", sys.executable, "-"],
        input=f"TESTS = {tests!r}\n{_SCRIPT}", capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "with-manager", done.stdout
