"""The guide's table of settings equals the one in the code: names, defaults and descriptions."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from docs.documents import DOCUMENTS, ROOT, blocks

from forgather_units.settings.settings import OnReload, Settings, read_file
from forgather_units.viewers.declaration_args import args_problems

GUIDE = (ROOT / "docs" / "tensorboard.md").read_text()
EXAMPLES = [(file, example) for file in DOCUMENTS for example in blocks(file.read_text(), "yaml")]
_ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", re.MULTILINE)


def _default(setting: Any) -> str:
    value = setting.default if setting.default is not dataclasses.MISSING else setting.default_factory()
    if isinstance(value, Path):
        return f"`{str(value).replace(str(Path.home()), '~')}`"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value not in (None, "", ()) else ""


def test_the_table_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    rows = [tuple(row) for row in _ROW.findall(GUIDE)]
    assert rows == [(each.name, _default(each), each.metadata["help"]) for each in dataclasses.fields(Settings)]


@pytest.mark.parametrize(("file", "example"), EXAMPLES, ids=[file.name for file, _ in EXAMPLES])
def test_the_examples_are_valid(tmp_path: Path, file: Path, example: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(example)
    loaded = read_file(config, args_problems)
    assert loaded.values or loaded.services


def test_the_guide_names_the_settings_that_need_a_restart() -> None:
    sentence = re.search(r"take effect when the server restarts[^.]*\.", GUIDE)
    assert sentence
    need = [each.name for each in dataclasses.fields(Settings) if each.metadata["reload"] is OnReload.RESTART]
    assert re.findall(r"`(\w+)`", sentence[0]) == need
