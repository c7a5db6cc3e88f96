"""docs/architecture.md lists every package with its imports, and names no module that does not exist."""

from __future__ import annotations

import re

from docs.documents import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
SOURCE = ROOT / "forgather_units"
PACKAGES = {folder.name for folder in SOURCE.iterdir() if (folder / "__init__.py").exists()}


def test_every_package_is_listed() -> None:
    rows = set(re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE))
    assert rows == PACKAGES


def test_the_imports_of_a_package_are_those_of_the_table() -> None:
    for package, listed in re.findall(r"^\| `(\w+)/` \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE):
        if listed.strip() == "all of them":
            continue
        named = set(re.findall(r"\w+", listed)) & PACKAGES
        assert _imports(package) == named, package


def test_every_named_module_exists() -> None:
    named = re.findall(r"`([a-z_]+(?:/[a-z_*]+)+\.(?:py|sh))`", PAGE)
    assert named
    assert [path for path in named if not list(SOURCE.glob(path)) and not (ROOT / path).exists()] == []


def _imports(package: str) -> set[str]:
    found = {
        target
        for file in (SOURCE / package).rglob("*.py")
        for target in re.findall(r"^\s*(?:from|import) forgather_units\.(\w+)", file.read_text(), re.MULTILINE)
    }
    return found - {package}
