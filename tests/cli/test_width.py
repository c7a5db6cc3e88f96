"""Long values are wrapped or cut in a narrow terminal and in a pipe, and leave other rows as they are."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from cli.command_line import Shell

from forgather_units.cli.tables import Column, Fit, table
from forgather_units.cli.text_width import MOST_WRAPPED, indented, width, wrapped

LONG: Final = "x" * 200_000
WORDS: Final = "several words " * 20_000
WIDE: Final = "\u6f22\u5b57" * 50


def lines_of(shell: Shell, *words: str, columns: int) -> list[str]:
    """The output of a command in a terminal of `columns` columns, or in a pipe (0)."""
    command = shell.command(*words) | {"text": False}
    del command["env"]["COLUMNS"]
    if not columns:
        piped: bytes = subprocess.run(**command, check=False, timeout=120).stdout
        return piped.decode().splitlines()
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    printed: list[bytes] = []

    def read() -> None:
        # EIO: the command has closed its side.
        with suppress(OSError):
            while piece := os.read(ours, 65536):
                printed.append(piece)

    with subprocess.Popen(**command | {"stdout": theirs}) as process:
        os.close(theirs)
        reading = threading.Thread(target=read)
        reading.start()
        process.wait(120)
    reading.join(120)
    os.close(ours)
    return b"".join(printed).decode().splitlines()


@pytest.mark.parametrize("text", [LONG, WIDE, f"a {LONG} b", "e\u0301" * 300])
@pytest.mark.parametrize("most", [1, 2, 7, 40])
def test_long_words_are_broken(text: str, most: int) -> None:
    lines = wrapped(text[:5000], most, breaks_words=True)
    assert "".join(lines).replace(" ", "") == text[:5000].replace(" ", "")
    assert all(width(line) <= max(most, 2) for line in lines)


@pytest.mark.parametrize("text", [LONG, WORDS, WIDE * 100])
def test_a_wrapped_text_has_a_limit(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = indented(text).split("\n")
    assert all(width(line) <= 60 for line in lines) and all(line.startswith("    ") for line in lines[1:])
    assert sum(map(width, lines)) < 2 * MOST_WRAPPED and lines[-1].endswith("\u2026")


@pytest.mark.parametrize("value", [LONG, WORDS])
@pytest.mark.parametrize("columns", [40, 80])
def test_a_wrapped_value_leaves_other_rows_as_they_are(
    monkeypatch: pytest.MonkeyPatch, value: str, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    header = ("NAME", Column("VALUE", Fit.WRAP), Column("FROM", Fit.WRAP))
    lines = table(header, [("one", "1", "default"), ("two", value, "default"), ("three", "3", "default")]).splitlines()
    assert all(width(line) <= columns for line in lines)
    assert [lines[1].split(), lines[-1].split()] == [["one", "1", "default"], ["three", "3", "default"]]
    assert len(lines) < 3 * MOST_WRAPPED / 12


def test_a_long_path_in_the_last_column_can_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    path = "/folder" * 20
    text = table(("#", Column("RUN", Fit.CUT), Column("PATH", Fit.WRAP)), [(1, "r" * 60, path), (2, "s", "/x")])
    assert any(line.endswith(path) for line in text.splitlines())


@pytest.mark.parametrize("columns", [0, 40])
def test_the_commands_with_long_values(forgather: Shell, columns: int) -> None:
    most = columns or 80
    config = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather", "units.yaml")
    config.parent.mkdir(parents=True)
    config.write_text(
        f"admins: ['{LONG[:4000]}', b]\nport: 9000\n"
        f"services:\n  tensorboard:\n    lab: {{logdir: /x, window_title: '{'t ' * 2000}'}}\n"
    )
    shown = lines_of(forgather, "config", "show", columns=columns)
    assert all(width(line) <= most or str(config) in line for line in shown)
    assert sum(line.split()[:2] == ["port", "9000"] for line in shown) == 1
    config.unlink()
    for line in lines_of(forgather, "doctor", "--server", "http://127.0.0.1:1", columns=columns):
        assert width(line) <= most

    (forgather.folder / "forgather_workspace").mkdir()
    (forgather.folder / "meta.yaml").write_text(f"name: small\ndescription: '{WORDS}'\n")
    configs = forgather.folder / "templates" / "configs"
    configs.mkdir(parents=True)
    (configs / "long.yaml").write_text(f"meta:\n  config_name: n\n  config_class: {LONG}\n  output_dir: out\n")
    (configs / "tiny.yaml").write_text("meta:\n  config_name: tiny\n  config_class: c\n  output_dir: out\n")
    listed = lines_of(forgather, "ls", columns=columns)
    folder = str(forgather.folder)
    assert all(width(line) <= most or folder in line for line in listed) and len(listed) < 300
    assert any(line.split()[:3] == ["tiny.yaml", "tiny", "c"] for line in listed)

    run = forgather.folder / "output_models" / ("m" * 200) / "runs" / ("r" * 200)
    run.mkdir(parents=True)
    (run / "trainer_logs.json").write_text("[]")
    listed = lines_of(forgather, "logs", "list", columns=columns)
    assert all(width(line) <= most or folder in line for line in listed)
    assert len(listed) <= 3 and listed[-1].endswith(f"{run}/trainer_logs.json")
