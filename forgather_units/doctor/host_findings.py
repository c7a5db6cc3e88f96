"""The probe's results as rows of the doctor's report, with fixes."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.finding import Finding, Verdict
from forgather_units.domain.host import Capabilities

_DELEGATE: Final = "systemctl edit user@.service: [Service] Delegate=pids memory cpu io"
_NAMESPACE_SWITCHES: Final = (
    # name, value that opens, value that closes
    ("kernel.unprivileged_userns_clone", "1", "0"),
    ("kernel.apparmor_restrict_unprivileged_userns", "0", "1"),
    ("user.max_user_namespaces", "10000", "0"),
)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    holds: Callable[[Capabilities], bool]
    good: str
    bad: str
    fix: Callable[[], str]


def report(host: Capabilities) -> list[Finding]:
    """A row for each capability. A missing one is a warning: viewers run without it, less protected."""
    return [
        Finding(row.name, Verdict.OK, row.good)
        if row.holds(host)
        else Finding(row.name, Verdict.WARN, row.bad + _said(host, row), row.fix())
        for row in ROWS
    ]


def _said(host: Capabilities, row: _Row) -> str:
    return f" ({host.why_not})" if host.why_not and row.name == "user namespaces" else ""


def as_root(command: str) -> str:
    """The command as a fix that says that it needs root."""
    return command if os.geteuid() == 0 else f"as root: {command}"


def _open_namespaces() -> str:
    return next(
        (as_root(f"sysctl {name}={wanted}") for name, wanted, closed in _NAMESPACE_SWITCHES if _sysctl(name) == closed),
        "this host, or the container around it, forbids them",
    )


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", name.replace(".", "/")).read_text().strip()
    except OSError:
        return ""


ROWS: Final = (
    _Row(
        "user namespaces",
        lambda host: host.user_namespaces,
        "allowed: viewers can be isolated",
        "forbidden: viewers cannot be isolated",
        _open_namespaces,
    ),
    _Row(
        "own network",
        lambda host: host.network_namespace,
        "holds: a viewer's inner ports cannot be reached",
        "does not hold: viewers are placed directly",
        lambda: "needs user namespaces",
    ),
    _Row(
        "mount sandbox",
        lambda host: host.mount_sandbox,
        "holds: read-only system, private /tmp",
        "does not hold: a viewer sees what its user sees",
        lambda: "needs user namespaces",
    ),
    _Row(
        "hidden sockets",
        lambda host: host.hidden_sockets,
        "hold: a viewer finds no bus, no agent and no display below /run",
        "do not hold: a viewer finds the sockets below /run",
        lambda: "needs user namespaces",
    ),
    _Row(
        "hidden home",
        lambda host: host.hidden_home,
        "holds: at hardening strict a viewer does not find your home",
        "does not hold: a viewer finds your home",
        lambda: "needs user namespaces, and a home that holds nothing of the system",
    ),
    _Row(
        "no unix sockets",
        lambda host: host.no_unix_sockets,
        "holds: a viewer that is placed directly makes none",
        "does not hold: a viewer that is placed directly reaches the sockets of your account",
        lambda: "needs seccomp",
    ),
    _Row(
        "socket proxy",
        lambda host: host.socket_proxy,
        "there: viewers can sleep",
        "systemd-socket-proxyd is not there: viewers cannot sleep",
        lambda: as_root("install the package systemd, and bash"),
    ),
    _Row(
        "ip filter",
        lambda host: host.ip_filter,
        "holds",
        "not enforced (a viewer's own network does without)",
        lambda: "needs BPF: the system manager, and a kernel that lets it",
    ),
    _Row(
        "memory limit",
        lambda host: host.memory_limit,
        "enforced",
        "accepted, not enforced: no memory controller here",
        lambda: as_root(_DELEGATE),
    ),
    _Row(
        "cpu weight",
        lambda host: host.cpu_weight,
        "enforced",
        "accepted, not enforced: no cpu controller here",
        lambda: as_root(_DELEGATE),
    ),
    _Row(
        "tasks limit",
        lambda host: host.tasks_limit,
        "enforced",
        "accepted, not enforced: no pids controller here",
        lambda: as_root(_DELEGATE),
    ),
)
