"""A message of the server as a page, for a request that a browser shows. Other clients get JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The Content-Security-Policy: the page needs only its style; a viewer must not frame it."""
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">{refresh}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} - Forgather</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ margin: 0; color: light-dark(#1b2226, #dfe5e9); background: light-dark(#f4f5f4, #0e1215) }}
main {{ max-width: 32rem; margin: 16vh auto 2rem; padding: 1.5rem 2rem; border-radius: 12px;
 border: 1px solid light-dark(#dde1df, #273038); background: light-dark(#fafaf9, #12171b); overflow-wrap: anywhere }}
h1 {{ margin: 0 0 .5rem; font-size: 1.3rem }} p {{ margin: 0 0 .75rem }}
small {{ color: light-dark(#566168, #98a5ae) }}
a {{ color: light-dark(#14645f, #5cc4bc); margin-right: 1.25rem; white-space: nowrap }}
@media (max-width: 36rem) {{ main {{ margin: 1rem }} }}
</style></head>
<body><main><h1>{title}</h1><p>{detail}</p>{note}<p>{links}</p></main></body></html>
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the page to an address of this server."""

    href: str
    text: str


HOME: Final = Link("/", "Forgather's page")


def wants_page(method: str, accept: str) -> bool:
    """Whether a browser shows the response: scripts and command lines do not ask for HTML."""
    return method in ("GET", "HEAD") and "text/html" in accept


def error_page(
    title: str, detail: str, *, links: Sequence[Link] = (HOME,), note: str = "", refresh_seconds: int = 0
) -> bytes:
    """The page; it loads itself again after `refresh_seconds` (0: never)."""
    return _PAGE.format(
        title=escape(title),
        detail=escape(detail),
        note=f"<p><small>{escape(note)}</small></p>" if note else "",
        refresh=f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else "",
        links="".join(f'<a href="{escape(link.href)}" target="_top">{escape(link.text)}</a>' for link in links),
    ).encode()
