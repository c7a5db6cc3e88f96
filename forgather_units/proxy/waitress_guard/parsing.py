"""Strict parsing: a request that two HTTP parsers could read in two ways (smuggling) is refused before any application
sees it.

Waitress already refuses bare CR and LF, spaces in header names and unequal or non-numeric lengths, and drops names with
an underscore. A large body of a request for a viewer is not read at all, else waitress would collect it in a file
before the gate is asked who sends it.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any, Final

from waitress.parser import HTTPRequestParser, ParsingError, split_uri

from forgather_units.proxy.client import Unread
from forgather_units.proxy.mounts import is_mounted
from forgather_units.proxy.request_target import raw_target

READ_AT_MOST: Final = 256 * 1024
"""The largest body for a viewer, in bytes, that waitress reads before the application is asked."""

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Z]+) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
_FOLDED: Final = re.compile(rb"\r\n[ \t]")
_FRAMING: Final = re.compile(rb"\r\n(transfer-encoding|content-length|host)[ \t]*:([^\r\n]*)", re.IGNORECASE)

# A page asks for much in the same words: what waitress has made of so many header blocks, each of so many bytes at
# most, is remembered. Those that speak of a body are parsed each time.
_MOST_KNOWN: Final = 512
_WORTH_KNOWING: Final = 2048
_BODY: Final = frozenset({"CONTENT_LENGTH", "TRANSFER_ENCODING", "EXPECT"})
_KNOWN_FIELDS: Final[OrderedDict[bytes, dict[str, str]]] = OrderedDict()


class StrictParser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses, with 400, a request whose end could be in dispute; leaves a large body for a viewer unread."""

    unread: Unread | None = None
    begun: Any = None
    """What is waited for already."""
    command: str
    version: str
    connection_close: bool
    content_length: int
    expect_continue: bool

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers; raises ParsingError."""
        line, _, fields = header_plus.partition(b"\r\n")
        known = _KNOWN_FIELDS.get(fields)
        if known is not None and (request_line := _REQUEST_LINE.fullmatch(line)) and request_line[3] == b"1":
            self._have_parsed(request_line, known)
            return
        self._parse_anew(header_plus)
        if (
            not self.chunked
            and self.version == "1.1"
            and len(fields) < _WORTH_KNOWING
            and not _BODY & self.headers.keys()
        ):
            _KNOWN_FIELDS[fields] = dict(self.headers)
            if len(_KNOWN_FIELDS) > _MOST_KNOWN:
                _KNOWN_FIELDS.popitem(last=False)

    def _have_parsed(self, request_line: re.Match[bytes], fields: dict[str, str]) -> None:
        """As waitress's parse_header leaves it."""
        self.headers = dict(fields)
        self.command, self.request_uri, self.version = (
            request_line[1].decode(),
            request_line[2].decode("latin-1"),
            "1.1",
        )
        self.first_line = request_line[0]
        self.proxy_scheme, self.proxy_netloc, self.path, self.query, self.fragment = split_uri(request_line[2])
        self.url_scheme = self.adj.url_scheme
        self.connection_close = fields.get("CONNECTION", "").lower() == "close"

    def _parse_anew(self, header_plus: bytes) -> None:
        if complaint := _complaint(header_plus):
            # Nothing behind it on this connection can be trusted to be a request.
            self.connection_close = True
            raise ParsingError(complaint)
        super().parse_header(header_plus)
        if not self.chunked and self.content_length <= READ_AT_MOST:
            return
        if is_mounted(raw_target({"REQUEST_URI": self.request_uri})):
            self.unread = Unread(None if self.chunked else self.content_length, b"", self.expect_continue)
            # To waitress it has no body, and nothing follows it.
            self.body_rcv, self.content_length, self.expect_continue = None, 0, False
            self.headers["CONNECTION"] = "close"

    def received(self, data: bytes) -> int:
        """Take in what arrived; the number of bytes that belong to this request."""
        count: int = super().received(data)
        if self.unread is not None and self.completed:
            self.unread.early = data[count:]
            return len(data)
        return count


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
        if request_line[3] == b"0" or coding.strip(b" \t").lower() != b"chunked":
            return "This Transfer-Encoding is refused"
    if request_line[3] == b"1" and b"host" not in values:
        return "A Host header is missing"
    return ""
