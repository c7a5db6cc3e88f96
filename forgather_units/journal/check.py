"""Checks whether this user can read the output of their units, and whether journald stores it at present.

A unit prints two lines, which are then read back. journald's rate limit counts each priority class of a user manager
separately (journald.conf(5), RateLimitBurst=). Output has the priority `info`: if only the line of priority `debug`
comes back, journald is dropping output. An ordinary user cannot read journald's own report of that.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.machine import Machine
from forgather_units.domain.scope import Scope
from forgather_units.host.system_program import manager_environment
from forgather_units.journal.source import open_source

# journald stores a line within milliseconds, unless the machine is busy.
_PATIENCE: Final = 10.0
_START_LIMIT: Final = 30.0
# If the journal's files explain a missing line.
_PATIENCE_EXPLAINED: Final = 1.0
_PAUSE: Final = 0.02
_PERSISTENT: Final = Path("/var/log/journal")
_VOLATILE: Final = Path("/run/log/journal")
# systemd's SYSTEM_UID_MAX: journald keeps a journal file of their own for accounts above it.
_SYSTEM_UID_MAX: Final = 999
_JOIN_GROUP: Final = "usermod --append --groups systemd-journal $(id -un), then log out completely and in again"
_UNEXPLAINED: Final = "a line that a unit printed did not come back", "see systemctl status systemd-journald"
_STORE: Final = "set Storage=persistent in /etc/systemd/journald.conf, then systemctl restart systemd-journald"


@dataclass(frozen=True, slots=True)
class JournalCheck:
    """The result. `why` and `fix` are sentences if the journal cannot be read, else empty."""

    is_readable: bool
    is_persistent: bool = False
    is_limited: bool = False
    """Whether journald drops output of this user's units at present."""
    why: str = ""
    fix: str = ""
    has_manager: bool = True
    """Whether the service manager started the test unit."""


def check_journal(machine: Machine) -> JournalCheck:
    """Run a short unit and read its lines back. Takes 0.1 s, or up to ten seconds if no line comes back.

    Never raises.
    """
    word = secrets.token_hex(8)
    problem = _print(machine, word)
    if problem:
        return JournalCheck(is_readable=False, has_manager=False, why=f"a test unit could not be started: {problem}")
    try:
        priorities = _read_back(word, _PATIENCE_EXPLAINED if _fault(machine) else _PATIENCE)
    except OSError as error:
        return JournalCheck(is_readable=False, why=f"the journal cannot be opened: {error.strerror}")
    if not priorities:
        on_disk = any(_PERSISTENT.glob("*/*.journal")) and not _is_in_memory()
        why, fix = _fault(machine) or _UNEXPLAINED
        return JournalCheck(is_readable=False, is_persistent=on_disk, why=why, fix=fix)
    return JournalCheck(is_readable=True, is_persistent=not _is_in_memory(), is_limited=b"6" not in priorities)


def _print(machine: Machine, word: str) -> str:
    """Let a unit print `word` with two priorities. Returns systemd's error message, or an empty text."""
    command = ["systemd-run", machine.scope.flag, "--quiet", "--wait", "--collect", "--service-type=exec"]
    command += [f"--unit=forgather-journal-check-{word}", f"--property=SyslogIdentifier={_identifier(word)}"]
    command += ["/bin/sh", "-c", f"echo '<6>{word}'; echo '<7>{word}'"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
            timeout=_START_LIMIT, env=manager_environment(machine),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as why:
        return str(why)
    return "" if done.returncode == 0 else " ".join(done.stderr.split()) or f"status {done.returncode}"


def _read_back(word: str, seconds: float) -> set[bytes]:
    """The priorities of the lines found. journald stores a stream in order: `debug` is last. Raises OSError."""
    deadline = time.monotonic() + seconds
    found: set[bytes] = set()
    while b"7" not in found and time.monotonic() < deadline:
        # A new reader each time: journald may be creating this user's first file.
        entries = open_source().after(((f"SYSLOG_IDENTIFIER={_identifier(word)}",),), None)
        found.update(entry.field("PRIORITY") for entry in entries)
        time.sleep(_PAUSE)
    return found


def _identifier(word: str) -> str:
    return f"forgather-journal-check-{word}"


def reads_reports() -> bool:
    """Whether this process can read journald's own reports, which are in the system's journal."""
    return any(os.access(file, os.R_OK) for top in (_PERSISTENT, _VOLATILE) for file in top.glob("*/system.journal"))


def _is_in_memory() -> bool:
    """Whether journald writes below /run. It removes that folder when it switches to the disk."""
    try:
        return any(_VOLATILE.iterdir())
    except OSError:
        return False


def _fault(machine: Machine) -> tuple[str, str] | None:
    """Why an ordinary user cannot read lines, judging by the journal's files, and how to fix it."""
    if _is_in_memory():
        return "journald keeps it in memory, where only root and the group systemd-journal can read it", _STORE
    if not any(_PERSISTENT.glob("*/*.journal")):
        return "journald stores nothing (Storage=none)", _STORE
    if machine.scope is Scope.USER and machine.uid <= _SYSTEM_UID_MAX:
        return f"uid {machine.uid} is a system account: its lines are in the system's journal", _JOIN_GROUP
    return None
