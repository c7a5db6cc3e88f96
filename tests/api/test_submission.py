"""Parsed submissions: only a helper process accesses the folder that one names."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from looked_up import name_process

from forgather_units.domain.errors import Refused
from forgather_units.files.lookups import Lookups
from forgather_units.folders.reserved import Reserved
from forgather_units.viewers.contract.kind import WhyNot
from forgather_units.viewers.submission import SubmissionParser
from forgather_units.viewers.table import KINDS


def _refusal(lookups: Lookups, reserved: WhyNot, logdir: Path) -> str:
    parser = SubmissionParser(KINDS, lambda _kind: None, lambda: "", reserved, lookups.ask)
    params = {"logdir": str(logdir), "port": "auto"}
    with pytest.raises(Refused) as refusal:
        parser.parse({"project_dir": "/", "config": "x", "job_type": "tensorboard", "job_params": params})
    assert refusal.value.field == "logdir"
    return refusal.value.message


def test_a_helper_checks_whether_a_folder_is_reserved(lookups: Lookups, tmp_path: Path) -> None:
    message = _refusal(lookups, name_process, tmp_path)
    [process] = re.findall(r"was inspected by process (\d+)$", message)
    assert int(process) != os.getpid()


def test_a_folder_of_the_server_is_refused(lookups: Lookups, tmp_path: Path) -> None:
    reserved = Reserved(str(tmp_path), (str(tmp_path / "secrets"),))
    (tmp_path / "secrets/runs").mkdir(parents=True)
    message = _refusal(lookups, reserved.why_not, tmp_path / "secrets/runs")
    assert message == f"logdir {tmp_path}/secrets/runs belongs to the Forgather server itself"
