"""Lets a viewer write into the folder that it shows, for plugins that store files next to the logs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from forgather_units.domain.job import Submission

Properties = dict[str, Any]

_USUAL_UMASK: Final = 0o022
"""Its files are among logs that other users may read; a cache that they cannot read breaks their viewers."""


def let_write(properties: Mapping[str, Any], paths: Collection[str]) -> Properties:
    """The same properties with those of `paths` that are bound read-only bound for writing."""
    bound = properties.get("BindReadOnlyPaths", [])
    names = {path.encode(errors="surrogateescape") for path in paths}
    writable = [bind for bind in bound if bind[1] in names]
    if not writable:
        return dict(properties)
    rest = [bind for bind in bound if bind[1] not in names]
    return {**properties, "BindReadOnlyPaths": rest, "BindPaths": writable, "UMask": _USUAL_UMASK}


def write_access(
    properties: Mapping[str, Any], submission: Submission, default: bool, plugins: Collection[str]
) -> tuple[Properties, tuple[str, ...]]:
    """The properties of a hardened unit with the requested access, and notices for the user.

    `default` applies to a job without a choice; `plugins` are the viewer's plugins that write next to the logs.
    """
    asked = submission.placing.writable_logdir
    if default if asked is None else asked:
        return let_write(properties, (submission.options.folder, *submission.read_only_paths)), ()
    if not plugins or "BindReadOnlyPaths" not in properties:
        return dict(properties), ()
    notice = (
        f"{' and '.join(plugins)} writes files next to the logs, which are read-only for it: if its page stays empty, "
        "queue the job with --writable-logdir"
    )
    return dict(properties), (notice,)
