"""`forgather jupyter`: a path where it cannot listen is one sentence, and no file is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.command_line import Shell


@pytest.mark.parametrize(
    ("path", "why"),
    [("no/such/folder", "No such file or directory"), ("x" * 200, "AF_UNIX path too long"), ("file", "in use")],
)
def test_a_path_where_it_cannot_listen(forgather: Shell, path: str, why: str) -> None:
    file = Path(forgather.folder, "file")
    file.write_text("mine")
    done = forgather("jupyter", path)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"forgather: cannot listen at {path}: ")
    assert why in done.err
    assert file.read_text() == "mine"
