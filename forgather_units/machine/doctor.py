"""What this host can do for us, found out by doing, and how to mend what it cannot."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.finding import Finding, Verdict
from forgather_units.domain.host import Capabilities
from forgather_units.machine.account import account_name
from forgather_units.machine.host_report import report
from forgather_units.machine.private_tensorboard import stale_folder
from forgather_units.machine.tensorboard_cli import find_tensorboard, tensorboard_facts
from forgather_units.settings.paths import state_dir
from forgather_units.units.probe import probe
from forgather_units.units.scope import Scope

_OLDEST_SYSTEMD: Final = 252
_OLDEST_TENSORBOARD: Final = (2, 20)
_CGROUPS: Final = Path("/sys/fs/cgroup")
_PATIENCE: Final = 5.0
_NO_SYSTEMD: Final = "without systemd: forgather sandbox run -- CMD (as root)"


def examine(host: Capabilities | None = None) -> list[Finding]:
    """All findings about this host, as the present user; `host` is what the probe found (None: probe now).

    Never raises; at worst takes a few seconds.
    """
    first = [check() for check in _FIRST]
    manager_answers = all(finding.verdict is not Verdict.BAD for finding in first)
    if host is None:
        host = probe(Scope.of_this_process(), state_dir() / "probe") if manager_answers else Capabilities()
    return [*first, *report(host), *(check() for check in _LAST)]


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
    mend = (
        _NO_SYSTEMD if _is_root() else f"log in as yourself, or loginctl enable-linger {account_name()}; {_NO_SYSTEMD}"
    )
    return Finding("service manager", Verdict.BAD, f"the {_scope()} manager does not answer", mend)


def _lingering() -> Finding:
    if _is_root():
        return Finding("lingering", Verdict.OK, "not needed: root's units live in the system manager")
    if Path("/var/lib/systemd/linger", account_name()).exists():
        return Finding("lingering", Verdict.OK, f"on for {account_name()}: jobs outlive a log-out")
    detail = f"off for {account_name()}: jobs end when you log out"
    return Finding("lingering", Verdict.WARN, detail, f"loginctl enable-linger {account_name()}")


def _journal() -> Finding:
    # An empty answer with success is a journal of ours that has no line yet.
    if _output("journalctl", f"--{_scope()}", "--quiet", "--lines=1", "--output=cat") is None:
        mend = "" if _is_root() else f"usermod --append --groups systemd-journal {account_name()}, then log in anew"
        return Finding("journal", Verdict.BAD, "your own lines cannot be read", mend)
    if any(Path("/var/log/journal").glob("*/*.journal")):
        return Finding("journal", Verdict.OK, "persistent, and readable")
    mend = "mkdir -p /var/log/journal && systemctl restart systemd-journald"
    return Finding("journal", Verdict.WARN, "kept in memory: output is gone after a reboot", mend)


def _control_groups() -> Finding:
    if not (_CGROUPS / "cgroup.controllers").exists():
        mend = "boot with systemd.unified_cgroup_hierarchy=1"
        return Finding("control groups", Verdict.WARN, "version 1: no limits for each job", mend)
    return Finding("control groups", Verdict.OK, "version 2")


def _tensorboard() -> Finding:
    try:
        command = find_tensorboard()
    except Refused as why:
        return Finding("tensorboard", Verdict.BAD, why.message, why.hint)
    if (stale := stale_folder()) is not None:
        detail = f"{stale} was made for another Python and is passed over: {command}"
        return Finding("tensorboard", Verdict.WARN, detail, "forgather tb install")
    facts = tensorboard_facts(command)
    if not facts.version:
        return Finding("tensorboard", Verdict.WARN, f"{command}, of unknown version")
    numbers = tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2])
    verdict = Verdict.OK if numbers >= _OLDEST_TENSORBOARD else Verdict.WARN
    mend = "" if verdict is Verdict.OK else "forgather tb install"
    return Finding("tensorboard", verdict, f"{facts.version}: {command}", mend)


def _data_server() -> Finding:
    try:
        there = tensorboard_facts(find_tensorboard()).has_data_server
    except Refused:
        there = False
    if there:
        return Finding("data server", Verdict.OK, "there: large logdirs load fast")
    mend = "pip install tensorboard-data-server"
    return Finding("data server", Verdict.WARN, "not there: large logdirs load slowly", mend)


_Checks = tuple[Callable[[], Finding], ...]
_FIRST: Final[_Checks] = (_systemd, _manager)
_LAST: Final[_Checks] = (_lingering, _journal, _control_groups, _tensorboard, _data_server)


def _is_root() -> bool:
    return os.geteuid() == 0


def _scope() -> str:
    """Where our units go: root's into the system manager."""
    return "system" if _is_root() else "user"


def _manager_property(name: str) -> str | None:
    """A property of the manager itself; None where it does not answer."""
    return _output("systemctl", f"--{_scope()}", "show", f"--property={name}", "--value")


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
