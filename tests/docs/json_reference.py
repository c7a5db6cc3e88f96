"""The parsed docs/json.md: the commands with --json, and the fields of what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from docs.documents import ROOT

PAGE: Final = (ROOT / "docs" / "json.md").read_text()
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "text": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list,),
    "object": (dict,),
    "null": (type(None),),
}
Fields = dict[str, tuple[type, ...]]


def sections() -> dict[str, str]:
    """The text below each second-level heading, by its anchor."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return {name.lower().replace(" ", "-"): text for name, text in zip(parts[::2], parts[1::2], strict=True)}


def kinds_of_commands() -> dict[str, list[str]]:
    """The anchors of what each command prints, by the command's words: `job list`."""
    found: dict[str, list[str]] = {}
    for cell, prints in re.findall(r"^\| (`forgather .*?) \| (.*) \|$", sections()["commands"], re.MULTILINE):
        for words in re.findall(r"`forgather ([a-z -]+)`", cell):
            found.setdefault(words, []).extend(re.findall(r"\(#([a-z-]+)\)", prints))
    return found


def own_fields(kind: str) -> Fields:
    """The types of the fields in a section's table."""
    rows = re.findall(r"^\| `([\w.]+)` \| ([a-z ]+) \|", sections()[kind], re.MULTILINE)
    return {name: tuple(one for word in types.split(" or ") for one in _TYPES[word]) for name, types in rows}


def fields(kind: str) -> Fields:
    """With those of the sections whose fields it has."""
    before = sections()[kind].partition("\n| field")[0]
    inherited = [fields(each) for each in re.findall(r"\(#([a-z-]+)\)", before)]
    return {name: types for each in [*inherited, own_fields(kind)] for name, types in each.items()}


def undocumented(kind: str, record: dict[str, Any]) -> list[str]:
    """Fields of a record that the page does not have, or has with another type."""
    known = fields(kind)
    return [f"{name}: {value!r}" for name, value in _flat(record, known) if type(value) not in known.get(name, ())]


def names_in(record: dict[str, Any], kind: str) -> set[str]:
    """The documented fields that `record` has."""
    return {name for name, _ in _flat(record, fields(kind))}


def _flat(record: dict[str, Any], known: Fields, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All fields with dotted names. An object whose fields are not documented counts as one value."""
    for name, value in record.items():
        path = prefix + name
        yield path, value
        if any(each.startswith(f"{path}.") for each in known):
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, dict):
                    yield from _flat(inner, known, f"{path}.")
