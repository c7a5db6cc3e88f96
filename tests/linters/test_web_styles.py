"""The page's style sheets: components use their own CSS modules and the global classes, and no class is unused."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parents[2] / "web" / "src"
COMPONENTS: Final = sorted(SOURCES.rglob("*.tsx"))


def classes(sheet: Path) -> set[str]:
    """The class names in its selectors; those in `:global()` belong to another sheet."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    text = re.sub(r":global\([^)]*\)", "", text)
    return set(re.findall(r"\.([A-Za-z][\w-]*)", text))


def test_css_modules_define_exactly_the_used_classes() -> None:
    used: dict[Path, set[str]] = defaultdict(set)
    for component in COMPONENTS:
        text = component.read_text()
        for name, module in re.findall(r'import (\w+) from "([^"]+\.module\.css)"', text):
            # A computed name could not be checked.
            assert not re.search(rf'\b{name}\[(?!")', text), component
            used[(component.parent / module).resolve()] |= set(re.findall(rf'\b{name}\["([\w-]+)"\]', text))
    defined = {sheet: classes(sheet) for sheet in SOURCES.rglob("*.module.css")}
    assert used == defined


def test_global_classes_are_defined_and_used() -> None:
    defined = set[str]().union(*(classes(sheet) for sheet in (SOURCES / "shared" / "style").glob("*.css")))
    expressions = [
        each for file in COMPONENTS for each in re.findall(r"className=(\"[^\"]*\"|\{[^\n]*\})", file.read_text())
    ]
    plain = set(" ".join(each.strip('"') for each in expressions if each.startswith('"')).split())
    assert plain <= defined
    assert defined <= set(re.findall(r"[a-z][a-z-]*", " ".join(expressions)))
