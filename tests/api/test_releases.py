"""The release of a viewer's static files, which the proxy may serve from its cache."""

from __future__ import annotations

import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dead_mount
import pytest
from dead_mount import NEVER, SlowMount
from jobs import make_job, running
from waiting import wait_until

from forgather_units.domain.errors import Refused
from forgather_units.domain.program import Program
from forgather_units.domain.viewer import ViewerKind
from forgather_units.files.lookups import Lookups
from forgather_units.viewers.contract.python_program import folders_of
from forgather_units.viewers.mkdocs.kind import MKDOCS
from forgather_units.viewers.mkdocs.options import MkDocsOptions
from forgather_units.viewers.tensorboard.program import find_tensorboard
from forgather_units.viewers.tensorboard.release import Releases


@pytest.fixture(scope="module")
def installed() -> Program:
    command = find_tensorboard()
    return Program((command,), folders_of(command))


def test_a_tensorboard_has_the_installed_release(installed: Program) -> None:
    releases = Releases(lambda kind: installed)
    # The first call starts the look-up.
    release = wait_until(lambda: releases.of(make_job()))
    assert releases.file(release, "/index.html", False) is not None
    # This job started before the files were installed: it has other ones in memory.
    assert releases.of(running(1, 6006)) == ""


def test_a_site_of_mkdocs_has_no_release(installed: Program) -> None:
    """Its pages are the user's own, also those named like TensorBoard's."""
    job = make_job()
    site = replace(job.submission, kind=MKDOCS, options=MkDocsOptions(config_file="/site/mkdocs.yml"))
    assert Releases(lambda kind: installed).of(replace(job, submission=site)) == ""


def test_another_program_has_no_release(tmp_path: Path) -> None:
    command = tmp_path / "bin" / "tensorboard"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    releases = Releases(lambda kind: Program((str(command),), folders_of(str(command))))
    assert releases.of(make_job()) == ""

    def missing(kind: ViewerKind) -> Program:
        raise Refused("not installed")

    assert Releases(missing).of(make_job()) == ""
    assert Releases(missing).file("", "/index.html", False) is None


def test_static_files_on_a_dead_mount(tmp_path: Path) -> None:
    """The server's loop asks for the release at each request."""
    mount = SlowMount(tmp_path)
    (mount.source / "tensorboard").mkdir()
    with zipfile.ZipFile(mount.source / "tensorboard/webfiles.zip", "w") as archive:
        archive.writestr("index.js", "text")
    (mount.source / "tensorboard/version.py").write_text('VERSION = "1.0"\n')
    program = Program((str(mount.point / "tb"),), (str(mount.point),))
    with mount.mounted(dead_mount.build(tmp_path)), closing(Lookups()) as lookups, ThreadPoolExecutor(1) as loop:
        releases = Releases(lambda kind: program, lookups.ask)
        release = wait_until(lambda: releases.of(make_job()))
        assert releases.file(release, "/index.js", False) is not None
        started_later = running(int(time.time()) + 1000, 6006)
        mount.answer_after(NEVER)
        assert loop.submit(releases.of, make_job()).result(120) == release
        # This job may run another version of the program.
        assert loop.submit(releases.of, started_later).result(120) == ""
        assert loop.submit(releases.file, release, "/index.js", False).result(120) is None
        mount.answer_after(0)
        wait_until(lambda: releases.file(release, "/index.js", False))


def test_static_files_replaced_on_a_slow_mount(tmp_path: Path) -> None:
    mount = SlowMount(tmp_path)
    archive = mount.source / "webfiles/tensorboard/webfiles.zip"
    archive.parent.mkdir(parents=True)
    zipfile.ZipFile(archive, "w").close()
    program = Program((str(mount.point / "tb"),), (str(mount.point / "webfiles"),))
    with mount.mounted(dead_mount.build(tmp_path)), closing(Lookups()) as lookups:
        releases = Releases(lambda kind: program, lookups.ask)
        before = wait_until(lambda: releases.of(make_job()))
        with zipfile.ZipFile(archive, "w") as newer:
            newer.writestr("index.js", "text")
        after = wait_until(lambda: (now := releases.of(make_job())) != before and now)
        assert releases.file(str(after), "/index.js", False) is not None
        assert releases.file(before, "/index.js", False) is None
