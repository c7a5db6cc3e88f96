"""The layers of the page's sources: shared/, then features/, then app/ (web/README.md)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

WEB: Final = Path(__file__).parents[2] / "web"
SOURCES: Final = WEB / "src"
# `from "./x"`, `import "./x"` and `import("./x")`.
_IMPORT: Final = re.compile(r"""\b(?:from|import)\s*\(?\s*["'](\.[^"']*)["']""")

Graph = dict[Path, set[Path]]


def imports(sources: Path) -> Graph:
    """Each module of `sources` and the modules that it imports, by their paths below `sources`."""
    modules = [file for suffix in ("ts", "tsx") for file in sources.rglob(f"*.{suffix}")]
    return {
        file.relative_to(sources): {
            found
            for specifier in _IMPORT.findall(file.read_text())
            if (found := _resolved(sources, file.parent / specifier)) is not None
        }
        for file in modules
    }


def _resolved(sources: Path, target: Path) -> Path | None:
    """The module at `target`, below `sources`; None for a style sheet, an image or data."""
    if target.suffix in (".css", ".json", ".svg"):
        return None
    for suffix in (".ts", ".tsx", "/index.ts"):
        file = Path(os.path.normpath(f"{target}{suffix}"))
        if file.is_file():
            return file.relative_to(sources)
    raise AssertionError(f"{target} is not a module")


def cycles(graph: Graph) -> list[str]:
    """Modules that import themselves, directly or by way of others."""
    found: list[str] = []
    done: set[Path] = set()

    def visit(module: Path, path: tuple[Path, ...]) -> None:
        if module in path:
            found.append(" -> ".join(map(str, [*path[path.index(module) :], module])))
        elif module not in done:
            for target in sorted(graph[module]):
                visit(target, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())
    return found


def mutual_folders(graph: Graph) -> list[str]:
    """Pairs of folders that import each other."""
    folders: dict[Path, set[Path]] = defaultdict(set)
    for module, targets in graph.items():
        folders[module.parent] |= {target.parent for target in targets} - {module.parent}
    return sorted(
        f"{one} and {other}"
        for one, others in folders.items()
        for other in others
        if one < other and one in folders[other]
    )


def wrong_layer(graph: Graph) -> list[str]:
    """Imports of a higher layer, and of one feature by another."""
    return sorted(
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in targets
        if not _may_import(module.parent.parts, target.parent.parts)
    )


def _may_import(folder: tuple[str, ...], target: tuple[str, ...]) -> bool:
    layer = folder[0] if folder else "main"
    if layer in ("app", "main"):
        return True
    if target[:1] == ("shared",):
        return True
    # A folder of a feature, such as a kind of viewer, may import the feature's own files, but not the other way round.
    return layer == "features" and len(target) > 1 and folder[: len(target)] == target


def test_there_are_no_cycles() -> None:
    assert cycles(imports(SOURCES)) == []


def test_no_two_folders_depend_on_each_other() -> None:
    assert mutual_folders(imports(SOURCES)) == []


def test_a_feature_depends_only_on_itself_and_shared_code() -> None:
    assert wrong_layer(imports(SOURCES)) == []


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("shared/jobs/state.ts", "../../features/jobs/commands"),
        ("shared/route.ts", "../app/viewers"),
        ("features/jobs/commands.ts", "../queue/reorder"),
        ("features/jobs/commands.ts", "../../app/viewers"),
        ("features/services/service-state.ts", "../viewers/form"),
        ("features/viewers/form.ts", "./mkdocs/form"),
        ("features/viewers/tensorboard/form.ts", "../mkdocs/form"),
        ("features/viewers/tensorboard/form.ts", "../../jobs/commands"),
    ],
)
def test_a_planted_dependency_is_found(tmp_path: Path, module: str, target: str) -> None:
    """By the functions of this file, and by Biome."""
    shutil.copytree(SOURCES, tmp_path / "src")
    planted = tmp_path / "src" / module
    planted.write_text(f'import "{target}";\n{planted.read_text()}')
    assert any(f"{module} imports" in line for line in wrong_layer(imports(tmp_path / "src")))
    shutil.copy(WEB / "biome.jsonc", tmp_path)
    assert "noRestrictedImports" in biome(tmp_path, planted)


def test_a_planted_cycle_is_found(tmp_path: Path) -> None:
    shutil.copytree(SOURCES, tmp_path / "src")
    clock = tmp_path / "src" / "shared" / "live" / "clock.ts"
    clock.write_text(f'import "../jobs/state";\n{clock.read_text()}')
    state = tmp_path / "src" / "shared" / "jobs" / "state.ts"
    state.write_text(f'import "../live/clock";\n{state.read_text()}')
    graph = imports(tmp_path / "src")
    assert any("shared/live/clock.ts" in cycle for cycle in cycles(graph))
    assert mutual_folders(graph) == ["shared/jobs and shared/live"]
    shutil.copy(WEB / "biome.jsonc", tmp_path)
    assert "noImportCycles" in biome(tmp_path, clock)


def biome(folder: Path, file: Path) -> str:
    """Biome's messages on `file`, by the configuration in `folder`."""
    # If the machine's node is too old, the virtual environment has its own.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [WEB / "node_modules/.bin/biome", "lint", file], cwd=folder, env={**os.environ, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr
