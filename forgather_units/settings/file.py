"""The settings file, read as a whole: every mistake with its line, and where each value stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from forgather_units.domain.errors import BadSettings
from forgather_units.domain.service import NAME_RULE, Service, is_service_name
from forgather_units.domain.unknown_name import unknown

Parser = Callable[[Any], Any]
ArgsCheck = Callable[[str, Mapping[str, Any]], Mapping[str, str]]
"""From a service's type and args to what is wrong with each arg, by name (the empty name: with all)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `line` counts from 1 (0: the file as a whole)."""

    line: int
    message: str
    field: str = ""

    def at(self, file: Path) -> str:
        """The problem with its place, one sentence."""
        return f"{file}:{self.line}: {self.message}" if self.line else f"{file}: {self.message}"


@dataclass(slots=True)
class Contents:
    """What a file says. `lines` has the line of each setting."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(file: Path, parsers: Mapping[str, Parser], check_args: ArgsCheck | None = None) -> Contents:
    """Everything in the file, its mistakes included; an absent or empty file says nothing. Never raises."""
    found = Contents()
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        return found
    except OSError as why:
        found.problems.append(Problem(0, f"cannot be read ({why.strerror})"))
        return found
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as why:
        mark = getattr(why, "problem_mark", None)
        said = getattr(why, "problem", None) or " ".join(str(why).split())
        found.problems.append(Problem(mark.line + 1 if mark else 0, f"is not YAML ({said})"))
        return found
    if root is None:
        return found
    if not isinstance(root, yaml.MappingNode):
        found.problems.append(Problem(1, "must be a mapping of settings"))
        return found
    for key, line, node in _entries(root, found):
        if key == "services":
            _services(node, found, check_args)
        elif key not in parsers:
            found.problems.append(Problem(line, unknown("setting", key, (*parsers, "services")), str(key)))
        else:
            _setting(key, line, _value(node), parsers[key], found)
    return found


def _setting(key: str, line: int, value: Any, parser: Parser, found: Contents) -> None:
    try:
        found.values[key] = parser(value)
        found.lines[key] = line
    except ValueError as why:
        found.problems.append(Problem(line, f"{key} {why}, not {'nothing' if value is None else repr(value)}", key))


def _entries(node: yaml.MappingNode, found: Contents) -> Iterator[tuple[Any, int, yaml.Node]]:
    """Keys, their lines, their values; a key that is given twice is a mistake."""
    seen: set[str] = set()
    for key_node, value_node in node.value:
        key, line = _value(key_node), key_node.start_mark.line + 1
        if str(key) in seen:
            found.problems.append(Problem(line, f"{key} is given twice", str(key)))
            continue
        seen.add(str(key))
        yield key, line, value_node


def _value(node: yaml.Node) -> Any:
    """A node as plain data. (A tag that is none of YAML's own stays text: nothing is constructed.)"""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except yaml.YAMLError:
        return getattr(node, "value", None) if isinstance(node, yaml.ScalarNode) else None
    finally:
        loader.dispose()


def _services(node: yaml.Node, found: Contents, check_args: ArgsCheck | None) -> None:
    for kind, line, named in _mapping(node, "services", found):
        if said := check_args and check_args(str(kind), {}).get(""):
            found.problems.append(Problem(line, f"services: {said}", str(kind)))
            continue
        for name, name_line, body in _mapping(named, f"services: {kind}", found, line):
            where = f"service {kind} {name}"
            if not is_service_name(name):
                found.problems.append(Problem(name_line, f"{where}: its name {NAME_RULE}", "name"))
                continue
            _service(str(kind), str(name), name_line, body, found, check_args)


def _service(kind: str, name: str, line: int, body: yaml.Node, found: Contents, check_args: ArgsCheck | None) -> None:
    where = f"service {kind} {name}"
    lines: dict[str, int] = {}
    given: dict[str, Any] = {}
    before = len(found.problems)
    for key, key_line, node in _mapping(body, where, found, line):
        given[str(key)], lines[str(key)] = _value(node), key_line
    if not given and len(found.problems) > before:
        return
    enabled = given.pop("enabled", True)
    if not isinstance(enabled, bool):
        found.problems.append(Problem(lines["enabled"], f"{where}: enabled must be true or false, not {enabled!r}"))
        return
    wrong = check_args(kind, given) if check_args else {}
    found.problems += [Problem(lines.get(key, line), f"{where}: {said}", key) for key, said in wrong.items()]
    if not wrong:
        found.services.append(Service(kind, name, enabled, given))


def _mapping(
    node: yaml.Node, what: str, found: Contents, line: int | None = None
) -> Iterator[tuple[Any, int, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from _entries(node, found)
    elif _value(node) is not None:
        place = node.start_mark.line + 1 if line is None else line
        found.problems.append(Problem(place, f"{what} must be a mapping"))


def refuse(file: Path, problems: list[Problem]) -> BadSettings:
    """The first problem as an error; the hint says how many more there are."""
    first, more = problems[0], len(problems) - 1
    hint = f"and {more} more: forgather config check" if more else ""
    return BadSettings(first.at(file), hint=hint, field=first.field)
