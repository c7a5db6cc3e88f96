"""Identity of a path for the server and for a process: links, missing parts, and different mounts."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import dead_mount
import pytest
from dead_mount import NEVER, SlowMount
from waiting import wait_until

from forgather_units.folders.identity import compare, places_of
from forgather_units.folders.inotify import FolderEvents


def test_places_are_all_entries_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "real" / "runs").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/../real")
    above = list(zip(map(str, reversed(tmp_path.parents)), tmp_path.parts[1:], strict=True))
    real = (str(tmp_path), "real")
    expected = [*above, (str(tmp_path), "link"), real, (str(tmp_path / "real"), "runs")]
    assert places_of(str(tmp_path / "link" / "runs")) == expected


def test_places_end_at_loops_and_missing_entries(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert places_of(str(tmp_path / "loop" / "x"))[-1] == (str(tmp_path), "loop")
    assert places_of(str(tmp_path / "no" / "such"))[-1] == (str(tmp_path / "no"), "such")


def test_compare_finds_no_difference_in_the_same_process(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "absolute").symlink_to(tmp_path / "runs")
    (tmp_path / "relative").symlink_to("../" + tmp_path.name + "/runs")
    paths = [str(tmp_path / name) for name in ("runs", "absolute", "relative", "caf\udce9")]
    seen = compare(os.getpid(), paths)
    assert (seen.replaced, seen.missing) == ((), (paths[3],))


def test_an_ended_process_is_no_reason_to_restart(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        pass
    assert compare(process.pid, [str(tmp_path)]).replaced == ()


def test_events_of_entries_and_of_the_folder_itself(tmp_path: Path) -> None:
    received: set[tuple[str, str]] = set()
    events = FolderEvents(lambda folder, name: received.add((folder, name)))
    try:
        watched, other = tmp_path / "watched", tmp_path / "other"
        for folder in (watched, other):
            folder.mkdir()
        events.watch([str(watched), str(other), str(tmp_path / "missing")])
        (watched / "file").write_text("written")
        wait_until(lambda: (str(watched), "file") in received)
        received.clear()
        # A new folder with the same name is watched after `again`.
        watched.rename(tmp_path / "old")
        wait_until(lambda: (str(watched), "") in received)
        watched.mkdir()
        events.watch([str(watched)], again=[str(watched)])
        (tmp_path / "old" / "x").touch()
        (other / "x").touch()
        (watched / "run").mkdir()
        wait_until(lambda: (str(watched), "run") in received)
        assert received == {(str(watched), ""), (str(watched), "run")}
    finally:
        events.close()


def test_one_folder_is_watched_by_two_paths(tmp_path: Path) -> None:
    received: set[tuple[str, str]] = set()
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    paths = [str(tmp_path / name) for name in ("real", "link")]
    events = FolderEvents(lambda folder, name: received.add((folder, name)))
    try:
        events.watch(paths)
        (tmp_path / "real" / "run").mkdir()
        wait_until(lambda: received == {(path, "run") for path in paths})
    finally:
        events.close()


def test_a_watched_folder_is_not_accessed_again(tmp_path: Path) -> None:
    """Its file system may not respond. A replaced folder stays watched by its old inode until `again` names it."""
    received: set[tuple[str, str]] = set()
    folder = tmp_path / "folder"
    folder.mkdir()
    events = FolderEvents(lambda *event: received.add(event))
    try:
        events.watch([str(folder)])
        folder.rename(tmp_path / "old")
        wait_until(lambda: (str(folder), "") in received)
        folder.mkdir()
        events.watch([str(folder)])
        (folder / "new").mkdir()
        (tmp_path / "old" / "file").touch()
        wait_until(lambda: (str(folder), "file") in received)
        assert (str(folder), "new") not in received
    finally:
        events.close()


def test_watch_after_close_does_nothing(tmp_path: Path) -> None:
    called = Event()
    events = FolderEvents(lambda *_: called.set())
    events.close()
    events.watch([str(tmp_path)])
    events.close()
    assert not called.is_set()


def test_a_folder_on_a_dead_mount(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mount has died since the last access: the other folders are watched."""
    # A call that accesses the mount takes this long.
    monkeypatch.setattr("forgather_units.folders.inotify.PATIENCE", 8.0)
    mount, received = SlowMount(tmp_path), set[tuple[str, str]]()
    (mount.source / "far").mkdir()
    near, far, missing = (str(tmp_path / "near"), str(mount.point / "far"), str(mount.point / "missing"))
    Path(near).mkdir()
    with mount.mounted(dead_mount.build(tmp_path)), ThreadPoolExecutor(1) as thread:
        events = FolderEvents(lambda *event: received.add(event))
        try:
            events.watch([missing, near])
            mount.answer_after(NEVER)
            # A folder that could not be watched is not accessed again.
            thread.submit(events.watch, [missing, near], [near]).result(7)
            thread.submit(events.watch, [missing, near, far]).result(120)
            thread.submit(events.watch, [far, near], [near]).result(7)
            (Path(near) / "run").mkdir()
            wait_until(lambda: (near, "run") in received)
            mount.answer_after(0)
            thread.submit(events.watch, [near, far], [far]).result(120)
        finally:
            mount.answer_after(0)
            events.close()


class Libc:
    """The C library; while it `is_full`, the account has no free inotify watch."""

    def __init__(self) -> None:
        self._real = ctypes.CDLL(None, use_errno=True)
        self.is_full = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def inotify_add_watch(self, *arguments: Any) -> int:
        if self.is_full:
            ctypes.set_errno(errno.ENOSPC)
            return -1
        return int(self._real.inotify_add_watch(*arguments))


def test_exhausted_watches_keep_the_existing_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    received = set[tuple[str, str]]()
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    a, b, c = (str(tmp_path / name) for name in ("a", "b", "c"))
    libc = Libc()
    monkeypatch.setattr("forgather_units.folders.inotify.ctypes.CDLL", lambda *_, **__: libc)
    events = FolderEvents(lambda *event: received.add(event))
    try:
        events.watch([a, c])
        libc.is_full = True
        events.watch([a, b, c], again=[b, c])
        (tmp_path / "c" / "x").mkdir()
        wait_until(lambda: (c, "x") in received)
        libc.is_full = False
        events.watch([a, b, c])
        (tmp_path / "b" / "x").mkdir()
        wait_until(lambda: (b, "x") in received)
    finally:
        events.close()
