"""What this host really enforces, found out by doing: tiny transient units look around from the inside.

Versions and settings tell little: a user manager accepts most options and ignores what it cannot do.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from forgather_units.domain.host import Capabilities
from forgather_units.units.program import socket_proxy
from forgather_units.units.scope import Scope

_PATIENCE: Final = 10.0
_MEMORY: Final = 64 * 1024 * 1024
_TASKS: Final = 33
_WEIGHT: Final = 77

# Each prints `name=value` lines. The shell is enough: python would need half a second. A line is a command: they are
# joined by `;`, since systemd writes a transient unit to a file that it cannot read again with newlines in a word.
_NAMESPACES: Final = """
echo net=$(readlink /proc/self/ns/net)
echo user=$(readlink /proc/self/ns/user)
(: >"$1/probe") 2>/dev/null && echo wrote=yes
[ -e "$1/.here" ] && echo home=visible
(: >/usr/.forgather-probe) 2>/dev/null && echo wrote=yes
grep -q ' / / ro' /proc/self/mountinfo && echo root=ro
"""
_RESOURCES: Final = """
group=$(sed -n 's/^0:://p' /proc/self/cgroup)
root=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
show() { [ -e "$root$group/$1" ] && echo "$1=$(head -n 1 "$root$group/$1")"; }
for file in memory.max pids.max cpu.weight io.stat; do show "$file"; done
(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null && echo connected=yes
echo net=$(readlink /proc/self/ns/net)
echo user=$(readlink /proc/self/ns/user)
echo ran=yes
"""


def probe(scope: Scope, folder: Path) -> Capabilities:
    """Runs two short units, about a tenth of a second each. `folder` must be writable; nothing is left in it.

    Never raises: what could not be found out counts as absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = folder / ".here"
    here.touch()
    try:
        inside, why = _run(scope, _namespace_options(scope, folder), _NAMESPACES, [str(folder)])
    finally:
        here.unlink(missing_ok=True)
        (folder / "probe").unlink(missing_ok=True)
    with _listener() as port:
        resources, _ = _run(scope, _resource_options(), _RESOURCES, [str(port)])
    # Beside a unit without them, not beside this process: that may have namespaces of its own.
    user = bool(inside) and (scope is Scope.SYSTEM or inside.get("user") != resources.get("user"))
    return Capabilities(
        user_namespaces=user,
        network_namespace=bool(inside.get("net")) and inside.get("net") != resources.get("net"),
        mount_sandbox=bool(inside) and "wrote" not in inside and "home" not in inside,
        ip_filter=bool(resources) and bool(port) and "connected" not in resources,
        memory_limit=resources.get("memory.max") == str(_MEMORY),
        cpu_weight=resources.get("cpu.weight") == str(_WEIGHT),
        tasks_limit=resources.get("pids.max") == str(_TASKS),
        io_accounting="io.stat" in resources,
        socket_proxy=socket_proxy() is not None,
        why_not="" if inside else why,
    )


def _namespace_options(scope: Scope, folder: Path) -> list[str]:
    own = ["PrivateUsers=yes"] if scope is Scope.USER else []
    return [*own, "PrivateNetwork=yes", "ProtectSystem=strict", "PrivateTmp=yes", f"InaccessiblePaths=-{folder}"]


def _resource_options() -> list[str]:
    limits = [f"MemoryMax={_MEMORY}", f"TasksMax={_TASKS}", f"CPUWeight={_WEIGHT}"]
    return [*limits, "MemoryAccounting=yes", "IOAccounting=yes", "IPAddressDeny=any"]


def _run(scope: Scope, options: Sequence[str], script: str, arguments: Sequence[str]) -> tuple[Mapping[str, str], str]:
    """What the script printed inside of a unit, and what systemd said where there is none."""
    command = ["systemd-run", scope.flag, "--quiet", "--wait", "--collect", "--pipe", "--service-type=exec"]
    command += [f"--property={option}" for option in options]
    # systemd expands $ in the words of a command.
    commands = "; ".join(script.strip().splitlines())
    command += ["/bin/bash", "-c", commands.replace("$", "$$"), "probe", *arguments]
    environment = {"XDG_RUNTIME_DIR": scope.runtime_dir, **os.environ}
    # It would speak to the server's own manager, which hears the server alone and logs each other voice.
    environment.pop("NOTIFY_SOCKET", None)
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_PATIENCE, env=environment,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as why:
        return {}, str(why)
    lines = [line.partition("=") for line in done.stdout.splitlines() if "=" in line]
    return {name: value for name, _, value in lines}, " ".join(done.stderr.split())


@contextmanager
def _listener() -> Iterator[int]:
    """A port that answers on loopback, for a unit that may not reach it; 0 for a server that may have none."""
    try:
        listening = socket.create_server(("127.0.0.1", 0))
    except OSError:
        yield 0
        return
    with listening:
        yield listening.getsockname()[1]
