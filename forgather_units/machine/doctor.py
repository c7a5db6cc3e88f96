"""What this host can do for us, found out by doing, and how to mend what it cannot."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.machine.tensorboard_cli import find_tensorboard, tensorboard_facts

_OLDEST_SYSTEMD: Final = 252
_OLDEST_TENSORBOARD: Final = (2, 20)
_WANTED_CONTROLLERS: Final = frozenset({"memory", "pids"})
_CGROUPS: Final = Path("/sys/fs/cgroup")
_PATIENCE: Final = 5.0
_NO_SYSTEMD: Final = "without systemd: forgather sandbox run -- CMD (as root)"


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works, with less than it could."""
    BAD = "bad"
    """Jobs cannot run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was looked at, what was found, how to mend it (empty: nothing to do)."""

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""


def examine() -> list[Finding]:
    """All findings about this host, as the present user. Never raises; at worst takes a few seconds."""
    return [check() for check in _CHECKS]


def _systemd() -> Finding:
    said = _output("systemctl", "--version")
    number = re.search(r"systemd (\d+)", said or "")
    if number is None:
        return Finding("systemd", Verdict.BAD, "systemctl is not there", "install systemd")
    if int(number[1]) < _OLDEST_SYSTEMD:
        return Finding("systemd", Verdict.WARN, f"version {number[1]}", f"{_OLDEST_SYSTEMD} or newer is tested")
    return Finding("systemd", Verdict.OK, f"version {number[1]}")


def _manager() -> Finding:
    version = _manager_property("Version")
    if version:
        return Finding("service manager", Verdict.OK, f"the {_scope()} manager answers")
    mend = _NO_SYSTEMD if _is_root() else f"log in as yourself, or loginctl enable-linger {_user()}; {_NO_SYSTEMD}"
    return Finding("service manager", Verdict.BAD, f"the {_scope()} manager does not answer", mend)


def _lingering() -> Finding:
    if _is_root():
        return Finding("lingering", Verdict.OK, "not needed: root's units live in the system manager")
    if Path("/var/lib/systemd/linger", _user()).exists():
        return Finding("lingering", Verdict.OK, f"on for {_user()}: jobs outlive a log-out")
    detail = f"off for {_user()}: jobs end when you log out"
    return Finding("lingering", Verdict.WARN, detail, f"loginctl enable-linger {_user()}")


def _journal() -> Finding:
    # An empty answer with success is a journal of ours that has no line yet.
    if _output("journalctl", f"--{_scope()}", "--quiet", "--lines=1", "--output=cat") is None:
        mend = "" if _is_root() else f"usermod --append --groups systemd-journal {_user()}, then log in anew"
        return Finding("journal", Verdict.BAD, "your own lines cannot be read", mend)
    if any(Path("/var/log/journal").glob("*/*.journal")):
        return Finding("journal", Verdict.OK, "persistent, and readable")
    mend = "mkdir -p /var/log/journal && systemctl restart systemd-journald"
    return Finding("journal", Verdict.WARN, "kept in memory: output is gone after a reboot", mend)


def _namespaces() -> Finding:
    if _output("unshare", "--user", "--map-root-user", "true") is not None:
        return Finding("user namespaces", Verdict.OK, "allowed: viewers can be isolated")
    mend = next(
        (f"sysctl {name}={wanted}" for name, wanted, closed in _NAMESPACE_SWITCHES if _sysctl(name) == closed),
        "this host, or the container around it, forbids them",
    )
    return Finding("user namespaces", Verdict.WARN, "forbidden: viewers cannot be isolated", mend)


_NAMESPACE_SWITCHES: Final = (
    # name, value that opens, value that closes
    ("kernel.unprivileged_userns_clone", "1", "0"),
    ("kernel.apparmor_restrict_unprivileged_userns", "0", "1"),
    ("user.max_user_namespaces", "10000", "0"),
)


def _control_groups() -> Finding:
    if not (_CGROUPS / "cgroup.controllers").exists():
        mend = "boot with systemd.unified_cgroup_hierarchy=1"
        return Finding("control groups", Verdict.WARN, "version 1: no limits for each job", mend)
    group = _manager_property("ControlGroup")
    if group is None:
        return Finding("control groups", Verdict.WARN, "version 2, and no manager that could be asked", _NO_SYSTEMD)
    try:
        there = set((_CGROUPS / group.strip("/") / "cgroup.controllers").read_text().split())
    except OSError as why:
        return Finding("control groups", Verdict.WARN, f"version 2, {group}: {why.strerror}")
    listed = ", ".join(sorted(there)) or "none"
    if there >= _WANTED_CONTROLLERS:
        return Finding("control groups", Verdict.OK, f"version 2 with {listed}")
    mend = "systemctl edit user@.service: [Service] Delegate=pids memory cpu"
    return Finding("control groups", Verdict.WARN, f"version 2, delegated: {listed}", mend)


def _tensorboard() -> Finding:
    try:
        command = find_tensorboard()
    except Refused as why:
        return Finding("tensorboard", Verdict.BAD, why.message, why.hint)
    facts = tensorboard_facts()
    if not facts.version:
        return Finding("tensorboard", Verdict.WARN, f"{command}, of another environment")
    numbers = tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2])
    verdict = Verdict.OK if numbers >= _OLDEST_TENSORBOARD else Verdict.WARN
    return Finding("tensorboard", verdict, facts.version, "" if verdict is Verdict.OK else "pip install -U tensorboard")


def _data_server() -> Finding:
    if tensorboard_facts().has_data_server:
        return Finding("data server", Verdict.OK, "there: large logdirs load fast")
    mend = "pip install tensorboard-data-server"
    return Finding("data server", Verdict.WARN, "not there: large logdirs load slowly", mend)


_CHECKS: Final[tuple[Callable[[], Finding], ...]] = (
    _systemd,
    _manager,
    _lingering,
    _journal,
    _namespaces,
    _control_groups,
    _tensorboard,
    _data_server,
)


def _is_root() -> bool:
    return os.geteuid() == 0


def _scope() -> str:
    """Where our units go: root's into the system manager."""
    return "system" if _is_root() else "user"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def _manager_property(name: str) -> str | None:
    """A property of the manager itself; None where it does not answer."""
    return _output("systemctl", f"--{_scope()}", "show", f"--property={name}", "--value")


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name.replace(".", "/")).read_text().strip()
    except OSError:
        return ""


def _output(*command: str) -> str | None:
    """What a program of the platform prints; None where it is not there, fails or hangs."""
    if shutil.which(command[0]) is None:
        return None
    # A shell from su or cron has no XDG_RUNTIME_DIR, and the user's bus is there all the same.
    environment = {"XDG_RUNTIME_DIR": f"/run/user/{os.geteuid()}", **os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
