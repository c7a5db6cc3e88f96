"""A server as on a shared host; the test passes it the sockets, as systemd does there."""

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

# Above the descriptors at which the server expects them.
_FIRST_FREE_DESCRIPTOR = 20


class SharedForgather(Forgather):
    """Also listens at `socket_path`, where members of `group` need no token."""

    def __init__(self, folder: Path, group: str, **settings: Any) -> None:
        super().__init__(folder, group=group, **settings)
        # Other users cannot enter pytest's folders.
        self.open_folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        os.chmod(self.open_folder.name, 0o755)  # noqa: PTH101 - other users must enter it
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
        numbers = [fcntl.fcntl(each, fcntl.F_DUPFD, _FIRST_FREE_DESCRIPTOR) for each in (self.port, self.members)]

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
    """The group of the second user, its only member in these tests."""
    try:
        return grp.getgrgid(pwd.getpwnam(NEIGHBOUR).pw_gid).gr_name
    except KeyError:
        pytest.skip(f"this machine has no second user to act as: the sandbox has ({NEIGHBOUR})")


@contextmanager
def shared_server(folder: Path, **settings: Any) -> Iterator[SharedForgather]:
    """A started server; it and its units are removed afterwards."""
    server = SharedForgather(folder, members(), **settings)
    try:
        server.start()
        yield server
    finally:
        server.clean()


def as_member(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the second user."""
    words = ["su", NEIGHBOUR, "-c", shlex.join(command)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120, cwd="/")
