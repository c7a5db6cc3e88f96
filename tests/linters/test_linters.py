"""The linters are tests: what they say is what would be said in a review."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "--no-cache", "."], ["ruff", "format", "--check", "--no-cache", "."], ["mypy"]],
    ids=["ruff-check", "ruff-format", "mypy"],
)
def test_clean(command: list[str], tmp_path: Path) -> None:
    cache = ["--cache-dir", str(tmp_path)] if command[0] == "mypy" else []
    done = subprocess.run(
        [sys.executable, "-m", *command, *cache], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_are_one_idea() -> None:
    """At most 400 lines each."""
    lengths = {file: len(file.read_text().splitlines()) for file in (ROOT / "forgather_units").rglob("*.py")}
    assert {file: length for file, length in lengths.items() if length > 400} == {}


def test_no_import_cycles_and_a_domain_that_imports_nothing_of_ours() -> None:
    imports = {module: _imports(file) for file, module in _modules()}
    for module, targets in imports.items():
        if module.startswith("forgather_units.domain"):
            assert all(target.startswith("forgather_units.domain") for target in targets), (module, targets)
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, f"import cycle: {' -> '.join([*path, module])}"
        if module not in done:
            for target in imports.get(module, ()):
                visit(target, (*path, module))
            done.add(module)

    for module in imports:
        visit(module, ())


def _modules() -> list[tuple[Path, str]]:
    files = sorted((ROOT / "forgather_units").rglob("*.py"))
    return [(file, ".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files]


def _imports(file: Path) -> list[str]:
    """The modules of ours that `file` imports at its top level (an import inside a function is a late one)."""
    lines = [line.split() for line in file.read_text().splitlines() if line.startswith(("import ", "from "))]
    return [words[1] for words in lines if words[1].startswith("forgather_units.")]
