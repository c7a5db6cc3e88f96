"""Reads the settings file: values and errors with their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from forgather_units.domain.declaration import NAME_RULE, Service, is_service_name
from forgather_units.domain.text import shown
from forgather_units.domain.unknown_name import unknown
from forgather_units.files.regular_file import read_text
from forgather_units.settings.contents import MOST_BYTES, ArgsCheck, Contents, Parser, Problem
from forgather_units.settings.front_values import sign_in_problem


def read(file: Path, parsers: Mapping[str, Parser], check_args: ArgsCheck | None = None) -> Contents:
    """The contents of the file and its errors; empty for a missing or empty file. Never raises."""
    found = Contents()
    try:
        root = yaml.compose(read_text(file, MOST_BYTES), Loader=yaml.SafeLoader)
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
    if said := sign_in_problem(found.values):
        found.problems.append(Problem(found.lines["user_header"], said, "user_header"))
    for kind in found.values.get("programs", {}):
        if said := check_args and check_args(kind, {}).get(""):
            found.problems.append(Problem(found.lines["programs"], f"programs: {said}", "programs"))
    return found


def _setting(key: str, line: int, value: Any, parser: Parser, found: Contents) -> None:
    try:
        found.values[key] = parser(value)
        found.lines[key] = line
    except ValueError as why:
        found.problems.append(Problem(line, f"{key} {why}, not {'nothing' if value is None else shown(value)}", key))


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
    """A node as plain data. A tag that is none of YAML's own stays text: nothing is constructed. So does what only
    looks like a number or a date: an integer of more digits than Python reads, the 31st of February."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError):
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
        found.problems.append(
            Problem(lines["enabled"], f"{where}: enabled must be true or false, not {shown(enabled)}")
        )
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
