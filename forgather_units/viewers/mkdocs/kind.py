"""MkDocs' development server, the stock command.

It has no option for a prefix: it serves below the path of `site_url`. So each job has a generated configuration
that INHERITs the user's, sets `site_url`, and repeats the paths that MkDocs resolves against the configuration's
folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from forgather_units.folders.expected import Around
from forgather_units.viewers.contract.kind import Facts, Kind
from forgather_units.viewers.mkdocs import site_url_hook
from forgather_units.viewers.mkdocs.options import DEFAULT_PORT, MkDocsOptions, serve_words
from forgather_units.viewers.mkdocs.program import describe_mkdocs, find_mkdocs

_HOOK: Final = Path(site_url_hook.__file__)


def _check(options: MkDocsOptions, _around: Around) -> Facts:
    # PyYAML takes a tenth of a second to import, which commands that only name the kinds would pay.
    from forgather_units.viewers.mkdocs.configuration import check_project

    return check_project(options)


def _prepared(options: MkDocsOptions, prefix: str, public_url: str, scripts: str) -> str:
    from forgather_units.viewers.mkdocs.configuration import generated_configuration

    return generated_configuration(options, prefix, public_url, f"{scripts}/{_HOOK.name}")


def _flags(options: MkDocsOptions, port: int, _prefix: str, prepared: str) -> list[str]:
    return serve_words(options, port, prepared)


def _ready(_prefix: str) -> str:
    # MkDocs answers this at once, at the root, for every site.
    return "/livereload/0/0"


MKDOCS: Final = Kind(
    name="mkdocs",
    segment="mkdocs",
    noun="MkDocs",
    usual_port=DEFAULT_PORT,
    options=MkDocsOptions,
    check=_check,
    locate=find_mkdocs,
    describe=describe_mkdocs,
    command_line=_flags,
    ready=_ready,
    prepared=_prepared,
    scripts=(_HOOK,),
    at_root=("/livereload/",),
    shows="site",
)
