"""A group joined while the user manager runs: a new shell has it, but the viewers do not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ASK = """
import sys
from forgather_units.domain.errors import Refused
from forgather_units.doctor.checks import _groups
from forgather_units.viewers.tensorboard.logdir import check_logdir
try:
    check_logdir("/srv/lab/runs")
    print("readable")
except Refused as why:
    print(why.message, why.hint, sep="\\n")
print(_groups().verdict.value, _groups().detail)
"""
_SCRIPT = f"""
install -d -m 2750 /srv/lab /srv/lab/runs
groupadd lab
chgrp lab /srv/lab /srv/lab/runs
ask() {{ runuser -u researcher -- env XDG_RUNTIME_DIR=/run/user/$(id -u researcher) {sys.executable} -c '{_ASK}'; }}
echo "# before"; ask
usermod --append --groups lab researcher
echo "# joined"; ask
systemctl restart user@$(id -u researcher).service
echo "# logged in again"; ask
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox needs root, and only root changes the group database")
def test_a_group_joined_after_the_manager_started() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "forgather_units.sandbox",
            "run",
            "--system",
            "--private-network",
            "--",
            "sh",
            "-c",
            _SCRIPT,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    before, joined, again = (part.strip().splitlines() for part in done.stdout.split("#")[1:])
    assert before == [
        "before",
        "logdir /srv/lab/runs cannot be read: /srv/lab is closed to researcher",
        "its owner (root) can grant it: setfacl -m u:researcher:x /srv/lab && "
        "setfacl -R -m u:researcher:rX,d:u:researcher:rX /srv/lab/runs",
        "ok the manager has all groups of the account",
    ], done.stderr
    assert joined == [
        "joined",
        "logdir /srv/lab/runs cannot be read: researcher is in the group lab, but its service manager was started"
        " before it joined",
        "log out completely (loginctl terminate-user researcher, which ends its jobs too) and in again",
        "warn the user manager was started before researcher joined lab: viewers do not have them",
    ], done.stderr
    assert again == ["logged in again", "readable", "ok the manager has all groups of the account"], done.stderr
