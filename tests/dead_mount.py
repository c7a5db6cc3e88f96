"""A FUSE file system whose delay a test sets, up to never responding."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import wait_until

_SOURCE = Path(__file__).with_name("slow_file_system.c")
NEVER = -1


class SlowMount:
    """Shows the content of `source` at `point`."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.point = folder / "mount"
        self._delay = folder / "delay"
        for made in (self.source, self.point):
            made.mkdir()
        self.answer_after(0)

    def answer_after(self, milliseconds: int) -> None:
        """Delay each call from now on; NEVER blocks until a later call sets another delay."""
        draft = self._delay.with_suffix(".new")
        draft.write_text(f"{milliseconds}\n")
        draft.replace(self._delay)

    @contextmanager
    def mounted(self, program: Path) -> Iterator[None]:
        command = [str(program), str(self.source), str(self.point), str(self._delay)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: process.poll() is None and self.point.is_mount())
                yield
            finally:
                # Calls that are blocked in it return before it is unmounted.
                self.answer_after(0)
                subprocess.run(["fusermount3", "-uz", str(self.point)], check=False)
                process.terminate()


def build(folder: Path) -> Path:
    """The program, compiled."""
    program = folder / "slow_file_system"
    pkg_config = shutil.which("pkg-config") or "pkg-config"
    flags = subprocess.run([pkg_config, "--cflags", "--libs", "fuse3"], capture_output=True, text=True, check=True)
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-Wextra", "-o", str(program), str(_SOURCE), *flags.stdout.split()], check=True
    )
    return program
