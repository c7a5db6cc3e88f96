"""The programs' folders are looked up in the background of the server's start."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dead_mount
import pytest
from dead_mount import NEVER, SlowMount
from waiting import wait_until

from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.program import Program
from forgather_units.files.lookups import LIMIT, Lookups
from forgather_units.files.slots import DoesNotAnswer
from forgather_units.settings.settings import Settings
from forgather_units.viewers import programs as module
from forgather_units.viewers.contract.command_path import which
from forgather_units.viewers.programs import Programs
from forgather_units.viewers.tensorboard.kind import TENSORBOARD


def test_a_slow_program_does_not_delay_the_start(tmp_path: Path) -> None:
    gate, command = tmp_path / "gate", tmp_path / "tensorboard"
    os.mkfifo(gate)
    command.write_text(f"#!/bin/sh\nread line <{gate}\n")
    command.chmod(0o755)
    programs = Programs(replace(Settings(), tensorboard=str(command)))
    programs.prepare()
    opened: list[int] = []

    def program_waits() -> bool:
        # It can be opened only while the program reads from it.
        try:
            opened.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True

    wait_until(program_waits)
    os.write(opened[0], b"go\n")
    os.close(opened[0])
    assert programs(TENSORBOARD).command == (str(command),)


def test_without_a_program_the_server_starts_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """`forgather tb install` may follow while it runs."""
    program = Program(("/opt/bin/tensorboard",))

    def missing(kind: object, command: str, ask: object) -> Program:
        raise Refused("the tensorboard command is not installed", hint="forgather tb install")

    monkeypatch.setattr(module, "look_for_program", missing)
    programs = Programs(Settings())
    programs.prepare()
    with pytest.raises(Refused, match="not installed"):
        programs(TENSORBOARD)
    assert "the tensorboard command is not installed (forgather tb install)" in caplog.text
    monkeypatch.setattr(module, "look_for_program", lambda kind, command, ask: program)
    wait_until(lambda: _is_found(programs))
    assert programs(TENSORBOARD) is program


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[SlowMount]:
    mount = SlowMount(tmp_path)
    (mount.source / "tensorboard").write_text("#!/bin/sh\necho 1.0\n")
    (mount.source / "tensorboard").chmod(0o755)
    with mount.mounted(dead_mount.build(tmp_path)):
        yield mount


@pytest.fixture
def lookups() -> Iterator[Lookups]:
    with closing(Lookups()) as lookups:
        yield lookups


def test_a_program_on_a_dead_mount(mount: SlowMount, lookups: Lookups) -> None:
    """The scheduler's thread and requests get an error in time, and the program once the mount responds again."""
    command = str(mount.point / "tensorboard")
    programs = Programs(replace(Settings(), tensorboard=command), lookups.ask)
    mount.answer_after(NEVER)
    with ThreadPoolExecutor(4) as threads:
        for _ in range(2):
            calls = [threads.submit(programs, TENSORBOARD) for _ in range(3)]
            calls.append(threads.submit(programs.soon, TENSORBOARD))
            for each in calls:
                with pytest.raises(Unavailable, match=r"is still being searched for|does not answer") as why:
                    each.result(120)
                assert command in why.value.message or "tensorboard command" in why.value.message

        def took() -> float:
            began = time.monotonic()
            with pytest.raises(Unavailable, match=re.escape(f"{command} cannot be accessed: the file system at")):
                programs.soon(TENSORBOARD)
            return time.monotonic() - began

        # The scheduler's thread does not wait for a program that is known to hang. On a busy machine one call may.
        assert min(took() for _ in range(5)) < LIMIT / 2
        mount.answer_after(0)
        wait_until(lambda: _is_found(programs))
        assert programs.soon(TENSORBOARD).command == (command,)


def _is_found(programs: Programs) -> bool:
    try:
        programs(TENSORBOARD)
    except (Refused, Unavailable):
        return False
    return True


def test_a_search_path_on_a_dead_mount(mount: SlowMount, monkeypatch: pytest.MonkeyPatch) -> None:
    mount.answer_after(NEVER)
    monkeypatch.setenv("PATH", f"{mount.point}:{os.environ['PATH']}")
    with closing(Lookups()) as lookups, pytest.raises(DoesNotAnswer):
        lookups.ask("/", which, "tensorboard")


def test_warnings_about_a_program_reach_the_log(
    tmp_path: Path, lookups: Lookups, caplog: pytest.LogCaptureFixture
) -> None:
    command = tmp_path / "tensorboard"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    programs = Programs(replace(Settings(), tensorboard=str(command)), lookups.ask)
    assert programs(TENSORBOARD).command == (str(command),)
    assert f"{command} did not say where its Python code is" in caplog.text
