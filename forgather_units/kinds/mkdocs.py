"""MkDocs' development server, the stock command.

It has no option for a prefix: it serves below the path of `site_url`. So each job has a generated configuration
that INHERITs the user's and says that one thing anew, and what MkDocs takes relative to its configuration's folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from forgather_units.domain.errors import Refused
from forgather_units.domain.listening import Listening, Port
from forgather_units.domain.program import Program
from forgather_units.kinds import params
from forgather_units.kinds.kind import Facts, Kind
from forgather_units.machine.mkdocs_project import find_mkdocs, read_mkdocs_project
from forgather_units.machine.tensorboard_cli import folders_of

DEFAULT_PORT: Final = 8000


@dataclass(frozen=True, slots=True)
class MkDocsOptions(Listening):
    """What a user may say about one MkDocs. `config_file` and `watch` are absolute."""

    config_file: str
    port: Port = field(default=DEFAULT_PORT, kw_only=True)
    strict: bool = False
    livereload: bool = True
    watch: tuple[str, ...] = ()
    window_title: str | None = None

    @property
    def title(self) -> str:
        return self.window_title or Path(self.config_file).parent.name or self.config_file

    @property
    def folder(self) -> str:
        return str(Path(self.config_file).parent)


def _check(options: MkDocsOptions) -> Facts:
    project = read_mkdocs_project(options.config_file)
    for folder in options.watch:
        if not Path(folder).exists():
            raise Refused(f"watch: {folder} does not exist", field="watch")
    beside = (project.docs_dir, *project.hooks, *project.watch, *options.watch, project.custom_dir)
    return Facts(read_only_paths=tuple(path for path in beside if path and not _below(path, options.folder)))


def _below(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)


def _prepared(options: MkDocsOptions, prefix: str) -> str:
    project = read_mkdocs_project(options.config_file)
    generated: dict[str, Any] = {
        "INHERIT": project.config_file,
        # The host is never used: the server puts its own in its place, and keeps the path.
        "site_url": f"http://localhost{prefix}/",
        "docs_dir": project.docs_dir,
        # It watches its own configuration, not the one that it inherits.
        "watch": [project.config_file, *project.watch],
    }
    if project.hooks:
        generated["hooks"] = list(project.hooks)
    if project.custom_dir:
        generated["theme"] = {"custom_dir": project.custom_dir}
    return yaml.safe_dump(generated, sort_keys=False, allow_unicode=True)


def _flags(options: MkDocsOptions, port: int, _prefix: str, prepared: str) -> list[str]:
    host = f"[{options.address}]" if ":" in options.address else options.address
    return [
        "serve",
        f"--config-file={prepared}",
        f"--dev-addr={host}:{port}",
        *(["--strict"] if options.strict else []),
        *([] if options.livereload else ["--no-livereload"]),
        *(f"--watch={folder}" for folder in options.watch),
    ]


def _find(command: str) -> Program:
    command = command or find_mkdocs()
    return Program((command,), folders_of(command))


def _ready(_prefix: str) -> str:
    # Answered at once and at the root, whatever the site has for pages.
    return "/livereload/0/0"


def _livereload(given: params.Params, name: str) -> bool:
    return given.get(name) is None or params.truth(given, name)


MKDOCS: Final = Kind(
    name="mkdocs",
    segment="mkdocs",
    noun="MkDocs",
    usual_port=DEFAULT_PORT,
    options=MkDocsOptions,
    parsers={
        "config_file": params.path,
        "port": params.port(DEFAULT_PORT),
        "host": params.optional_text,
        "bind_all": params.truth,
        "strict": params.truth,
        "livereload": _livereload,
        "watch": params.paths,
        "window_title": params.optional_text,
    },
    required="config_file",
    check=_check,
    find=_find,
    command_line=_flags,
    ready=_ready,
    prepared=_prepared,
    at_root=("/livereload/",),
)
