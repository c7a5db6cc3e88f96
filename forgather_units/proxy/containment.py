"""What keeps a viewer's page, which runs on our own origin, below its own prefix.

Event files and plugins are other people's data: a page made from them must not reach the queue's API or a
sibling viewer with the user's session.
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
"""Response headers that speak for the whole origin, or widen a worker's scope beyond the prefix: ours alone to send."""

# A CSP source cannot hold an IPv6 literal, nor anything that would end the directive.
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")


# Bounded: a client chooses the host.
@lru_cache(maxsize=256)
def policy(scheme: str, host: str, prefix: str, at_root: tuple[str, ...] = (), *, script: bool = False) -> str:
    """The Content-Security-Policy to send beside the viewer's own; both are enforced.

    `at_root` are addresses of the viewer's that its pages ask for outside of the prefix. `host` is the Host header of
    the request, `prefix` the viewer's path prefix without a slash at its end. Reached by an IPv6 literal the page is
    confined to our origin only, since no source can spell it. With `script` it is the policy of a script that may run
    as a worker: what that imports is confined too. Pages may load scripts from wherever their own policy lets them.
    """
    # A source whose path ends in a slash matches by prefix.
    own = f"{scheme}://{host}{prefix}/" if _HOST.fullmatch(host) else "'self'"
    asked = " ".join((own, *(f"{scheme}://{host}{path}" for path in at_root))) if own != "'self'" else own
    imports = f"; script-src {own} blob:" if script else ""
    return (
        # No allow-popups: a popup would be same-origin and scriptable.
        "sandbox allow-scripts allow-same-origin allow-forms allow-downloads allow-modals; "
        f"connect-src {asked} data: blob:; frame-src {own} blob:; form-action {own}; worker-src {own} blob:; "
        f"base-uri 'self'; object-src 'none'; frame-ancestors 'self'{imports}"
    )
