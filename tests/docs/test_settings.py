"""The guide's table of settings is the one in the code: each name, its default and its meaning."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import ROOT, blocks

from forgather_units.settings.settings import Settings, parse

GUIDE = (ROOT / "docs" / "tensorboard.md").read_text()
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


def test_the_examples_are_valid() -> None:
    examples = blocks(GUIDE, "yaml")
    assert examples
    for example in examples:
        assert parse(yaml.safe_load(example), "the example")
