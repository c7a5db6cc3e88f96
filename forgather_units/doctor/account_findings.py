"""Checks of what an account needs without root: a service manager, its variables, lingering, a local state folder."""

from __future__ import annotations

import os
from pathlib import Path

from forgather_units.domain.finding import Finding, Verdict
from forgather_units.domain.scope import Scope
from forgather_units.files.mounts import Mounts
from forgather_units.host.account import account_name
from forgather_units.host.lingering import enable_lingering, lingers
from forgather_units.host.session import NO_SYSTEMD, runtime_folder, session_fault, why_no_manager
from forgather_units.host.systemd_version import OLDEST_TESTED, too_old
from forgather_units.host.this_machine import this_machine


def systemd_finding(version: int | None) -> Finding:
    if version is None:
        return Finding("systemd", Verdict.BAD, "systemctl is not installed", f"install systemd; {NO_SYSTEMD}")
    if fault := too_old(version):
        return Finding("systemd", Verdict.BAD, fault, "upgrade the distribution")
    if version < OLDEST_TESTED:
        detail = f"version {version} is not tested: the rows below show what it enforces"
        return Finding("systemd", Verdict.WARN, detail, f"{OLDEST_TESTED} or newer is tested")
    return Finding("systemd", Verdict.OK, f"version {version}")


def manager_finding(*, answers: bool) -> Finding:
    """`answers`: whether systemctl gets an answer of the manager of our units."""
    scope = this_machine().scope
    why, fix = why_no_manager() if scope is Scope.USER else ("", "")
    if answers and not why:
        return Finding("service manager", Verdict.OK, f"the {scope.value} manager answers")
    detail = why or f"the {scope.value} manager does not answer"
    return Finding("service manager", Verdict.BAD, detail, fix or NO_SYSTEMD)


def shell_finding() -> Finding:
    """Of the command line alone: a server has no shell."""
    fault = session_fault()
    if not fault or os.geteuid() == 0:
        return Finding("shell", Verdict.OK, "systemctl --user finds the manager")
    detail = f"{fault} (su, sudo and cron open no session): systemctl --user fails here, forgather does not"
    fix = f"export XDG_RUNTIME_DIR={runtime_folder()}; unset DBUS_SESSION_BUS_ADDRESS"
    return Finding("shell", Verdict.WARN, detail, fix)


def lingering_finding() -> Finding:
    if os.geteuid() == 0:
        return Finding("lingering", Verdict.OK, "not needed: root's units live in the system manager")
    if lingers():
        return Finding("lingering", Verdict.OK, f"on for {account_name()}: jobs outlive a log-out")
    detail = f"off for {account_name()}: jobs end when you log out"
    return Finding("lingering", Verdict.WARN, detail, enable_lingering())


def state_folder_finding(folder: Path) -> Finding:
    """Compares paths with the mount table: a server of files may not respond."""
    try:
        mount = Mounts.now().of(os.path.realpath(folder))
    except OSError as why:
        return Finding("state folder", Verdict.WARN, f"{folder}: its file system is not known: {why.strerror}")
    if not mount.is_network:
        return Finding("state folder", Verdict.OK, f"{folder} is on a file system of this machine ({mount.kind})")
    detail = (
        f"{folder} is on {mount.kind} ({mount.point}): SQLite's locks and unix sockets may fail there,"
        " and two machines would share one queue"
    )
    fix = "forgather config edit: state_dir names a folder on a local disk"
    return Finding("state folder", Verdict.WARN, detail, fix)
