"""A booted clean Debian, and operations on it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deb.clean_debian import base_tree

from forgather_units.sandbox.launch import Sandbox, booted

PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Machine:
    """`packages` is the path of the folder of packages inside."""

    sandbox: Sandbox
    suite: str
    packages: Path

    def run(self, *command: str, user: str = "", check: bool = True) -> str:
        """The output of `command` on both streams, run as root, or as `user` with a login session's environment."""
        options = ["--quiet", "--wait", "--collect", "--pipe", "--service-type=exec"]
        options += [f"--setenv={name}={value}" for name, value in self._environment(user).items()]
        if user:
            options += [f"--uid={user}", f"--working-directory=/home/{user}"]
        words = [word.replace("$", "$$") for word in command]
        done = subprocess.run(
            self.sandbox.enter(["systemd-run", *options, "--", *words]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0 or not check, f"{shlex.join(command)} [{done.returncode}]:\n{done.stdout}"
        return done.stdout.strip()

    def shell(self, script: str, *, user: str = "", check: bool = True) -> str:
        return self.run("/bin/bash", "-c", script, user=user, check=check)

    def succeeds(self, *command: str, user: str = "") -> bool:
        return self.shell(f"{shlex.join(command)} >/dev/null 2>&1 && echo yes", user=user, check=False) == "yes"

    def start(self, script: str) -> subprocess.Popen[str]:
        """A shell that runs in the background; the caller ends it."""
        command = ["systemd-run", "--quiet", "--wait", "--collect", "--pipe", "--service-type=exec", "/bin/bash", "-c"]
        return subprocess.Popen(
            self.sandbox.enter([*command, script.replace("$", "$$")]), stdout=subprocess.PIPE, text=True
        )

    def install(self, *names: str) -> None:
        """Install with apt, from the archive that was filled before."""
        self.run("apt-get", "install", "-y", *names)

    def uid(self, user: str) -> int:
        return int(self.run("id", "-u", user))

    def _environment(self, user: str) -> dict[str, str]:
        common = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "PAGER": "cat", "SYSTEMD_COLORS": "0"}
        if not user:
            return {"HOME": "/root", **common}
        return {"HOME": f"/home/{user}", "USER": user, "XDG_RUNTIME_DIR": f"/run/user/{self.uid(user)}", **common}


@contextmanager
def machine(suite: str, packages: Path, more: Sequence[Path] = ()) -> Iterator[Machine]:
    """A machine booted with systemd as process 1 and its own loopback. `packages` is a folder outside."""
    # A path that systemd's new file systems inside do not hide, and that does not exist on the machine itself.
    bind = [str(packages), *map(str, more)]
    with booted(bind_read_only=bind, tree=str(base_tree(suite)), private_network=True) as sandbox:
        yield Machine(sandbox, suite, packages)
