"""A journal that cannot be read, or that drops lines, is detected without privileges and reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sandbox.booted_machine import BootedMachine

from forgather_units.sandbox.launch import booted

_CHECK = """
import json
from dataclasses import asdict
from forgather_units.doctor.checks import _journal
from forgather_units.journal.check import check_journal
from forgather_units.host.this_machine import this_machine
print(json.dumps({**asdict(check_journal(this_machine())), "doctor": _journal().verdict}))
"""
# More lines than journald accepts from a user in half a minute, by the limit of the test.
_DROPS = """
import subprocess, sys, time
from forgather_units.journal.follower import Follower
from forgather_units.journal.reader import Journal, LineKind
from forgather_units.journal.check import check_journal, reads_reports
from forgather_units.host.this_machine import this_machine
unit = "fgtest-drops.service"
# Repeated: on a busy machine journald sometimes does not know the unit of a new process, and then limits nothing. It
# reads /proc again after a second.
command = ["/bin/sh", "-c", "while seq 1 20000; do sleep 1.5; done"]
subprocess.run(["systemd-run", "--user", "--quiet", f"--unit={unit}", *command], check=True)
kept = 0
with Follower(Journal(this_machine()), lambda: check_journal(this_machine())).subscribe(unit) as stream:
    deadline = time.monotonic() + 120
    while ((line := stream.get()) is None or line.kind is not LineKind.DROPPED) and time.monotonic() < deadline:
        kept += line is not None
        if line is None:
            time.sleep(0.01)
print(reads_reports(), kept, line and line.count)
"""
_TERMINAL = """
import json, sys, tempfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from forgather_server import Forgather
folder = Path(tempfile.mkdtemp())
printer = folder / "printer"
printer.write_text("#!/bin/sh\\nexit 3\\n")
printer.chmod(0o755)
forgather = Forgather(folder, tensorboard=str(printer), placement="direct", hardening="off")
try:
    forgather.start()
    queue_id = forgather.submit(folder, port="auto")
    forgather.wait_status(queue_id, "failed")
    dump = forgather.cli("job", "dump", queue_id, check=False)
    tail = forgather.cli("job", "tail", queue_id, check=False)
    # The server has detected it now.
    job = forgather.wait_status(forgather.submit(folder, port="auto"), "failed")
    print(json.dumps({"error": job["error"], "dump": [dump.returncode, dump.stdout, dump.stderr],
        "tail": [tail.returncode, tail.stdout, tail.stderr]}))
finally:
    forgather.clean()
"""
Storage = Callable[[str], None]


@pytest.fixture(scope="module")
def machine() -> Iterator[BootedMachine]:
    with booted(private_network=True) as sandbox:
        yield BootedMachine(sandbox)


@pytest.fixture
def storage(machine: BootedMachine) -> Iterator[Storage]:
    """Sets journald's Storage= until the end of the test."""
    drop_in = "/etc/systemd/journald.conf.d/storage.conf"

    def store(how: str) -> None:
        machine.root("mkdir", "-p", str(Path(drop_in).parent))
        machine.root("sh", "-c", f"printf '[Journal]\\nStorage={how}\\n' >{drop_in}; rm -rf /run/log/journal/*")
        machine.root("systemctl", "reset-failed", "systemd-journald.service")
        machine.root("systemctl", "restart", "systemd-journald.service")

    with ExitStack() as held:
        held.callback(machine.root, "journalctl", "--flush")
        held.callback(store, "persistent")
        yield store


def check(machine: BootedMachine, uid: int = 0) -> dict[str, Any]:
    with machine.script(_CHECK, uid=uid) as output:
        found: dict[str, Any] = json.loads(output.read())
    return found


def test_a_readable_journal(machine: BootedMachine) -> None:
    found = check(machine)
    assert found == {
        "is_readable": True, "is_persistent": True, "is_limited": False, "has_manager": True, "why": "", "fix": "",
        "doctor": "ok",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("how", "why"),
    [("volatile", "journald keeps it in memory, where only root and the group"), ("none", "journald stores nothing")],
)
def test_a_journal_that_this_user_cannot_read(machine: BootedMachine, storage: Storage, how: str, why: str) -> None:
    storage(how)
    if how == "none":
        machine.root("sh", "-c", "mkdir -p /var/aside; mv /var/log/journal/* /var/aside")
    found = check(machine)
    if how == "none":
        machine.root("sh", "-c", "mv /var/aside/* /var/log/journal")
    assert (found["is_readable"], found["doctor"]) == (False, "bad")
    assert found["why"].startswith(why)
    assert "Storage=persistent" in found["fix"]


def test_a_system_account_cannot_read_its_journal(machine: BootedMachine) -> None:
    machine.root("useradd", "--system", "--create-home", "--uid=990", "fgtest-system")
    machine.root("loginctl", "enable-linger", "fgtest-system")
    machine.root("systemctl", "start", "user@990.service")
    found = check(machine, uid=990)
    assert not found["is_readable"]
    assert found["why"] == "uid 990 is a system account: its lines are in the system's journal"
    assert "systemd-journal" in found["fix"]


def test_the_terminal_explains_why_there_is_no_output(machine: BootedMachine, storage: Storage) -> None:
    storage("volatile")
    with machine.script(_TERMINAL, str(Path(__file__).parents[1])) as output:
        result = json.loads(output.read())
    code, out, err = result["dump"]
    assert (code, out) == (1, "")
    assert err.startswith("forgather: the journal cannot be read: journald keeps it in memory")
    code, out, err = result["tail"]
    assert (code, out) == (0, "")
    assert "--- the journal cannot be read: journald keeps it in memory" in err
    assert "the journal cannot be read" in result["error"]


def test_dropped_lines_are_noticed_without_privileges(machine: BootedMachine) -> None:
    """The last test of this file: afterwards journald drops all lines of this user's units for half a minute."""
    # A busy machine stores fewer lines in half a minute than journald accepts by default.
    limit = "[Journal]\\nRateLimitIntervalSec=30s\\nRateLimitBurst=2500\\n"
    machine.root("mkdir", "-p", "/etc/systemd/journald.conf.d")
    machine.root("sh", "-c", f"printf '{limit}' >/etc/systemd/journald.conf.d/limit.conf")
    machine.root("systemctl", "restart", "systemd-journald.service")
    with machine.script(_DROPS) as output:
        reads_reports, kept, count = output.read().split()
    assert (reads_reports, count) == ("False", "0"), kept
    assert int(kept) > 0
