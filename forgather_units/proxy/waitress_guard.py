"""A waitress that refuses what two HTTP parsers could read in two ways (request smuggling), before any application.

Waitress already refuses bare CR and LF, spaces in header names and unequal or non-numeric lengths, and drops names
with an underscore. It accepts the rest of what is refused here, and a WSGI application cannot see it. Beyond the
public API this uses two class attributes, `channel_class` and `parser_class`, and the parser's
`parse_header(bytes)`; they are the same in waitress 2.1 and 3.0, and the tests fail if they ever cease to be.
"""

from __future__ import annotations

import re
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server

_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Z]+ [^\x00-\x20\x7f]+ HTTP/1\.([01])")
_FOLDED: Final = re.compile(rb"\r\n[ \t]")
_FRAMING: Final = re.compile(rb"\r\n(transfer-encoding|content-length|host)[ \t]*:([^\r\n]*)", re.IGNORECASE)


class StrictParser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses, with 400, a request whose end could be in dispute."""

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers; raises ParsingError."""
        if complaint := _complaint(header_plus):
            # Nothing behind it on this connection can be trusted to be a request.
            self.connection_close = True
            raise ParsingError(complaint)
        super().parse_header(header_plus)


class StrictChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests are parsed strictly."""

    parser_class = StrictParser


def create_strict_server(application: Any, **settings: Any) -> Any:
    """`waitress.create_server`, of the same signature, with strict parsing on each of its sockets."""
    dispatchers: dict[int, Any] = settings.setdefault("map", {})
    server = create_server(application, **settings)
    for dispatcher in dispatchers.values():
        if isinstance(dispatcher, BaseWSGIServer):
            dispatcher.channel_class = StrictChannel
    return server


def _complaint(header: bytes) -> str:
    """Why to refuse this head; empty where it is sound."""
    request_line = _REQUEST_LINE.fullmatch(header, 0, header.find(b"\r\n"))
    if request_line is None:
        return "The request line is malformed or of another version"
    if _FOLDED.search(header):
        return "Folded header lines are refused"
    values: dict[bytes, bytes] = {}
    for name, value in _FRAMING.findall(header):
        if (key := name.lower()) in values:
            return f"More than one {key.decode().title()} header"
        values[key] = value
    coding = values.get(b"transfer-encoding")
    if coding is not None:
        if b"content-length" in values:
            return "Both Transfer-Encoding and Content-Length"
        if request_line[1] == b"0" or coding.strip(b" \t").lower() != b"chunked":
            return "This Transfer-Encoding is refused"
    if request_line[1] == b"1" and b"host" not in values:
        return "A Host header is missing"
    return ""
