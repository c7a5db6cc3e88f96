"""The definition of a kind of viewer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from forgather_units.domain.errors import Refused
from forgather_units.domain.program import Program
from forgather_units.domain.record import own_fields
from forgather_units.domain.viewer import Options, label_of
from forgather_units.folders.expected import Around
from forgather_units.viewers.contract.option import Field, Option, options_of
from forgather_units.viewers.contract.params import Parser
from forgather_units.viewers.contract.shared_options import LISTENING, PLACING_OPTIONS


@dataclass(frozen=True, slots=True)
class Facts:
    """The result of checking valid options on this machine."""

    warnings: tuple[str, ...] = ()
    read_only_paths: tuple[str, ...] = ()
    """Folders and files that the viewer must see in addition to `options.folder`."""
    notes: tuple[str, ...] = ()
    """Notices for the user that are not warnings."""


WhyNot = Callable[[str], str]
"""The reason why a viewer may not show a path, as the end of a sentence; empty if it may."""


def nothing_reserved(_path: str) -> str:
    return ""


Check = Callable[[Any, Around], Facts]
"""From valid options. Raises Refused."""


def look(check: Check, options: Any, required: str, why_not: WhyNot, around: Around) -> Facts:
    """All checks of a submission's folder in the file system, in one call for a helper process.

    `required` names the field of the folder. Raises Refused.
    """
    facts = check(options, around)
    if why := why_not(options.folder):
        raise Refused(f"{required} {options.folder} {why}", field=required)
    return facts


Locate = Callable[[], tuple[str, ...]]
Describe = Callable[[tuple[str, ...]], Program]


@dataclass(frozen=True, slots=True)
class Kind:
    """A domain.viewer.ViewerKind, with the parsers and checks that the API and the command line use."""

    name: str
    segment: str
    noun: str
    usual_port: int
    options: type[Any]
    """A frozen dataclass on top of domain.listening.Listening; each field of its own declares an option."""
    check: Check
    """Raises Refused for a folder that the program could not show. Module level: it runs in a helper process."""
    locate: Locate
    """The installed command, its absolute path first. Raises Refused."""
    describe: Describe
    """The program that a command starts; may take seconds."""
    command_line: Callable[[Any, int, str, str], list[str]]
    """Options, port, prefix, the prepared file's path: the words behind the program's name.

    In the foreground there is neither a prefix nor a prepared file: both are empty.
    """
    ready: Callable[[str], str]
    """From the prefix, the path that answers 200 as soon as it is ready."""
    prepared: Callable[[Any, str, str, str], str] | None = None
    """From options, prefix, the server's public address (may be empty) and the folder of the scripts: the content of
    the file that its start needs.

    Runs in a helper process, as `check` does.
    """
    scripts: tuple[Path, ...] = ()
    """Files that its program loads. Units use copies: an upgrade may move or remove the package's files."""
    at_root: tuple[str, ...] = ()
    """Addresses that its pages ask for at the root of the origin, whatever their prefix: `/livereload/`."""
    check_foreground: Check | None = None
    """The check for a viewer in the foreground, without a unit; None: `check`."""
    shows: str = "folder"
    """The word for what its visitors see: `runs`."""
    page_fields: Mapping[str, Field] = field(default_factory=dict)
    """Fields of the page's dialog for options of every kind, where they differ from those in shared_options."""

    @property
    def own_options(self) -> tuple[Option, ...]:
        """Those of the viewer itself: all fields of `options`, the required one first."""
        return options_of(self.options, LISTENING)

    @property
    def all_options(self) -> tuple[Option, ...]:
        """All job_params of a job of this kind."""
        return (*self.own_options, *PLACING_OPTIONS)

    @property
    def parsers(self) -> Mapping[str, Parser]:
        """One for each field of `options`, by name."""
        return {each.name: each.parse for each in self.own_options}

    @property
    def required(self) -> str:
        """The name of the one option that must be given."""
        return self.own_options[0].name

    def find(self, command: str) -> Program:
        """The program, from its path in the settings (empty: look for it). Raises Refused."""
        return self.describe((command,) if command else self.locate())

    def label_of(self, params: Mapping[str, Any]) -> str:
        """What lists call a job with these job_params: `tensorboard:6006`."""
        return label_of(self.name, "private" if params.get("private") else params.get("port", self.usual_port))

    def options_of(self, params: Mapping[str, Any]) -> Options:
        own = own_fields(self.options, params)
        made: Options = self.options(**{name: _frozen(value) for name, value in own.items()})
        return made

    def title_of(self, path: str) -> str:
        """The title of a viewer of `path` for which no other is given."""
        made: Options = self.options(**{self.required: path})
        return made.title

    def flags(self, options: Any, port: int, prefix: str, prepared: str) -> list[str]:
        return self.command_line(options, port, prefix, prepared)

    def prepare(self, options: Any, prefix: str, public_url: str, scripts: str) -> str | None:
        return self.prepared(options, prefix, public_url, scripts) if self.prepared else None

    def readiness_path(self, prefix: str) -> str:
        return self.ready(prefix)


def _frozen(value: Any) -> Any:
    # JSON has no tuples.
    return tuple(value) if isinstance(value, list) else value
