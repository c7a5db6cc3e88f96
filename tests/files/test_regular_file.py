"""Kinds of files that the server reads for a request, with real files of every kind."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from special_files import KINDS, special_file

from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.files.regular_file import TooLarge, open_regular, read_regular, read_text
from forgather_units.projects.template_files import FileRefused, TemplateFiles
from forgather_units.runs.event_files import event_records
from forgather_units.runs.log_file import LogFile
from forgather_units.settings.file import read
from forgather_units.viewers.mkdocs.project import read_mkdocs_project

special = pytest.mark.parametrize("kind", KINDS)


def open_files() -> set[str]:
    """The paths of this process's file descriptors."""
    return {str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


@special
def test_only_regular_files_are_opened(kind: str, tmp_path: Path) -> None:
    path = special_file(kind, tmp_path)
    for named in (path, _link_to(path, tmp_path)):
        with pytest.raises(OSError, match="not a regular file"):
            read_regular(named, 1000)
    assert str(path) not in open_files()


def _link_to(path: str, folder: Path) -> str:
    (folder / "link").symlink_to(path)
    return str(folder / "link")


def test_opening_a_fifo_does_not_serve_its_writer(tmp_path: Path) -> None:
    path = special_file("fifo", tmp_path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    os.close(reader)
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(path)
    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)


def test_the_descriptor_is_neither_inherited_nor_blocking(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("ä")
    descriptor = open_regular(tmp_path / "a")
    assert not os.get_inheritable(descriptor) and not os.get_blocking(descriptor)
    os.close(descriptor)
    assert read_text(tmp_path / "a", 2) == "ä"


def test_a_folder_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 10)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "no", 10)


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_regular(tmp_path / "a", 5)[0] == b"12345"
    with pytest.raises(TooLarge, match="more than 4 bytes"):
        read_regular(tmp_path / "a", 4)


def test_a_file_that_grows_during_the_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    growing, lock = tmp_path / "growing", threading.Lock()
    growing.write_bytes(b"x" * 10)
    actual = os.read

    def read_and_grow(descriptor: int, size: int) -> bytes:
        with lock, growing.open("ab") as more:
            more.write(b"x" * 2 * size)
        return actual(descriptor, min(size, 4096))

    monkeypatch.setattr(os, "read", read_and_grow)
    with pytest.raises(TooLarge):
        read_regular(growing, 100_000)


@special
def test_every_reader_refuses_special_files(kind: str, tmp_path: Path) -> None:
    path = special_file(kind, tmp_path)
    with pytest.raises(Refused, match="not a regular file"):
        read_mkdocs_project(path)
    (tmp_path / "mkdocs.yml").write_text(f"INHERIT: {path}\n")
    with pytest.raises(Refused, match="not a regular file"):
        read_mkdocs_project(str(tmp_path / "mkdocs.yml"))
    with pytest.raises(FileRefused, match="not a regular file"):
        TemplateFiles().at(path)
    with pytest.raises(Unavailable, match="not a regular file"):
        list(LogFile(Path(path)).read())
    with pytest.raises(Unavailable, match="not a regular file"):
        list(event_records([Path(path)]))
    [problem] = read(Path(path), {}).problems
    assert "not a regular file" in problem.message
