"""A server as a shared host has it: systemd's part, the sockets, is played by the test."""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from forgather_server import Forgather

from forgather_units.sandbox.plan import NEIGHBOUR

# Above the numbers under which they are handed over.
_OUT_OF_THE_WAY = 20


class SharedForgather(Forgather):
    """Also at `socket_path`, where members of `group` ask without a token."""

    def __init__(self, folder: Path, group: str, **settings: Any) -> None:
        super().__init__(folder, group=group, **settings)
        # pytest's own folders are closed to others.
        self.open_folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        os.chmod(self.open_folder.name, 0o755)  # noqa: PTH101 - others are to come in
        self.socket_path = f"{self.open_folder.name}/server.sock"
        self.port = socket.create_server(("127.0.0.1", 0))
        self.members = socket.socket(socket.AF_UNIX)
        self.members.bind(self.socket_path)
        os.chmod(self.socket_path, 0o666)  # noqa: PTH101
        self.members.listen()

    @property
    def address(self) -> str:
        return f"unix:{self.socket_path}"

    def _spawn(self, command: list[str], log: IO[str]) -> subprocess.Popen[str]:
        numbers = [fcntl.fcntl(each, fcntl.F_DUPFD, _OUT_OF_THE_WAY) for each in (self.port, self.members)]

        def hand_over() -> None:
            for at, number in enumerate(numbers, start=3):
                os.dup2(number, at)

        try:
            return subprocess.Popen(
                ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *command],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "LISTEN_FDS": str(len(numbers))},
                preexec_fn=hand_over,
                pass_fds=(3, 4),
            )
        finally:
            for number in numbers:
                os.close(number)

    def clean(self) -> None:
        super().clean()
        self.port.close()
        self.members.close()
        self.open_folder.cleanup()


def members() -> str:
    """The group of the neighbour, who is the member in these tests; we are none."""
    try:
        return grp.getgrgid(pwd.getpwnam(NEIGHBOUR).pw_gid).gr_name
    except KeyError:
        pytest.skip(f"this machine has no second user whom we may be: the sandbox has ({NEIGHBOUR})")


@contextmanager
def shared_server(folder: Path, **settings: Any) -> Iterator[SharedForgather]:
    """Started, and gone afterwards."""
    server = SharedForgather(folder, members(), **settings)
    try:
        server.start()
        yield server
    finally:
        server.clean()


def as_member(*command: str) -> subprocess.CompletedProcess[str]:
    """How a command of the neighbour's ends."""
    words = ["su", NEIGHBOUR, "-c", shlex.join(command)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, cwd="/")
