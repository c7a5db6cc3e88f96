"""The page of the house names every room, and no module that is not there."""

from __future__ import annotations

import re

from documents import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
HOUSE = ROOT / "forgather_units"
ROOMS = {folder.name for folder in HOUSE.iterdir() if (folder / "__init__.py").exists()}


def test_every_room_is_named() -> None:
    rows = set(re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE))
    assert rows == ROOMS


def test_what_a_room_imports_is_what_the_page_says() -> None:
    for room, said in re.findall(r"^\| `(\w+)/` \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE):
        if said.strip() in ("all of them", "all but the page"):
            continue
        named = set(re.findall(r"\w+", said)) & ROOMS
        assert _imports(room) == named, room


def test_every_module_that_is_named_is_there() -> None:
    named = re.findall(r"`([a-z_]+/[a-z_*]+\.(?:py|sh))`", PAGE)
    assert named
    assert [path for path in named if not list(HOUSE.glob(path))] == []


def _imports(room: str) -> set[str]:
    found = {
        target
        for file in (HOUSE / room).rglob("*.py")
        for target in re.findall(r"^\s*(?:from|import) forgather_units\.(\w+)", file.read_text(), re.MULTILINE)
    }
    return found - {room}
