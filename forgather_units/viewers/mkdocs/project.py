"""An MkDocs project on this machine. Its configuration is read, and never executed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from forgather_units.domain.errors import Refused
from forgather_units.files.regular_file import TooLarge, read_text

_MOST_PARENTS: Final = 20
_MOST_BYTES: Final = 1024 * 1024
"""Of one configuration file; PyYAML needs some seconds for so much."""


class _Tolerant(yaml.SafeLoader):
    """Accepts MkDocs' own tags (`!ENV`, `!!python/name:...`) without constructing their objects."""


def _ignored(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return None
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_mapping(node) if isinstance(node, yaml.MappingNode) else None


_Tolerant.add_multi_constructor("", _ignored)


@dataclass(frozen=True, slots=True)
class MkDocsProject:
    """The paths that a generated configuration must repeat: MkDocs resolves them against the file that names them."""

    config_file: str
    site_name: str
    docs_dir: str
    hooks: tuple[str, ...]
    watch: tuple[str, ...]
    custom_dir: str | None


def read_mkdocs_project(config_file: str) -> MkDocsProject:
    """The project of a (absolute) configuration file. Raises Refused (field `config_file`) with one sentence."""
    merged = _merged(Path(config_file), _MOST_PARENTS)
    base = Path(config_file).parent
    theme = merged.get("theme")
    custom = theme.get("custom_dir") if isinstance(theme, dict) else None
    docs = base / str(merged.get("docs_dir") or "docs")
    if not docs.is_dir():
        raise _refused(f"{config_file}: its docs_dir {docs} is no folder")
    return MkDocsProject(
        config_file,
        str(merged.get("site_name") or base.name),
        os.path.normpath(docs),
        _paths(base, merged.get("hooks")),
        _paths(base, merged.get("watch")),
        os.path.normpath(base / custom) if isinstance(custom, str) else None,
    )


def _paths(base: Path, listed: Any) -> tuple[str, ...]:
    names = listed if isinstance(listed, list) else []
    return tuple(os.path.normpath(base / name) for name in names if isinstance(name, str))


def _merged(file: Path, parents: int) -> dict[str, Any]:
    """The file over what it INHERITs, as MkDocs merges them."""
    if parents == 0:
        raise _refused(f"{file}: INHERIT forms a cycle")
    own = _read(file)
    parent = own.pop("INHERIT", None)
    return _over(own, _merged(file.parent / parent, parents - 1)) if isinstance(parent, str) else own


def _over(own: dict[str, Any], parent: dict[str, Any]) -> dict[str, Any]:
    merged = dict(parent)
    for key, value in own.items():
        below = parent.get(key)
        merged[key] = _over(value, below) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def _read(file: Path) -> dict[str, Any]:
    if not file.is_absolute():
        raise _refused(f"config_file {str(file)!r} is not an absolute path")
    try:
        read = yaml.load(read_text(file, _MOST_BYTES), Loader=_Tolerant)  # noqa: S506 - constructs nothing
    except IsADirectoryError:
        raise _refused(f"{file} is a folder: name its mkdocs.yml") from None
    except TooLarge as why:
        raise _refused(f"{file} is too large for a configuration: {why.strerror}") from None
    except FileNotFoundError:
        raise _refused(f"{file} does not exist") from None
    except OSError as why:
        raise _refused(f"{file} cannot be read ({why.strerror})") from None
    except (yaml.YAMLError, UnicodeError, RecursionError) as why:
        raise _refused(f"{file} is not YAML ({' '.join(str(why).split())})") from None
    if not isinstance(read, dict):
        raise _refused(f"{file} is no MkDocs configuration")
    return read


def _refused(sentence: str) -> Refused:
    return Refused(sentence, field="config_file")
