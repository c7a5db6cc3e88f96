"""Explains why a browser's own request looks like that of another site: a reverse proxy reports another address."""

from __future__ import annotations

from typing import Any, Final

from forgather_units.auth.origin import parse_host, parse_origin

_SCHEME: Final = "pass the scheme on (nginx: proxy_set_header X-Forwarded-Proto $scheme) and name it in trusted_proxy"
_PORT: Final = "pass Host on with the port (nginx: proxy_set_header Host $http_host)"
_HOST: Final = "pass Host on (nginx: proxy_set_header Host $http_host), or set public_url"


def explanation(environ: dict[str, Any]) -> str:
    """How the address in the browser differs from the one that the server sees, and what to change in the proxy.

    Empty if the browser says that a page of another site sent the request, or says too little. Without Sec-Fetch-Site
    (plain http) the request may be that of another site all the same: the sentence tells it nothing that it does not
    know.
    """
    if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") != "same-origin":
        return ""
    shown = environ.get("HTTP_ORIGIN", "")
    theirs, scheme, host = parse_origin(shown), environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")
    if theirs is None:
        return ""
    ours = parse_host(host, scheme)
    if ours is None or ours[0] != theirs[1][0]:
        fix = _HOST
    elif parse_host(host, theirs[0]) != theirs[1]:
        fix = _PORT
    else:
        fix = _SCHEME
    seen = f"{scheme}://{host}" if host else "nothing"
    return f"the browser is at {shown}, but the proxy says {seen}: have the proxy {fix}"
