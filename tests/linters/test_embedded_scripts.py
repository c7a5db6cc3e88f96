"""Scripts in string constants of the tests import names that exist. mypy does not check them."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
_IMPORT = re.compile(
    r"^[ \t]*(?:from (forgather_units[\w.]*) import ([\w, ]+)|import (forgather_units[\w.]*))", re.MULTILINE
)


def imports_in(source: str) -> Iterator[tuple[str, str]]:
    """Module and name (empty: the module itself) of each import from forgather_units in the strings of `source`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for module, names, alone in _IMPORT.findall(node.value):
                for name in names.split(","):
                    yield module or alone, name.partition(" as ")[0].strip()


def missing(source: str) -> list[str]:
    """The imports that would fail."""
    return [f"{module} {name}".strip() for module, name in imports_in(source) if not _exists(module, name)]


def _exists(module: str, name: str) -> bool:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    if not name or hasattr(found, name):
        return True
    return _exists(f"{module}.{name}", "")


def test_every_import_exists() -> None:
    """Except in the linters' own tests, whose strings contain planted faults."""
    files = [file for file in TESTS.rglob("*.py") if file.parent != Path(__file__).parent]
    assert len(files) > 100
    assert {str(file): names for file in files if (names := missing(file.read_text()))} == {}


def test_a_missing_name_is_found() -> None:
    script = "SCRIPT = '''\nfrom forgather_units.journal.reader import Journal, Gone\nimport forgather_units.gone\n'''"
    assert missing(script) == ["forgather_units.journal.reader Gone", "forgather_units.gone"]
