"""A live terminal continues when journald rotates its files, deletes old ones, or is killed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

import pytest
from sandbox.booted_machine import BootedMachine

from forgather_units.sandbox.launch import booted

# A unit that prints numbers, and a stream that prints the lines it receives.
_FOLLOW = r"""
import subprocess, sys, time
from forgather_units.journal.follower import Follower
from forgather_units.journal.reader import Journal, LineKind
from forgather_units.domain.scope import Scope
from forgather_units.host.this_machine import this_machine
unit = f"fgtest-rotation-{sys.argv[1]}.service"
numbers = "n=0; while :; do n=$$((n+1)); echo $$n; sleep 0.005; done"
run = ["systemd-run", "--user", "--quiet", "--collect", f"--unit={unit}"]
subprocess.run([*run, "/bin/sh", "-c", numbers], check=True)
with Follower(Journal(this_machine())).subscribe(unit) as stream:
    received_at = time.monotonic()
    while time.monotonic() < received_at + 120:
        line = stream.get()
        if line is None:
            time.sleep(0.01)
            continue
        received_at = time.monotonic()
        if line.kind is LineKind.OUTPUT:
            print(line.data.decode(), flush=True)
"""
_STEPS = 20


@pytest.fixture(scope="module")
def machine() -> Iterator[BootedMachine]:
    with booted(private_network=True) as sandbox:
        yield BootedMachine(sandbox)


def _next(output: IO[str], count: int) -> list[int]:
    """The next numbers; fails if none arrives for a long time."""
    return [int(output.readline()) for _ in range(count)]


@pytest.mark.parametrize("exhausted", ["", "max_inotify_instances", "max_inotify_watches"])
def test_a_stream_survives_rotation_and_vacuum(machine: BootedMachine, exhausted: str) -> None:
    name = re.sub(r"\W|_", "", exhausted) or "watched"
    with machine.script(_FOLLOW, name, exhausted=exhausted) as output:
        got = _next(output, _STEPS)
        # sd_journal does not continue in a deleted file: without inotify, lines written since the last read are lost
        # if their file is rotated and deleted at once.
        vacuum = ["--vacuum-files=1"] if exhausted else ["--rotate", "--vacuum-files=1"]
        for fault in (["--rotate"], ["--rotate"], vacuum):
            machine.root("journalctl", *fault)
            got += _next(output, 3 * _STEPS)
    assert got == list(range(1, len(got) + 1))
    machine.root("systemctl", "--user", f"--machine={machine.uid}@", "stop", f"fgtest-rotation-{name}.service")


def test_a_stream_survives_a_killed_journald(machine: BootedMachine) -> None:
    with machine.script(_FOLLOW, "killed") as output:
        got = _next(output, _STEPS)
        for _ in range(2):
            machine.root("systemctl", "kill", "--signal=KILL", "systemd-journald.service")
            got += _next(output, 3 * _STEPS)
    # Lines that journald had received but not stored when it was killed are lost; none appears twice.
    assert got == sorted(set(got))
