"""One template rendered and read. Runs in a process of its own: see isolation.py."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final, NoReturn

from jinja2 import StrictUndefined, TemplateError, TemplateNotFound, TemplatesNotFound, TemplateSyntaxError
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment

from forgather_units.projects.outcome import Outcome, Request, Stamp, Value
from forgather_units.projects.template_files import FileRefused, TemplateFile, TemplateFiles, TemplateLoader
from forgather_units.projects.template_globals import machine_globals, toyaml
from forgather_units.projects.tolerant_yaml import Mapping, YamlError, entries, plain, read_mapping

_LARGEST_TEXT: Final = 4 * 1024 * 1024
# The files cached for one template must leave enough memory for the next.
_MOST_HELD: Final = 16 * 1024 * 1024
_LARGEST_POWER: Final = 10_000


class OutOfTime(BaseException):
    """Raised into a rendering that has used its time. Not an Exception: nothing on the way swallows it."""


class _TooLarge(Exception):
    pass


class _Refusal(Exception):
    """The sentence without its place; `line` counts in the file, None where no line is to blame."""

    def __init__(self, message: str, path: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line


class _Codes(BytecodeCache):
    """Compiled templates by their content: configs have separate environments but share most templates."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


class _Environment(SandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})

    def handle_exception(self, source: str | None = None) -> NoReturn:
        """As it is: Jinja2 would rewrite the traceback in which we look for the place."""
        raise

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and isinstance(right, int | float) and abs(right) > _LARGEST_POWER:
            raise _TooLarge(f"raises a number to the power {right}")
        if operator == "*":
            for many, times in ((left, right), (right, left)):
                if (
                    isinstance(many, str | list | tuple)
                    and isinstance(times, int)
                    and len(many) * times > _LARGEST_TEXT
                ):
                    raise _TooLarge(f"repeats something {times:,} times")
        return super().call_binop(context, operator, left, right)


class Renderer:
    """Handles one request after the other; keeps files and compiled templates for the next one."""

    def __init__(self) -> None:
        self._files = TemplateFiles()
        self._codes = _Codes()
        self._globals = machine_globals()

    def answer(self, request: Request) -> Outcome:
        """Never raises because of a template's content, not even OutOfTime or MemoryError."""
        if self._files.size > _MOST_HELD:
            self._files, self._codes = TemplateFiles(), _Codes()
        loader = TemplateLoader(request.folders, self._files)
        environment = _Environment(
            loader=loader, trim_blocks=True, undefined=StrictUndefined, auto_reload=False, bytecode_cache=self._codes
        )
        environment.globals |= self._globals
        environment.globals |= {"project_dir": request.project_dir, "workspace_root": request.workspace_root}
        environment.filters["toyaml"] = toyaml
        error: str | None = None
        values: dict[str, Value] = {}
        try:
            # Relative paths are the project's.
            os.chdir(request.project_dir)
            values = _values(_rendered(environment, loader, request), request.section, loader, request.template)
        except _Refusal as why:
            error = _sentence(why, request.project_dir)
        except OSError as why:
            error = f"{request.project_dir}: {why.strerror}"
        return Outcome(values, _stamps(loader), error)


def _rendered(environment: _Environment, loader: TemplateLoader, request: Request) -> str:
    pieces: list[str] = []
    size = 0
    try:
        for piece in environment.get_template(request.template).generate(**request.args):
            pieces.append(piece)
            size += len(piece)
            if size > _LARGEST_TEXT:
                raise _TooLarge(f"becomes larger than {_LARGEST_TEXT:,} characters")
        return "".join(pieces)
    except (Exception, OutOfTime) as why:
        raise _refusal(why, loader, request.template) from None


def _refusal(why: BaseException, loader: TemplateLoader, template: str) -> _Refusal:
    path, line = _place(why, loader)
    # The failing template is unknown: blame the config's own file.
    path = path or next(iter(loader.loaded), template)
    if isinstance(why, FileRefused):
        return _Refusal(why.message, why.path)
    if isinstance(why, TemplateSyntaxError):
        path, line = why.filename or path, why.lineno + loader.first_line(why.name) - 1
        return _Refusal(_one_line(why.message), path, line)
    for kind, words in _SENTENCES.items():
        if isinstance(why, kind):
            return _Refusal(words(why), path, line)
    return _Refusal(f"fails: {_one_line(why)} ({type(why).__name__})", path, line)


def _missing(why: Any) -> str:
    names = why.templates if isinstance(why, TemplatesNotFound) else [why.name]
    return f"there is no template {' or '.join(map(repr, map(str, names)))} on its search path"


_SENTENCES: Final[dict[type[BaseException], Callable[[Any], str]]] = {
    OutOfTime: lambda why: "takes more time than a config may take; is there a loop without end?",
    MemoryError: lambda why: "needs more memory than a config may use",
    RecursionError: lambda why: "includes or calls itself without end",
    _TooLarge: str,
    SecurityError: lambda why: f"is refused: {_one_line(why)}",
    OverflowError: lambda why: f"is refused: {_one_line(why)}",
    TemplatesNotFound: _missing,
    TemplateNotFound: _missing,
    TemplateError: lambda why: _one_line(why),
}


def _place(why: BaseException, loader: TemplateLoader) -> tuple[str | None, int | None]:
    """The file and line of the innermost template in the traceback."""
    place: tuple[str | None, int | None] = (None, None)
    trace = why.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            line = template.get_corresponding_lineno(trace.tb_lineno) + loader.first_line(template.name) - 1
            place = (template.filename, line)
        trace = trace.tb_next
    return place


def _values(text: str, section: str, loader: TemplateLoader, template: str) -> dict[str, Value]:
    try:
        root = read_mapping(text)
        found = entries(root)
        if section:
            inner = found.get(section)
            if not isinstance(inner, Mapping):
                raise YamlError(f"has no mapping {section!r}", 0)
            found = entries(inner)
        return {name: plain(node) for name, node in found.items()}
    except YamlError as why:
        path, line = _origin(text, why.line, loader)
        message = why.message
        if line is None and why.line:
            message += f" (line {why.line} of the rendered text)"
        raise _Refusal(message, path or template, line) from None
    except (OutOfTime, MemoryError, RecursionError) as why:
        raise _refusal(why, loader, template) from None


def _origin(text: str, line: int, loader: TemplateLoader) -> tuple[str | None, int | None]:
    """The template and line of a rendered line, if exactly one template contains it literally."""
    main = next(iter(loader.loaded), None)
    lines = text.split("\n")
    wanted = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    tag = re.search(r"!!python/\S+", wanted)
    for sought in (wanted, tag[0] if tag else ""):
        found = (
            [(path, at) for path, file in loader.loaded.items() for at in _lines_with(file, sought)] if sought else []
        )
        if len(found) == 1:
            return found[0]
    return main, None


def _lines_with(file: TemplateFile, sought: str) -> Iterator[int]:
    return (number for number, line in enumerate(file.source.split("\n"), 1) if sought in line)


def _sentence(why: _Refusal, project_dir: str) -> str:
    path = why.path
    with suppress(ValueError):
        if os.path.commonpath([project_dir, path]) == project_dir:
            path = os.path.relpath(path, project_dir)
    place = f"{path}, line {why.line}" if why.line else path
    return f"{place}: {why.message}"


def _stamps(loader: TemplateLoader) -> dict[str, Stamp | None]:
    return dict(loader.stamps)


def _one_line(why: object) -> str:
    return " ".join(str(why).split())[:500]
