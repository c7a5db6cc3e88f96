"""Tables with any content fit the terminal."""

from __future__ import annotations

import subprocess
import unicodedata
from typing import Any

import pytest
from cli.command_line import Shell, SmallServer

from forgather_units.cli.tables import Column, Fit, table
from forgather_units.cli.text_width import cut, cut_start, width, wrapped

ID = "q_1764199999999_0000000a"
WIDE = "\u6f22\u5b57" * 30
COMBINING = "e\u0301" * 100
LONG = "x" * 200_000


def job(title: str, **more: Any) -> dict[str, Any]:
    params = {"logdir": "/runs", "port": 6006}
    return {
        "queue_id": ID,
        "status": "running",
        "config": "tensorboard:6006",
        "job_params": params,
        "title": title,
    } | more


@pytest.mark.parametrize("text", ["plain text that is long", WIDE, COMBINING, LONG, f"a{WIDE}", "\U0001f600" * 50])
@pytest.mark.parametrize("most", [1, 2, 3, 10, 21])
def test_text_is_cut_by_its_width(text: str, most: int) -> None:
    for shorter in (cut(text, most), cut_start(text, most)):
        assert most - 1 <= width(shorter) <= most
    assert cut(text, most).endswith("\u2026") and cut_start(text, most).startswith("\u2026")
    assert text.startswith(cut(text, most)[:-1])
    assert unicodedata.normalize("NFC", text).endswith(unicodedata.normalize("NFC", cut_start(text, most)[1:]))


def test_text_that_fits_is_not_cut() -> None:
    assert cut("abc", 3) == cut_start("abc", 3) == "abc"
    assert width(COMBINING) == 100 and cut(COMBINING, 100) == COMBINING


def test_a_line_is_broken_at_spaces() -> None:
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("a-long-word b", 4) == ["a-long-word", "b"]
    assert wrapped("", 4) == [""]


def test_columns_share_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    header = ("ID", Column("TITLE", Fit.CUT), Column("PATH", Fit.CUT_START), Column("WHY", Fit.WRAP))
    lines = table(
        header, [("q_1", "t" * 500, "/a" * 100, "one two three four " * 3), ("q_2", None, "", "x")]
    ).splitlines()
    assert all(width(line) <= 60 for line in lines) and len(lines) > 3
    assert lines[1].startswith("q_1  ttt") and "\u2026/a/a" in lines[1]
    # What is wrapped goes on in its own column.
    assert lines[2].startswith(" " * lines[0].index("WHY")) and lines[2].strip()
    assert lines[-1].split() == ["q_2", "-", "-", "x"]


def test_last_column_goes_below_its_row_in_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = table((("ID"), Column("NOTE", Fit.CUT)), [(ID + ID, "n" * 90), (ID, None)]).splitlines()
    assert lines == ["ID", ID + ID, "    " + "n" * 35 + "\u2026", ID]


@pytest.mark.parametrize("title", [LONG, WIDE, COMBINING, "evil\x1b[2J\n\x07" * 50, "\u202egnp.exe\u200b" * 20])
@pytest.mark.parametrize("columns", [80, 120])
def test_one_title_does_not_touch_other_rows(forgather: Shell, server: SmallServer, title: str, columns: int) -> None:
    waits = "port 6006 is held by another process, which is no job of this server"
    server.says("GET /api/jobs", [job("tiny"), job(title), job("last", status="queued", waits_for=waits)])
    server.says("GET /api/queue", [job(title, waits_for=waits)])
    lines = forgather("job", "list", COLUMNS=str(columns)).out.splitlines()
    assert all(width(line) <= columns and line.isprintable() for line in lines)
    rows = [line for line in lines if line.startswith("q_")]
    assert len(rows) == 3 and "\u2026" in rows[1]
    assert rows[0].split()[:5] == [ID, "running", "tensorboard:6006", "-", "tiny"]
    assert any("port 6006 is held" in line for line in lines)


def test_a_pipe_has_80_columns(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", [job("tiny"), job("\u6f22" * 200)])
    command = forgather.command("job", "list")
    del command["env"]["COLUMNS"]
    shown = subprocess.run(**command, check=True, timeout=120).stdout.splitlines()
    assert all(width(line) <= 80 for line in shown) and len(shown) == 3
    # ASCII has no ellipsis.
    command["env"] |= {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = subprocess.run(**command, check=True, timeout=120).stdout.splitlines()
    assert shown[2].endswith("...")
