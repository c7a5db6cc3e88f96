"""Checks a user's MkDocs configuration, and generates a job's configuration from it. Imports PyYAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.files import mount_walk
from forgather_units.folders.reserved import holds_server_files
from forgather_units.viewers.contract.kind import Facts
from forgather_units.viewers.mkdocs.options import MkDocsOptions
from forgather_units.viewers.mkdocs.project import read_mkdocs_project
from forgather_units.viewers.mkdocs.site_url_hook import UNKNOWN_HOST


def check_project(options: MkDocsOptions) -> Facts:
    """The paths that the project needs in addition to its folder. Raises Refused and Unavailable."""
    project = read_mkdocs_project(options.config_file)
    for folder in options.watch:
        _enter(folder, "watch")
        if not Path(folder).exists():
            raise Refused(f"watch: {folder} does not exist", field="watch")
    beside = (project.docs_dir, *project.hooks, *project.watch, *options.watch, project.custom_dir)
    for path in beside:
        if path:
            _enter(path, "config_file")
        # Checked again at each restart, since a link may have changed.
        if path and holds_server_files(path):
            raise Refused(f"{path} holds a Forgather server's own files", field="config_file")
    return Facts(read_only_paths=tuple(path for path in beside if path and not _below(path, options.folder)))


def _enter(path: str, field: str) -> None:
    """Raises Unavailable where its file system does not answer."""
    try:
        mount_walk.enter(path)
    except TimeoutError as why:
        raise Unavailable(f"{path} cannot be accessed: {why.strerror}", field=field) from None


def _site_url(public_url: str, prefix: str) -> str:
    """Its server listens below the path, and overwrites the rest, which the hook restores.

    The fragment is the path of `public_url`, which the requests to the server do not have.
    """
    public = urlsplit(public_url or f"http://{UNKNOWN_HOST}")
    return f"{public.scheme}://{public.netloc}{prefix}/" + (f"#{public.path}" if public.path else "")


def _below(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)


def generated_configuration(options: MkDocsOptions, prefix: str, public_url: str, hook: str) -> str:
    """The text; `hook` is the path of site_url_hook. Raises Refused."""
    project = read_mkdocs_project(options.config_file)
    generated: dict[str, Any] = {
        "INHERIT": project.config_file,
        "site_url": _site_url(public_url, prefix),
        "docs_dir": project.docs_dir,
        # MkDocs watches only its own configuration, not the inherited one.
        "watch": [project.config_file, *project.watch],
    }
    generated["hooks"] = [hook, *project.hooks]
    if project.custom_dir:
        generated["theme"] = {"custom_dir": project.custom_dir}
    return yaml.safe_dump(generated, sort_keys=False, allow_unicode=True)
