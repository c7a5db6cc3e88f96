"""Reads YAML without constructing objects: tags are ignored. Nested aliases are not expanded ("billion laughs")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

# libyaml's parser where PyYAML has it: ten times as fast, and the events are the same.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE: Final = "<<"
_NULLS: Final = ("", "~", "null", "Null", "NULL")
# Tags that construct Python objects elsewhere are attacks; a viewer ignores them.
_PYTHON_TAG: Final = "tag:yaml.org,2002:python/"
_DEEPEST: Final = 100
# libyaml, which reads ahead of its events, has a limit of its own since the one of PyYAML 6.0.4.
_TOO_DEEP_TO_READ: Final = "maximum nesting depth"
_MOST_MERGED: Final = 10_000

Plain = str | None | list[str | None]


class YamlError(Exception):
    """`line` counts from 1 in the text that was read; 0: no line of it is to blame."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    text: str | None


@dataclass(slots=True)
class Sequence:
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    key: Node | None = None


Node = Scalar | Sequence | Mapping


def read_mapping(text: str) -> Mapping:
    """The top-level mapping of the only document in `text`. Raises YamlError."""
    try:
        root = _compose(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line = int(mark.line) + 1 if mark is not None else 1
        if _TOO_DEEP_TO_READ in (why.problem or ""):
            raise YamlError(f"is nested deeper than {_DEEPEST} levels", line) from None
        words = " ".join(each for each in (why.context, why.problem) if each)
        raise YamlError(f"is not YAML: {words}", line) from None
    except yaml.reader.ReaderError as why:
        raise YamlError(f"is not YAML: {why.reason}", text.count("\n", 0, why.position) + 1) from None
    if not isinstance(root, Mapping):
        raise YamlError("is not a mapping of names to values", 0)
    return root


def entries(mapping: Mapping) -> dict[str, Node]:
    """The values by name, merge keys flattened; explicit keys override merged ones.

    Raises YamlError for merges without end.
    """
    found: dict[str, Node] = {}
    budget = [_MOST_MERGED]
    _collect(mapping, found, budget, ())
    return found


def plain(node: Node | None) -> Plain:
    """The text of a scalar (None for null), the texts of a list; None for a mapping."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [each.text if isinstance(each, Scalar) else None for each in node.items]
    return None


def _collect(mapping: Mapping, found: dict[str, Node], budget: list[int], above: tuple[int, ...]) -> None:
    if id(mapping) in above or len(above) > _DEEPEST:
        raise YamlError("merges a mapping into itself", 0)
    merged: list[Node] = []
    own: dict[str, Node] = {}
    for key, value in mapping.pairs:
        budget[0] -= 1
        if budget[0] < 0:
            raise YamlError("merges too many mappings", 0)
        if not isinstance(key, Scalar) or key.text is None:
            continue
        if key.text == _MERGE:
            merged += value.items if isinstance(value, Sequence) else [value]
        else:
            own[key.text] = value
    for name, value in own.items():
        found.setdefault(name, value)
    for each in merged:
        if isinstance(each, Mapping):
            _collect(each, found, budget, (*above, id(mapping)))


def _compose(events: Iterator[Any]) -> Node | None:
    """The document's nodes, by a stack of our own: no depth of nesting can exhaust Python's."""
    root: Node | None = None
    documents = 0
    stack: list[Sequence | Mapping] = []
    anchors: dict[str, Node] = {}
    for event in events:
        match event:
            case yaml.DocumentStartEvent():
                documents += 1
                if documents > 1:
                    raise YamlError("holds more than one document", _line(event))
                continue
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                stack.pop()
                continue
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    raise YamlError(f"has no anchor &{event.anchor} above this *{event.anchor}", _line(event))
                node = anchors[event.anchor]
            case yaml.ScalarEvent() | yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                node = _node(event)
                if event.anchor:
                    anchors[event.anchor] = node
            case _:
                continue
        if stack:
            _put(stack[-1], node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent) and isinstance(node, Sequence | Mapping):
            if len(stack) >= _DEEPEST:
                raise YamlError(f"is nested deeper than {_DEEPEST} levels", _line(event))
            stack.append(node)
    return root


def _node(event: Any) -> Node:
    if event.tag and event.tag.startswith(_PYTHON_TAG):
        short = event.tag.removeprefix("tag:yaml.org,2002:")
        raise YamlError(f"asks for a Python object (!!{short}), and none is made", _line(event))
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence()
    if isinstance(event, yaml.MappingStartEvent):
        return Mapping()
    is_null = event.tag is None and event.style in (None, "") and event.value in _NULLS
    return Scalar(None if is_null else event.value)


def _put(parent: Sequence | Mapping, node: Node) -> None:
    if isinstance(parent, Sequence):
        parent.items.append(node)
    elif parent.key is None:
        parent.key = node
    else:
        parent.pairs.append((parent.key, node))
        parent.key = None


def _line(event: Any) -> int:  # libyaml's marks and PyYAML's are different types
    return int(event.start_mark.line) + 1
