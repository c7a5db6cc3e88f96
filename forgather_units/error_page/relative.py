"""Relative addresses of this server, which are right below any base path, whether or not a front removes it."""

from __future__ import annotations

from typing import Any


def root_of(environ: dict[str, Any]) -> str:
    """The server's root, relative to the address of this request: `./` or `../../`."""
    path = environ.get("REQUEST_URI", "")
    if not path.startswith("/"):  # `GET http://host/path`, or another server's environ
        path = environ.get("PATH_INFO", "")
    depth: int = path.partition("?")[0].count("/") - 1
    return "../" * depth if depth > 0 else "./"


def relative(address: str, environ: dict[str, Any]) -> str:
    """`address`, if it is a path of this server, relative to this request's; every other one unchanged."""
    if not address.startswith("/") or address.startswith("//"):
        return address
    base = environ.get("SCRIPT_NAME", "")
    path = address[len(base) :] if base and address.startswith(f"{base}/") else address
    return root_of(environ) + path[1:]
