"""The linters, and rules about modules and imports, run as tests."""

from __future__ import annotations

import os
import re
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
def test_linters_report_nothing(command: list[str], tmp_path: Path) -> None:
    cache = ["--cache-dir", str(tmp_path)] if command[0] == "mypy" else []
    done = subprocess.run(
        [sys.executable, "-m", *command, *cache], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("script", ["check", "lint", "test"])
def test_the_page_s_sources_are_clean(script: str) -> None:
    """tsc, Biome and vitest; `make test` installs them."""
    # If the machine's node is too old, the virtual environment has its own.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["npm", "run", script], cwd=ROOT / "web", env={**os.environ, "PATH": path, "CI": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_have_at_most_400_lines() -> None:
    lengths = {file: len(file.read_text().splitlines()) for file in (ROOT / "forgather_units").rglob("*.py")}
    assert {file: length for file, length in lengths.items() if length > 400} == {}


def test_no_import_cycles_and_a_domain_without_imports_of_other_packages() -> None:
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


def test_no_two_packages_import_each_other() -> None:
    """Neither do a package and its subpackages: the graph of packages has no cycle."""
    graph: dict[str, set[str]] = {}
    for file, module in _modules():
        package = module.rpartition(".")[0]
        for line in re.findall(r"^\s*from (forgather_units[\w.]*) import", file.read_text(), re.MULTILINE):
            target = line if (ROOT / Path(*line.split("."))).is_dir() else line.rpartition(".")[0]
            if target not in (package, "forgather_units"):
                graph.setdefault(package, set()).add(target)
    assert cycle_in(graph) == []


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """The nodes of one cycle, the first again at its end; empty if there is none."""
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for target in sorted(graph.get(node, ())):
            if cycle := visit(target, [*path, node]):
                return cycle
        done.add(node)
        return []

    return next((cycle for node in sorted(graph) if (cycle := visit(node, []))), [])


def test_a_cycle_is_found() -> None:
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]
    assert cycle_in({"a": {"b", "c"}, "b": {"c"}}) == []


def _modules() -> list[tuple[Path, str]]:
    files = sorted((ROOT / "forgather_units").rglob("*.py"))
    return [(file, ".".join(file.relative_to(ROOT).with_suffix("").parts)) for file in files]


def _imports(file: Path) -> list[str]:
    """The modules of forgather_units that `file` imports at its top level, not inside functions."""
    lines = [line.split() for line in file.read_text().splitlines() if line.startswith(("import ", "from "))]
    return [words[1] for words in lines if words[1].startswith("forgather_units.")]
