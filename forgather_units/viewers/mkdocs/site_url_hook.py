"""MkDocs hook (see its `hooks:`), run in MkDocs' process: sets the address in canonical links and the sitemap.

`mkdocs serve` replaces the host and port of `site_url` by its own. Browsers cannot open that port behind the gate, so
the hook restores the configured address. Below a base path it also moves the address at which the pages poll for
changes.
"""

from __future__ import annotations

import importlib
from collections.abc import MutableMapping
from string import Template
from typing import Any, Final
from urllib.parse import urlsplit

UNKNOWN_HOST: Final = "forgather.invalid"
"""The host in `site_url`, which must have one, if the public address is unknown."""


def on_config(config: MutableMapping[str, Any], **_others: Any) -> MutableMapping[str, Any]:
    """The configuration with its own `site_url`; without a public URL only a path, which is right under each."""
    # The values of all files, with the generated one last; MkDocs keeps them in addition to the merged values.
    said = [each["site_url"] for each in getattr(config, "user_configs", ()) if each.get("site_url")]
    if said:
        configured = urlsplit(said[-1])
        # The generated configuration has the path of the public URL in the fragment.
        path = configured.fragment + configured.path
        is_known = configured.hostname != UNKNOWN_HOST
        if configured.fragment:
            _poll_below(path)
        config["site_url"] = f"{configured.scheme}://{configured.netloc}{path}" if is_known else path
    return config


def _poll_below(path: str) -> None:
    """Let the pages poll below `path`, not at the root of the host: the session's cookie is for the base path.

    MkDocs has no setting for it. A later version without this template polls at the root, without effect.
    """
    module: Any = importlib.import_module("mkdocs.livereload")
    template = getattr(module, "_SCRIPT_TEMPLATE", None)
    if isinstance(template, Template):
        module._SCRIPT_TEMPLATE = Template(template.template.replace('"/livereload/"', f'"{path}livereload/"'))


# Before the plugins, which may read it (mkdocs.plugins.event_priority sets this attribute).
on_config.mkdocs_priority = 100  # type: ignore[attr-defined]
