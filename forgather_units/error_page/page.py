"""A message of the server as a page, for a request that a browser shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Final

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The Content-Security-Policy: the page needs only its style; a viewer must not frame it."""
_PAGE: Final = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the page to an address of this server."""

    href: str
    text: str


HOME: Final = Link("/", "Forgather's page")


def error_page(
    title: str,
    detail: str,
    *,
    links: Sequence[Link] = (HOME,),
    note: str = "",
    refresh_seconds: int = 0,
    root: str = "/",
) -> bytes:
    """The page; it loads itself again after `refresh_seconds` (0: never). `root` is the server's, for the links."""
    return _PAGE.substitute(
        title=escape(title),
        detail=escape(detail),
        note=f"<p><small>{escape(note)}</small></p>" if note else "",
        refresh=f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else "",
        links="".join(
            f'<a href="{escape(root + link.href.removeprefix("/"))}" target="_top">{escape(link.text)}</a>'
            for link in links
        ),
    ).encode()
