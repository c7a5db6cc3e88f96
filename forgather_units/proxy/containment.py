"""Confines a viewer's page, which runs on the server's origin, to its own prefix.

Event files and plugins are untrusted: a page made from them must not reach the API or another viewer with the user's
session.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

ORIGIN_WIDE: Final = frozenset(
    {
        "accept-ch",
        "alt-svc",
        "clear-site-data",
        "nel",
        "public-key-pins",
        "report-to",
        "service-worker-allowed",
        "strict-transport-security",
    }
)
"""Response headers that apply to the whole origin, or extend a worker's scope beyond the prefix. Only the server sends
them."""

PUBLIC_ORIGIN: Final = "forgather.public_origin"
"""Key in the environ: the origin of `public_url`, for a reverse proxy that does not pass the Host header on."""

# A CSP source cannot hold an IPv6 literal, nor anything that would end the directive.
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


# Bounded: a client chooses the host.
@lru_cache(maxsize=256)
def policy(
    scheme: str, host: str, prefix: str, at_root: tuple[str, ...] = (), *, public: str = "", script: bool = False
) -> str:
    """The Content-Security-Policy to send in addition to the viewer's own; browsers enforce both.

    `at_root` are paths of the viewer outside of its prefix that its pages request. `host` is the request's Host header,
    `prefix` the viewer's path prefix without a trailing slash, `public` another origin of the server, if any. If the
    host is an IPv6 literal, the page is confined to our origin only, since no source can contain one. `script`: the
    policy of a script that may run as a worker; it confines the worker's imports too. Pages may load scripts from any
    source that their own policy allows.
    """
    # A source whose path ends in a slash matches by prefix.
    asked_at = f"{scheme}://{host}"
    origins = [asked_at, public] if public and public != asked_at else [asked_at]
    if _HOST.fullmatch(host):
        own = " ".join(f"{origin}{prefix}/" for origin in origins)
        asked = " ".join((own, *(f"{origin}{path}" for origin in origins for path in at_root)))
    else:
        own = asked = "'self'"
    imports = f"; script-src {own} blob:" if script else ""
    return (
        # No allow-popups: a popup would be same-origin and scriptable.
        "sandbox allow-scripts allow-same-origin allow-forms allow-downloads allow-modals; "
        f"connect-src {asked} data: blob:; frame-src {own} blob:; form-action {own}; worker-src {own} blob:; "
        f"base-uri 'self'; object-src 'none'; frame-ancestors 'self'{imports}"
    )
