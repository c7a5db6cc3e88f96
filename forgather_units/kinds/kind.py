"""What a kind of viewer has to say of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from forgather_units.domain.program import Program
from forgather_units.domain.record import own_fields
from forgather_units.domain.viewer import Options
from forgather_units.kinds.params import Parser


@dataclass(frozen=True, slots=True)
class Facts:
    """What a look at the machine said of valid options."""

    warnings: tuple[str, ...] = ()
    read_only_paths: tuple[str, ...] = ()
    """Folders beside `options.folder` that the viewer must see."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A domain.viewer.ViewerKind, and what the edge needs besides."""

    name: str
    segment: str
    noun: str
    usual_port: int
    options: type[Any]
    """A frozen dataclass on top of domain.listening.Listening."""
    parsers: Mapping[str, Parser]
    """One for each field of `options`."""
    required: str
    """The one field that must be given."""
    check: Callable[[Any], Facts]
    """Raises Refused for what the program could not show."""
    find: Callable[[str], Program]
    """The program, from its path in the settings (empty: look for it). Raises Refused."""
    command_line: Callable[[Any, int, str, str], list[str]]
    """Options, port, prefix, the prepared file's path: the words behind the program's name."""
    ready: Callable[[str], str]
    """From the prefix, the path that answers 200 as soon as it is ready."""
    prepared: Callable[[Any, str], str | None] = field(default=lambda _options, _prefix: None)
    """What must stand in a file before it starts."""
    at_root: tuple[str, ...] = ()
    """Addresses that its pages ask for at the root of the origin, whatever their prefix: `/livereload/`."""

    def options_of(self, params: Mapping[str, Any]) -> Options:
        own = own_fields(self.options, params)
        made: Options = self.options(**{name: _frozen(value) for name, value in own.items()})
        return made

    def flags(self, options: Any, port: int, prefix: str, prepared: str) -> list[str]:
        return self.command_line(options, port, prefix, prepared)

    def prepare(self, options: Any, prefix: str) -> str | None:
        return self.prepared(options, prefix)

    def readiness_path(self, prefix: str) -> str:
        return self.ready(prefix)


def _frozen(value: Any) -> Any:
    # JSON has no tuples.
    return tuple(value) if isinstance(value, list) else value
