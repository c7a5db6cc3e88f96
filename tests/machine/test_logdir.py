"""Log directories, good and bad, on a real file system."""

from __future__ import annotations

import os
import pwd
import tempfile
from pathlib import Path

import pytest

from forgather_units.domain.errors import Refused
from forgather_units.machine.logdir import inspect_logdir

# Whom root asks as.
_NOBODY = 65534


def test_event_files_are_counted_and_the_newest_is_told(tmp_path: Path) -> None:
    for number, run in enumerate(("a/runs/log_1", "b/runs/log_2", "b/runs/log_2/deep")):
        folder = tmp_path / run
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"events.out.tfevents.{number}.host.1.0"
        file.touch()
        os.utime(file, (1000 + number, 1000 + number))
        (folder / "trainer_logs.json").touch()
    facts = inspect_logdir(str(tmp_path))
    assert (facts.event_files, facts.newest, facts.whole) == (3, 1002.0, True)


def test_none_yet(tmp_path: Path) -> None:
    (tmp_path / "tfevents").mkdir()
    facts = inspect_logdir(str(tmp_path))
    assert (facts.event_files, facts.newest) == (0, None)


def test_links_to_folders_end(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to(tmp_path)
    (tmp_path / "tfevents").symlink_to("tfevents")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "up").symlink_to(tmp_path)
    assert inspect_logdir(str(tmp_path)).whole


def test_a_giant_tree_is_not_walked_to_its_end(tmp_path: Path) -> None:
    for folder in range(21):
        (tmp_path / str(folder)).mkdir()
        for number in range(1000):
            os.mknod(tmp_path / str(folder) / str(number))
    assert not inspect_logdir(str(tmp_path)).whole


@pytest.mark.parametrize("name", ["$HOME", "100%", "--x", "with space", "new\nline", "näm", "\udcff"])
def test_odd_names_are_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert inspect_logdir(str(tmp_path / name)).event_files == 0


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("", "logdir is empty"),
        ("runs", "not an absolute path"),
        ("~/runs", "not an absolute path"),
        ("name:/tmp", "not an absolute path"),
        ("/a\0b", "NUL"),
        ("/no/such/folder", "does not exist"),
        ("/proc/version", "is a file"),
        ("/proc/version/below", "cannot be used"),
        ("/" + "a" * 300, "cannot be used"),
        ("/tmp/\ud800", "cannot be used"),
    ],
)
def test_what_is_no_logdir(path: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence) as refusal:
        inspect_logdir(path)
    assert refusal.value.field == "logdir"
    assert "\n" not in refusal.value.message


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("closed", "closed cannot be read by {us}; grant it: setfacl -R -m u:{us}:rX,d:u:{us}:rX"),
        ("closed/below", "closed is closed to {us}; grant it: setfacl -m u:{us}:x"),
    ],
)
def test_one_that_is_closed_to_us(name: str, sentence: str) -> None:
    us = pwd.getpwuid(os.geteuid() or _NOBODY).pw_name
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        closed = Path(folder, "closed")
        (closed / "below").mkdir(parents=True)
        closed.chmod(0)
        try:
            assert sentence.format(us=us) in _refusal_without_rights(f"{folder}/{name}")
        finally:
            closed.chmod(0o700)


def _refusal_without_rights(path: str) -> str:
    """What an ordinary user is told: root, who may read everything, asks in a child that gave its rights up."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgid(_NOBODY)
                os.setuid(_NOBODY)
            inspect_logdir(path)
        except Refused as refusal:
            os.write(writing, f"{refusal.message}; {refusal.hint}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        said = told.read()
    os.waitpid(child, 0)
    return said
