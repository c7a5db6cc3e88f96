"""A booted sandbox for tests that need root and an ordinary user."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from forgather_units.sandbox.launch import Sandbox

# Limits of a separate user namespace: exhausting them does not affect the rest of this machine.
_WITHOUT = 'echo 0 >/proc/sys/user/"$1" && shift && exec "$@"'
_WRITABLE_LIMITS = 'mount -o remount,bind,rw /proc/sys && exec "$@"'


class BootedMachine:
    """Runs commands in the sandbox as root, and Python scripts as its ordinary user (only in the user's own group)."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.uid = sandbox.plan.uid

    def root(self, *command: str) -> str:
        """The command's output."""
        done = subprocess.run(self._sandbox.enter(command), capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def script(self, source: str, *arguments: str, exhausted: str = "", uid: int = 0) -> Iterator[IO[str]]:
        """The output of a Python script while it runs; it is killed afterwards.

        `exhausted` names a limit of user namespaces (/proc/sys/user) that is 0 for it, `uid` an account (0: the
        ordinary user).
        """
        user = str(uid or self.uid)
        command = [sys.executable, "-u", "-c", source, *arguments]
        if exhausted:
            inner = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", _WITHOUT, "sh", exhausted]
            command = [*inner, *command]
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
        if exhausted:
            command = ["unshare", "--mount", "sh", "-c", _WRITABLE_LIMITS, "sh", *command]
        environment = {**self._sandbox.person_environment, "XDG_RUNTIME_DIR": f"/run/user/{user}"}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path=/run/user/{user}/bus"
        named = [f"{name}={value}" for name, value in environment.items()]
        process = subprocess.Popen(
            self._sandbox.enter(["env", *named, *command]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            with process.stdout as output:
                yield output
        finally:
            process.kill()
            process.wait()
