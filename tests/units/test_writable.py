"""Writable bind mounts of a unit, and the warnings about the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jobs import make_job

from forgather_units.domain.placement import Placing
from forgather_units.units.writable_logdir import write_access

BOUND = {"BindReadOnlyPaths": [(name, name, True, 0) for name in (b"/runs", b"/linked", b"/venv")], "UMask": 0o077}


@pytest.mark.parametrize(
    ("asked", "default", "writable"),
    [(None, False, False), (None, True, True), (True, False, True), (False, True, False)],
)
def test_the_job_s_setting_overrides_the_default(asked: bool | None, default: bool, writable: bool) -> None:
    placing = Placing(writable_logdir=asked)
    submission = replace(make_job(logdir="/runs").submission, placing=placing, read_only_paths=("/linked",))
    properties, notices = write_access(BOUND, submission, default, ("xprof",))
    bound = [bind[0] for bind in properties["BindReadOnlyPaths"]]
    assert bound == ([b"/venv"] if writable else [b"/runs", b"/linked", b"/venv"])
    assert [bind[0] for bind in properties.get("BindPaths", [])] == ([b"/runs", b"/linked"] if writable else [])
    assert bool(notices) is not writable


def test_without_mounts_of_its_own_nothing_is_read_only() -> None:
    assert write_access({}, make_job(1).submission, True, ("xprof",)) == ({}, ())
    assert write_access({}, make_job(1).submission, False, ("xprof",)) == ({}, ())
