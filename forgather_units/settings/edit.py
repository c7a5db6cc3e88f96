"""Changes to the settings file that keep its comments, order and layout."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml as pyyaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from forgather_units.domain.declaration import Service
from forgather_units.domain.errors import Malformed, NotFound, Unavailable
from forgather_units.files.atomic import write_atomic
from forgather_units.files.regular_file import read_text
from forgather_units.settings.contents import MOST_BYTES

_ROOT = "services"


def declare(file: Path, service: Service) -> None:
    """Add or replace the service. Raises Malformed (not a settings file) or Unavailable."""
    with _changing(file) as settings:
        body = _below(_below(settings, _ROOT), service.type).setdefault(_spelled(service.name), CommentedMap())
        for key in [key for key in body if key != "enabled" and key not in service.args]:
            del body[key]
        body["enabled"] = service.enabled
        body.update({key: _spelled(value) for key, value in service.args.items()})


def switch(file: Path, kind: str, name: str, enabled: bool) -> None:
    """Raises NotFound, and like `declare`."""
    with _changing(file) as settings:
        _declared(settings, kind, name)["enabled"] = enabled


def withdraw(file: Path, kind: str, name: str) -> None:
    """Remove the service. Raises NotFound, and like `declare`."""
    with _changing(file) as settings:
        _declared(settings, kind, name)
        del settings[_ROOT][kind][name]
        if not settings[_ROOT][kind]:
            del settings[_ROOT][kind]


def _declared(settings: Any, kind: str, name: str) -> Any:
    try:
        return settings[_ROOT][kind][name]
    except (KeyError, TypeError):
        raise NotFound(f"no such service: {kind} {name}") from None


def _spelled(value: Any) -> Any:
    """Quoted where YAML 1.1 (PyYAML, which reads the file) takes a text for another type; ruamel writes YAML 1.2."""
    if isinstance(value, list | tuple):
        return [_spelled(each) for each in value]
    if not isinstance(value, str):
        return value
    try:
        is_text = pyyaml.safe_load(value) == value
    except pyyaml.YAMLError:
        is_text = False
    return value if is_text else DoubleQuotedScalarString(value)


def _below(mapping: Any, key: str) -> Any:
    if mapping.get(key) is None:
        mapping[key] = CommentedMap()
    return mapping[key]


@contextmanager
def _changing(file: Path) -> Iterator[Any]:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    try:
        text = read_text(file, MOST_BYTES) if file.exists() else ""
        settings = yaml.load(text)
    except (YAMLError, UnicodeDecodeError) as why:
        raise Malformed(f"{file}: is not YAML ({' '.join(str(why).split())})") from None
    except OSError as why:
        raise Unavailable(f"{file} cannot be read: {why.strerror}") from None
    settings = CommentedMap() if settings is None else settings
    if not isinstance(settings, CommentedMap):
        raise Malformed(f"{file}: must be a mapping of settings")
    yield settings
    out = io.StringIO()
    yaml.dump(settings, out)
    # ruamel drops the comments of a file that contains nothing else.
    comments = text if settings and text.strip() and _is_comment(text) else ""
    replace(file, comments + out.getvalue())


def _is_comment(text: str) -> bool:
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def replace(file: Path, text: str) -> None:
    """Replace the file atomically; keeps its mode, follows a symbolic link. Raises Unavailable."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        target = file.resolve()
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        write_atomic(target, text, mode=mode)
    except OSError as why:
        raise Unavailable(f"{file} cannot be written: {why.strerror}") from None
