"""Template files: finds them on the search path, reads them within limits, splits them, and records each one read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jinja2 import BaseLoader, Environment, TemplateNotFound
from jinja2.loaders import split_template_path

from forgather_units.files.regular_file import TooLarge, read_regular
from forgather_units.projects import dialect
from forgather_units.projects.outcome import Stamp

LARGEST: Final = 1024 * 1024
# All templates of one config together.
_LARGEST_SUM: Final = 8 * LARGEST


class FileRefused(Exception):
    """`path` is no template that is read: too large, or no text."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """`source` is the file's text, `parts` the text translated to Jinja2."""

    path: str
    stamp: Stamp
    source: str
    parts: tuple[dialect.Part, ...]


class TemplateFiles:
    """Reads each file once for all configs, as long as it does not change."""

    def __init__(self) -> None:
        self._read: dict[str, TemplateFile] = {}
        self.size = 0
        """Characters that are held."""

    def at(self, path: str) -> TemplateFile | None:
        """The file at `path`; None where there is none. Raises FileRefused."""
        try:
            facts = os.stat(path)
        except OSError as why:
            if why.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise FileRefused(path, f"cannot be read: {why.strerror}") from None
        if stat.S_ISDIR(facts.st_mode):
            return None
        if not stat.S_ISREG(facts.st_mode):
            # A pipe would be waited for, a device might never end.
            raise FileRefused(path, "is not a regular file")
        known = self._read.get(path)
        if known is None or known.stamp != Stamp.of(facts):
            known = self._read[path] = _read(path)
            self.size += len(known.source)
        return known


def _read(path: str) -> TemplateFile:
    try:
        raw, facts = read_regular(path, LARGEST)
        source = raw.decode("utf-8-sig")
    except TooLarge:
        raise FileRefused(path, f"has more than the {LARGEST:,} bytes that a template may have") from None
    except OSError as why:
        raise FileRefused(path, f"cannot be read: {why.strerror}") from None
    except UnicodeDecodeError:
        raise FileRefused(path, "is not text (UTF-8)") from None
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    parts = tuple(
        dialect.Part(part.name, part.first_line, dialect.translate(part.text)) for part in dialect.split(source)
    )
    return TemplateFile(path, Stamp.of(facts), source, parts)


class TemplateLoader(BaseLoader):
    """Of one config: the names of sub-templates would else be seen by the next one."""

    def __init__(self, folders: Sequence[str], files: TemplateFiles) -> None:
        self._folders = folders
        self._files = files
        self._parts: dict[str, tuple[dialect.Part, str]] = {}
        self._size = 0
        self.stamps: dict[str, Stamp | None] = {}
        self.loaded: dict[str, TemplateFile] = {}

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, None]:
        """The text of `template`, and the file that holds it. Raises TemplateNotFound, FileRefused."""
        if template not in self._parts:
            self._load(template)
        part, path = self._parts[template]
        return part.text, path, None

    def first_line(self, template: str | None) -> int:
        """The line of its file in which `template` begins."""
        part = self._parts.get(template or "")
        return part[0].first_line if part else 1

    def _load(self, template: str) -> None:
        for folder in self._folders:
            path = os.path.join(folder, *split_template_path(template))
            # Recorded before reading: a refused file affects the outcome too.
            self.stamps[path] = None
            file = self._files.at(path)
            if file is None:
                continue
            self.stamps[path] = file.stamp
            self.loaded[path] = file
            self._size += len(file.source)
            if self._size > _LARGEST_SUM:
                raise FileRefused(path, f"makes the templates of this config larger than {_LARGEST_SUM:,} bytes")
            for part in file.parts:
                self._parts[part.name or template] = (part, path)
            return
        raise TemplateNotFound(template)
