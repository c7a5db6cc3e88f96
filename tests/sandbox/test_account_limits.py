"""Warnings about limits of an account: lingering and inotify."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.booted_machine import BootedMachine

from forgather_units.sandbox.launch import booted

_WATCH = """
import logging, sys, tempfile, threading, time
from pathlib import Path
from forgather_units.folders.watch import Watch
logging.basicConfig(stream=sys.stdout, format="%(message)s")
folder, changed = Path(tempfile.mkdtemp()), threading.Event()
watch = Watch(changed.set, lambda path, is_folder: True, gather=0.01, retry=0.1)
watch.on([str(folder)])
time.sleep(1)
(folder / "unseen").touch()
print("seen without:", changed.wait(0.5))
Path("/proc/sys/user", sys.argv[1]).write_text("1000")
print("checked again:", changed.wait(120))
changed.clear()
(folder / "seen").touch()
print("seen:", changed.wait(120))
"""
_SUBMIT = """
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from forgather_server import Forgather, submission
folder = Path(tempfile.mkdtemp())
forgather = Forgather(folder)
try:
    forgather.start()
    body = submission(folder, port="auto", lazy=True, memory_max="1G")
    answer = forgather.post("/api/queue", body).json()
    job = forgather.wait_status(answer["queue_id"], "sleeping")
    print(json.dumps({"answer": answer, "job": job, "log": forgather.log.read_text()}))
finally:
    forgather.clean()
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[BootedMachine]:
    with booted(private_network=True) as sandbox:
        yield BootedMachine(sandbox)


@pytest.mark.parametrize("limit", ["max_inotify_instances", "max_inotify_watches"])
def test_a_folder_is_watched_as_soon_as_inotify_has_free_watches(machine: BootedMachine, limit: str) -> None:
    with machine.script(_WATCH, limit, exhausted=limit) as output:
        result = output.read().splitlines()
    what = "instance" if limit == "max_inotify_instances" else "watch"
    assert result[0].endswith(f"is not watched: inotify {what} limit reached; changes in it show later")
    assert result[1:] == ["seen without: False", "checked again: True", "seen: True"]


def test_a_submission_warns_about_limits_of_the_account(machine: BootedMachine) -> None:
    """Whether the host enforces a memory limit or not, the job's notices are also in the response."""
    machine.root("rm", "/var/lib/systemd/linger/researcher")
    with machine.script(_SUBMIT, str(Path(__file__).parents[1])) as output:
        result = json.loads(output.read())
    ends = "jobs end when researcher logs out: lingering is off (loginctl enable-linger researcher)"
    notices = [notice for notice in result["job"]["notices"] if "not enforced" in notice]
    assert [*notices, ends] == result["answer"]["warnings"][-1 - len(notices) :]
    assert any("MemoryMax 1G" in each for each in [*notices, *result["job"]["protections"]])
    assert f"warning: {ends}" in result["log"]
