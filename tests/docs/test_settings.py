"""The guide's table of settings is the one in the code: each name, its default and its meaning."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from documents import DOCUMENTS, ROOT, blocks

from forgather_units.kinds.services import args_problems
from forgather_units.settings.settings import Settings, read_file

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


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    said = [tuple(row) for row in _ROW.findall(GUIDE)]
    assert said == [(each.name, _default(each), each.metadata["help"]) for each in dataclasses.fields(Settings)]


@pytest.mark.parametrize(("file", "example"), EXAMPLES, ids=[file.name for file, _ in EXAMPLES])
def test_the_examples_are_valid(tmp_path: Path, file: Path, example: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(example)
    said = read_file(config, args_problems)
    assert said.values or said.services
