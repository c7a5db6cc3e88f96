"""An option of a viewer, declared once: its parser, its flags, its help, its field in the page.

A kind declares its options as the fields of a dataclass, each with `option(...)` as metadata; those of every kind are
in `shared_options`. The API, both command lines, declared services and the page's dialog derive from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from forgather_units.domain import quantities, values
from forgather_units.viewers.contract import params
from forgather_units.viewers.contract.params import Params, Parser

_KEY: Final = "option"


class FieldType(StrEnum):
    """How the command line takes a value, and which control the page has for it."""

    TEXT = "text"
    PATH = "path"
    PATHS = "paths"
    """A list of paths: on the command line a flag that may be given again."""
    TRUTH = "truth"
    PORT = "port"
    SECONDS = "seconds"
    """Seconds as a number."""
    SPAN = "span"
    """A time such as `15min`, or `never`."""
    SIZE = "size"
    """Bytes, or text such as `2G`."""
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class ValueType:
    """A type of values. `parse` is the API's parser, and returns None for a missing value.

    `typed` parses a word of the command line and raises ValueError with what it must be; None: any text, which `parse`
    checks.
    """

    field_type: FieldType
    parse: Parser
    typed: Callable[[str], Any] | None = None


def checked(field_type: FieldType, parse: Callable[[Any], Any]) -> ValueType:
    """A type whose values a function of domain.values or domain.quantities parses, on every edge."""
    return ValueType(field_type, params.checked(parse), parse)


TEXT: Final = ValueType(FieldType.TEXT, params.optional_text)
PATH: Final = ValueType(FieldType.PATH, params.path)
PATHS: Final = ValueType(FieldType.PATHS, params.paths)
TRUTH: Final = ValueType(FieldType.TRUTH, params.truth)
PORT: Final = checked(FieldType.PORT, values.port_or_auto)
SECONDS: Final = checked(FieldType.SECONDS, values.seconds)
SPAN: Final = checked(FieldType.SPAN, quantities.optional(quantities.idle_timeout))
SIZE: Final = checked(FieldType.SIZE, quantities.memory)


def whole_number(parse: Callable[[Any], int | None]) -> ValueType:
    """Whole numbers, within the limits of `parse`."""
    return checked(FieldType.WHOLE, parse)


class Place(StrEnum):
    """Where the page's dialog shows an option."""

    MAIN = "main"
    ADVANCED = "advanced"


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a picker offers: how their names end, and the name that is preselected."""

    suffixes: tuple[str, ...]
    usual: str


@dataclass(frozen=True, slots=True)
class Field:
    """An option in the page's dialog. Its control follows from the option's type."""

    place: Place
    label: str
    hint: str = ""
    placeholder: str = ""
    warning: str = ""
    """Shown while a check box is on; may contain `{shows}`."""
    missing: str = ""
    """Shown where a required option is empty."""
    files: Files | None = None
    """For a path: a file is picked; without it, a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option. `help` may contain `{noun}` and `{default}`.

    A TRUTH whose default is True is switched off on the command line and in the page: `--no-livereload`.
    """

    type: ValueType
    help: str
    metavar: str | None = None
    short: str = ""
    """Its short flag on our command line: `-f`."""
    if_not_given: str = ""
    """Of a required option: the value that our command line takes where it is not given."""
    flag: str | Callable[[Any], Sequence[str]] = ""
    """The viewer's own flag, as a format (`--reload_interval={:g}`) or a function that gives the words; empty: none."""
    field: Field | None = None
    """None: the page does not offer it."""
    details: str = ""
    """Its label in the page's details of a job; empty: it is not shown there."""
    name: str = ""
    """Its name in the API's job_params, from the dataclass."""
    default: Any = None
    required: bool = False

    @property
    def switches_off(self) -> bool:
        return self.default is True

    @property
    def our_flag(self) -> str:
        """`--reload-interval`"""
        return f"--{'no-' if self.switches_off else ''}{self.name.replace('_', '-')}"

    def parse(self, given: Params, name: str) -> Any:
        """The value in job_params; its default where it is not given. Raises Malformed and Refused."""
        value = self.type.parse(given, name)
        return self.default if value is None and not self.required else value

    def words(self, value: Any) -> Sequence[str]:
        """The words that say `value` on the viewer's command line; none for the default."""
        if not self.flag or value == self.default:
            return ()
        return (self.flag.format(value),) if isinstance(self.flag, str) else self.flag(value)


def option(**fields: Any) -> Mapping[str, Option]:
    """The metadata of a dataclass field; the arguments are the fields of Option."""
    return again(Option(**fields))


def again(made: Option) -> Mapping[str, Option]:
    """The same for an option that is made already."""
    return {_KEY: made}


def options_of(values: type[Any], shared: Mapping[str, Option]) -> tuple[Option, ...]:
    """The options of a dataclass: the required ones first. `shared` has those that its fields do not declare."""
    return tuple(sorted(_options(values, shared), key=lambda each: not each.required))


def words_of(given: Any) -> list[str]:
    """The viewer's words for the options that a dataclass instance declares, the required ones first."""
    return [word for each in options_of(type(given), {}) for word in each.words(getattr(given, each.name))]


def _options(values: type[Any], shared: Mapping[str, Option]) -> Iterator[Option]:
    for each in dataclasses.fields(values):
        if (declared := each.metadata.get(_KEY) or shared.get(each.name)) is None:
            continue
        default = each.default_factory() if each.default_factory is not dataclasses.MISSING else each.default
        required = default is dataclasses.MISSING
        yield dataclasses.replace(declared, name=each.name, default=None if required else default, required=required)
