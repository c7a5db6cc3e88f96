"""Checks of systemd, the journal, TensorBoard and other programs on this host."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from forgather_units.doctor.account_findings import lingering_finding, manager_finding, systemd_finding
from forgather_units.doctor.host_findings import as_root, report
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.finding import Finding, Verdict
from forgather_units.domain.host import Capabilities
from forgather_units.files.lookups import Ask, directly
from forgather_units.folders.access import log_in_again
from forgather_units.host.account import account_name
from forgather_units.host.system_program import output_of
from forgather_units.host.systemd_version import installed_version
from forgather_units.host.this_machine import this_machine
from forgather_units.journal.check import check_journal
from forgather_units.settings.paths import state_dir
from forgather_units.systemd.manager_groups import joined_since
from forgather_units.units.probe import examined
from forgather_units.viewers.tensorboard.private_install import stale_folder
from forgather_units.viewers.tensorboard.program import find_tensorboard, tensorboard_facts, writing_plugins

_OLDEST_TENSORBOARD: Final = (2, 20)
_CGROUPS: Final = Path("/sys/fs/cgroup")
_PATIENCE: Final = 15.0
_PROGRAM_LIMIT: Final = 30.0


def examine(host: Capabilities | None = None, ask: Ask = directly) -> list[Finding]:
    """All findings about this host, as the present user; `host` is the result of the probe (None: probe now).

    `ask` looks for programs. Never raises; takes seconds, or longer on a busy machine.
    """
    first = [systemd_finding(installed_version()), manager_finding(answers=bool(_manager_property("Version")))]
    manager_answers = all(finding.verdict is not Verdict.BAD for finding in first)
    if host is None:
        host = examined(this_machine(), state_dir() / "probe").capabilities if manager_answers else Capabilities()
    return [*first, *report(host), *(check() for check in _LAST), *_programs(ask)]


def _groups() -> Finding:
    late = sorted(joined_since(this_machine()).values())
    if late:
        detail = (
            f"the {this_machine().scope.value} manager was started before {account_name()} joined {', '.join(late)}"
        )
        return Finding("groups", Verdict.WARN, f"{detail}: viewers do not have them", log_in_again(account_name()))
    return Finding("groups", Verdict.OK, "the manager has all groups of the account")


def _journal() -> Finding:
    found = check_journal(this_machine())
    if not found.is_readable:
        return Finding("journal", Verdict.BAD, f"the output of jobs cannot be read: {found.why}", found.fix)
    if found.is_persistent:
        return Finding("journal", Verdict.OK, "persistent and readable")
    fix = as_root("mkdir -p /var/log/journal && systemctl restart systemd-journald")
    return Finding("journal", Verdict.WARN, "readable, and kept in memory: output is gone after a reboot", fix)


def _control_groups() -> Finding:
    if not (_CGROUPS / "cgroup.controllers").exists():
        fix = as_root("boot with the kernel parameter systemd.unified_cgroup_hierarchy=1")
        return Finding("control groups", Verdict.WARN, "version 1: no limits for each job", fix)
    return Finding("control groups", Verdict.OK, "version 2")


def _programs(ask: Ask) -> list[Finding]:
    try:
        # Asking a program takes longer: a file system that does not answer is recognized before that.
        with suppress(Refused):
            ask(sys.executable, find_tensorboard)
        return ask(sys.executable, tensorboard_findings, limit=_PROGRAM_LIMIT)
    except Unavailable as why:
        return [Finding("tensorboard", Verdict.BAD, why.message, why.hint)]
    except TimeoutError as why:
        return [Finding("tensorboard", Verdict.BAD, f"not known: {why.strerror}")]


def tensorboard_findings() -> list[Finding]:
    """The rows about the TensorBoard that is found without a setting."""
    return [_tensorboard(), _data_server(), _writing_plugins()]


def _tensorboard() -> Finding:
    try:
        command = find_tensorboard()
    except Refused as why:
        return Finding("tensorboard", Verdict.BAD, why.message, why.hint)
    if (stale := stale_folder()) is not None:
        detail = f"{stale} was made for another Python and is ignored: {command}"
        return Finding("tensorboard", Verdict.WARN, detail, "forgather tb install")
    facts = tensorboard_facts(command)
    if not facts.version:
        return Finding("tensorboard", Verdict.WARN, f"{command}, of unknown version")
    numbers = tuple(int(part) for part in re.findall(r"\d+", facts.version)[:2])
    verdict = Verdict.OK if numbers >= _OLDEST_TENSORBOARD else Verdict.WARN
    fix = "" if verdict is Verdict.OK else "forgather tb install"
    return Finding("tensorboard", verdict, f"{facts.version}: {command}", fix)


def _writing_plugins() -> Finding:
    try:
        plugins = writing_plugins(find_tensorboard())
    except Refused:
        plugins = ()
    if not plugins:
        return Finding("plugins", Verdict.OK, "none writes into logdirs")
    detail = f"{' and '.join(plugins)} writes files next to the logs: needs --writable-logdir, or that setting"
    return Finding("plugins", Verdict.OK, detail)


def _data_server() -> Finding:
    try:
        there = tensorboard_facts(find_tensorboard()).has_data_server
    except Refused:
        there = False
    if there:
        return Finding("data server", Verdict.OK, "installed: large logdirs load fast")
    fix = "pip install tensorboard-data-server"
    return Finding("data server", Verdict.WARN, "not installed: large logdirs load slowly", fix)


_LAST: Final[tuple[Callable[[], Finding], ...]] = (lingering_finding, _groups, _journal, _control_groups)


def _manager_property(name: str) -> str | None:
    """A property of the manager; None if the manager does not respond."""
    return output_of("systemctl", this_machine().scope.flag, "show", f"--property={name}", "--value", limit=_PATIENCE)
