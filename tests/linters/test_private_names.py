"""Tests use only the public interface of the program."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]

# Names of the standard library: a documented function, namedtuple's methods, and attributes of argparse, which has no
# other way to list the options of a parser.
FOREIGN: Final = {"_exit", "_asdict", "_fields", "_replace", "_actions", "_option_string_actions", "_SubParsersAction"}

BY_STRING: Final = {"getattr", "setattr", "delattr"}
"""Builtins, and methods of monkeypatch, that take an attribute's name as text."""


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in FOREIGN


def _is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def private_names(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of each use of a private name that is not the class's own."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=value, attr=name) if _is_private(name) and not _is_own(value):
                yield node.lineno, name
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == "forgather_units":
                names = [*module.split("."), *(alias.name for alias in node.names)]
                yield from ((node.lineno, name) for name in names if _is_private(name))
            case ast.Call(
                func=ast.Attribute(attr="setattr" | "delattr") | ast.Name(id="setattr" | "getattr" | "delattr")
            ):
                words = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
                last = [word.rpartition(".")[2] for word in words if isinstance(word, str)]
                yield from ((node.lineno, name) for name in last if _is_private(name))


def test_no_test_uses_a_private_name() -> None:
    files = sorted(TESTS.rglob("*.py"))
    assert len(files) > 200
    found = [
        f"{file.relative_to(TESTS)}:{line}: {name}" for file in files for line, name in private_names(file.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("watch._observer.join()", ["_observer"]),
        ("front.proxy._cache._assets", ["_assets", "_cache"]),
        ("from forgather_units.auth.throttle import Throttle, _MOST", ["_MOST"]),
        ("from forgather_units.auth._inner import Throttle", ["_inner"]),
        ("monkeypatch.setattr(slots, '_SLOW', 1)", ["_SLOW"]),
        ("monkeypatch.setattr('forgather_units.files.slots._SLOW', 1)", ["_SLOW"]),
        ("getattr(watch, '_observer')", ["_observer"]),
        ("self._folder, cls._table, point._replace(x=1), os._exit(1), x.__dict__", []),
        ("from tensorboard.compat import _pywrap", []),
    ],
)
def test_a_private_name_is_found(source: str, names: list[str]) -> None:
    assert sorted(name for _, name in private_names(source)) == names
