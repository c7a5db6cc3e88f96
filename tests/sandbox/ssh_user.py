"""Runs in the sandbox as its ordinary user: installs a wheel over ssh, uses it, and prints what it saw as JSON.

The user's own sshd, without PAM, sets no XDG_RUNTIME_DIR, as some hosts' do. Standard error is the transcript.

usage: python ssh_user.py PYTHON WHEEL PORT SSH_PORT
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

Found = TypeVar("Found")

_SPEC = "from importlib.util import find_spec; print(find_spec('pystemd'), find_spec('systemd'))"
_SAMPLES = """
from pathlib import Path
from forgather_units.samples.collection import write_samples
write_samples(Path("runs").absolute())
"""
_GET = """
import sys, requests
from pathlib import Path
token = Path(".config/forgather/server/auth_token").read_text().strip()
response = requests.get(sys.argv[1], timeout=120, headers={"Authorization": f"Bearer {token}"})
print(response.status_code, response.text)
"""


class Remote:
    """Commands over ssh, on the host that runs `open_sshd`."""

    def __init__(self, config: Path) -> None:
        self._ssh = ["ssh", "-F", str(config), "box"]

    def answers(self) -> bool:
        return subprocess.run([*self._ssh, "true"], capture_output=True, check=False).returncode == 0

    def __call__(self, *words: str, script: str = "") -> str:
        """The output of a shell command, or of a Python script with these arguments."""
        command = f"fu/bin/python -c {shlex.quote(script)} {shlex.join(words)}" if script else words[0]
        done = subprocess.run(
            [*self._ssh, command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
        )
        print(f"$ {words[0] if not script else '(a script)'}\n{done.stdout}{done.stderr}", file=sys.stderr)
        assert done.returncode == 0, command
        return done.stdout


@contextmanager
def open_sshd(port: int) -> Iterator[Remote]:
    """An sshd of this user, on loopback, with a key of its own."""
    folder = Path.home() / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    client = {
        "HostName": "127.0.0.1",
        "Port": port,
        "IdentityFile": folder / "key",
        "IdentitiesOnly": "yes",
        "BatchMode": "yes",
        "StrictHostKeyChecking": "accept-new",
        "UserKnownHostsFile": folder / "known",
        "LogLevel": "ERROR",
    }
    config = folder / "config"
    config.write_text("Host box\n" + "".join(f"{name} {value}\n" for name, value in client.items()))
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "PidFile": "none",
        "AuthorizedKeysFile": folder / "key.pub",
        "UsePAM": "no",
        "StrictModes": "no",
        "PasswordAuthentication": "no",
    }
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")
    assert program is not None, "sshd is not installed"
    words = [f"-o{name}={value}" for name, value in options.items()]
    process = subprocess.Popen([program, "-D", "-f", "/dev/null", *words], stderr=subprocess.DEVNULL)
    remote = Remote(config)
    try:
        until(remote.answers)
        yield remote
    finally:
        process.terminate()
        process.wait()


def until(condition: Callable[[], Found], seconds: float = 120) -> Found:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, condition
        time.sleep(0.1)
    return found


def use(ssh: Remote, python: str, wheel: str, port: str) -> dict[str, Any]:
    """Install, queue, read, put to sleep, wake, upgrade, remove."""
    found: dict[str, Any] = {"session": ssh('echo "${XDG_RUNTIME_DIR-none} ${DBUS_SESSION_BUS_ADDRESS-none}"').split()}
    # With this PATH pip finds neither a compiler nor pkg-config.
    only = Path.home() / "only"
    only.mkdir()
    (only / "python3").symlink_to(python)
    settings = shlex.join(f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_"))
    pip = f"env {settings} PATH={only} $HOME/fu/bin/python -m pip install --quiet --only-binary=:all: --no-cache-dir"
    ssh(f"{python} -m venv fu")
    ssh(f"{pip} {wheel}")
    found["compiled"] = ssh(script=_SPEC).split()
    ssh(script=_SAMPLES)
    # Another program may have the usual port. As `systemctl --user edit` writes it.
    listen = f"[Socket]\\nListenStream=\\nListenStream=127.0.0.1:{port}\\n"
    folder = ".config/systemd/user/forgather-server.socket.d"
    ssh(f"mkdir -p {folder} && printf {shlex.quote(listen)} >{folder}/port.conf")
    # The command line looks there until the server has told its address.
    ssh(f"mkdir -p .config/forgather && echo 'port: {port}' >.config/forgather/units.yaml")
    ssh("fu/bin/forgather service-unit install --socket")
    job = json.loads(ssh("fu/bin/forgather tb --enqueue --logdir runs --port auto --json"))["queue_id"]

    def status() -> str:
        return str(json.loads(ssh(f"fu/bin/forgather job show {job} --json"))["status"])

    def pid() -> str:
        unit = f"forgather-tensorboard-{job}.service"
        show = f"systemctl --user show --value --property=MainPID {unit}"
        return ssh(f"XDG_RUNTIME_DIR=/run/user/$(id -u) {show}").strip()

    until(lambda: status() == "running")
    found["output"] = ssh(f"fu/bin/forgather job dump {job}")
    ssh(f"fu/bin/forgather job sleep {job}")
    found["asleep"] = status()
    url = f"http://127.0.0.1:{port}"
    found["woken"] = ssh(f"{url}/api/tb/{job}/data/environment", script=_GET).split()[0]
    until(lambda: status() == "running")
    before = pid()
    ssh(f"{pip} --force-reinstall --no-deps {wheel}")
    ssh("fu/bin/forgather service-unit install --socket")
    found["health"] = ssh(f"{url}/api/health", script=_GET)
    found["is_kept"] = before == pid() and before != "0"
    ssh(f"fu/bin/forgather job kill {job}")
    ssh("fu/bin/forgather service-unit remove")
    return found


if __name__ == "__main__":
    _python, _wheel, _port, _ssh_port = sys.argv[1:]
    with open_sshd(int(_ssh_port)) as _remote:
        print(json.dumps(use(_remote, _python, _wheel, _port)))
