"""pyproject.toml declares exactly what the package imports."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]

# Programs that units run, and the package does not import.
PROGRAMS: Final = {"mkdocs", "tensorboard"}


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def names(requirements: list[str]) -> set[str]:
    return {normalized(re.split(r"[<>=!~;\[ ]", requirement)[0]) for requirement in requirements}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(file: Path, *, top_level: bool) -> set[str]:
    """The top-level packages that `file` imports, all or only those that it cannot run without."""
    tree = ast.parse(file.read_text())
    nodes = tree.body if top_level else list(ast.walk(tree))
    found = set[str]()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"forgather_units"}


def distributions(*, top_level: bool) -> set[str]:
    known = packages_distributions()
    modules = set[str]().union(
        *(imported(file, top_level=top_level) for file in (ROOT / "forgather_units").rglob("*.py"))
    )
    return {normalized(known[module][0]) for module in modules}


def test_all_imports_are_declared() -> None:
    declared = names(project()["dependencies"])
    extras = project()["optional-dependencies"]
    plot, native = names(extras["plot"]), names(extras["native"])
    assert distributions(top_level=False) <= declared | plot | native
    # tests/install checks that no other module needs those that import a compiled library.
    assert distributions(top_level=True) <= declared | native


def test_all_declared_dependencies_are_imported() -> None:
    assert names(project()["dependencies"]) - PROGRAMS <= distributions(top_level=False)


def test_debian_s_versions_are_named_once() -> None:
    lines = (ROOT / "packaging" / "debian-12-versions.txt").read_text().splitlines()
    pinned = [normalized(line.partition("==")[0]) for line in lines if "==" in line]
    assert sorted(pinned) == sorted(set(pinned))
    native = names(project()["optional-dependencies"]["native"])
    assert names(project()["dependencies"]) | native <= set(pinned)
