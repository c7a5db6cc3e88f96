"""Tests which protections this host enforces, from inside of short transient units.

Versions and settings are not enough: a user manager accepts most options and ignores those it cannot apply.
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from forgather_units.domain.host import Capabilities
from forgather_units.domain.machine import Machine
from forgather_units.domain.scope import Scope
from forgather_units.host.account import home_folders
from forgather_units.host.system_program import FOLDERS, manager_environment
from forgather_units.units.hiding import RUN, RUN_USER, covered, empty_folder, homes_to_cover

# Seconds, for a busy machine: a host whose units do not end in time would lose all its protections.
_PATIENCE: Final = 30.0
_MEMORY: Final = 64 * 1024 * 1024
_TASKS: Final = 33
_WEIGHT: Final = 77
_NO_UNIX: Final = ("NoNewPrivileges=yes", "RestrictAddressFamilies=AF_INET AF_INET6")

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
# Arguments: device and inode of a folder that must not be found, its path, and so on.
_HIDING: Final = """
echo ran=yes
[ -n "$(find /run -type s 2>/dev/null)" ] && echo sockets=visible
while [ $# -gt 1 ]; do [ "$(stat -c %d:%i "$2" 2>/dev/null)" = "$1" ] && echo home=visible; shift 2; done
"""
_RESOURCES: Final = """
group=$(sed -n 's/^0:://p' /proc/self/cgroup)
root=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
show() { [ -e "$root$group/$1" ] && echo "$1=$(head -n 1 "$root$group/$1")"; }
for file in memory.max pids.max cpu.weight io.stat; do show "$file"; done
timeout 1 /bin/bash -c ': <"/dev/tcp/127.0.0.1/$0"' "$1" 2>/dev/null && echo connected=yes
echo net=$(readlink /proc/self/ns/net)
echo user=$(readlink /proc/self/ns/user)
NOTIFY_SOCKET=/nowhere LC_ALL=C systemd-notify --ready 2>&1 | grep -q "Address family" && echo unix=no
echo ran=yes
"""


def examined(machine: Machine, folder: Path) -> Machine:
    """This machine with its homes and its capabilities. `folder` as for `probe`."""
    machine = replace(machine, homes=home_folders())
    return replace(machine, capabilities=probe(machine, folder))


def probe(machine: Machine, folder: Path) -> Capabilities:
    """Runs three short units, about a tenth of a second each. `folder` must be writable; nothing is left in it.

    Never raises: what could not be found out counts as absent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    here = folder / ".here"
    here.touch()
    try:
        inside, why = _run(machine, _namespace_options(machine.scope, folder), _NAMESPACES, [str(folder)])
    finally:
        here.unlink(missing_ok=True)
        (folder / "probe").unlink(missing_ok=True)
    hiding: Mapping[str, str] = {}
    if inside:
        hiding, _ = _run(
            machine, _hiding_options(machine.scope, machine.homes), _HIDING, [*chain(*map(_identified, machine.homes))]
        )
    with _listener() as port:
        resources, _ = _run(machine, _resource_options(), _RESOURCES, [str(port)])
    # Compare with a unit without them, not with this process, which may be in namespaces of its own.
    user = bool(inside) and (machine.scope is Scope.SYSTEM or inside.get("user") != resources.get("user"))
    return Capabilities(
        user_namespaces=user,
        network_namespace=bool(inside.get("net")) and inside.get("net") != resources.get("net"),
        mount_sandbox=bool(inside) and "wrote" not in inside and "home" not in inside,
        hidden_sockets=bool(hiding) and "sockets" not in hiding,
        hidden_home=bool(hiding) and "home" not in hiding,
        no_unix_sockets=resources.get("unix") == "no",
        ip_filter=bool(resources) and bool(port) and "connected" not in resources,
        memory_limit=resources.get("memory.max") == str(_MEMORY),
        cpu_weight=resources.get("cpu.weight") == str(_WEIGHT),
        tasks_limit=resources.get("pids.max") == str(_TASKS),
        io_accounting="io.stat" in resources,
        socket_proxy=bool(machine.socket_proxyd),
        why_not="" if inside else why,
    )


def _namespace_options(scope: Scope, folder: Path) -> list[str]:
    return [
        *_own(scope),
        "PrivateNetwork=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        f"InaccessiblePaths={_quoted(f'-{folder}')}",
    ]


def _hiding_options(scope: Scope, homes: Sequence[str]) -> list[str]:
    """As harden() has it at `strict`."""
    in_user_manager = scope is Scope.USER
    empty = [":".join(empty_folder(path)) for path in (*(() if in_user_manager else (RUN,)), *homes_to_cover(homes))]
    hidden = (
        [f"InaccessiblePaths={_quoted(f'-{path}')}" for path in covered(RUN, [RUN_USER])] if in_user_manager else []
    )
    tmpfs = [f"TemporaryFileSystem={each}" for each in empty]
    return [*_own(scope), "ProtectSystem=strict", "PrivateTmp=yes", "ProtectHome=tmpfs", *tmpfs, *hidden]


def _quoted(path: str) -> str:
    """One word of a list of paths."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _own(scope: Scope) -> list[str]:
    return ["PrivateUsers=yes"] if scope is Scope.USER else []


def _identified(home: str) -> tuple[str, str]:
    """A folder as the probe's arguments: device and inode, and the path."""
    try:
        about = Path(home).stat()
    except OSError:
        return "gone", home
    return f"{about.st_dev}:{about.st_ino}", home


def _resource_options() -> list[str]:
    limits = [f"MemoryMax={_MEMORY}", f"TasksMax={_TASKS}", f"CPUWeight={_WEIGHT}"]
    return [*limits, "MemoryAccounting=yes", "IOAccounting=yes", "IPAddressDeny=any", *_NO_UNIX]


def _run(
    machine: Machine, options: Sequence[str], script: str, arguments: Sequence[str]
) -> tuple[Mapping[str, str], str]:
    """The output of the script in a unit, and systemd's error if it did not start."""
    command = ["systemd-run", machine.scope.flag, "--quiet", "--wait", "--collect", "--pipe", "--service-type=exec"]
    command += [f"--property={option}" for option in options]
    # systemd expands $ in the words of a command.
    commands = "; ".join([f"PATH={FOLDERS}", *script.strip().splitlines()])
    command += ["/bin/bash", "-c", commands.replace("$", "$$"), "probe", *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=_PATIENCE, env=manager_environment(machine),
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
