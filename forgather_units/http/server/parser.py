"""Strict parsing: refuses requests that two HTTP parsers could read in two ways (smuggling), before any application
sees them.

Waitress itself refuses bare CR and LF and spaces in header names, and drops names with an underscore. It leaves a large
body of a request for a viewer unread, which waitress would otherwise store in a file before the gate authenticates the
sender.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from waitress.parser import HTTPRequestParser, ParsingError, split_uri

from forgather_units.http.downstream import Unread
from forgather_units.http.raw_target import raw_target

READ_AT_MOST: Final = 256 * 1024
"""The largest body for a viewer, in bytes, that waitress reads before it calls the application."""

_REQUEST_LINE: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Z]+) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
_FOLDED: Final = re.compile(rb"\r\n[ \t]")
_FRAMING: Final = re.compile(rb"\r\n(transfer-encoding|content-length|host)[ \t]*:([^\r\n]*)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")

# A page repeats the same header block in many requests. The parsed fields of the latest blocks are cached, up to this
# number and block size. Headers that frame a body are parsed each time.
_MAX_CACHED: Final = 512
_MAX_CACHED_BYTES: Final = 2048
_BODY: Final = frozenset({"CONTENT_LENGTH", "TRANSFER_ENCODING", "EXPECT"})
_CACHED_FIELDS: Final[OrderedDict[bytes, dict[str, str]]] = OrderedDict()


class StrictParser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses, with 400, a request whose end could be in dispute; leaves a large body for a viewer unread."""

    may_stay_unread: Callable[[str], bool] = staticmethod(lambda target: False)
    """Whether the application reads a large body for this raw target itself; waitress then does not buffer it."""
    unread: Unread | None = None
    in_flight: Any = None
    """The InFlight request of the early handler, if any."""
    request_uri = ""
    """Empty if the head could not be parsed."""
    refused_head = b""
    """The head of a request that is refused for it, as far as it was read."""
    first_line = b""
    command: str
    version: str
    connection_close: bool
    content_length: int
    expect_continue: bool

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers; raises ParsingError.

        Any other exception would make waitress log a traceback and close the connection without a response.
        urlsplit() raises ValueError for `http://[`, for example.
        """
        try:
            self._parse(header_plus)
        except ParsingError:
            self.refused_head = header_plus
            raise
        except ValueError as why:
            self.refused_head = header_plus
            # Nothing behind it on this connection can be trusted to be a request.
            self.connection_close = True
            raise ParsingError("The request cannot be parsed") from why

    def _parse(self, header_plus: bytes) -> None:
        line, _, fields = header_plus.partition(b"\r\n")
        known = _CACHED_FIELDS.get(fields)
        if known is not None and (request_line := _REQUEST_LINE.fullmatch(line)) and request_line[3] == b"1":
            self._set_parsed(request_line, known)
            return
        self._parse_unknown(header_plus)
        if (
            not self.chunked
            and self.version == "1.1"
            and len(fields) < _MAX_CACHED_BYTES
            and not _BODY & self.headers.keys()
        ):
            _CACHED_FIELDS[fields] = dict(self.headers)
            if len(_CACHED_FIELDS) > _MAX_CACHED:
                _CACHED_FIELDS.popitem(last=False)

    def _set_parsed(self, request_line: re.Match[bytes], fields: dict[str, str]) -> None:
        """Set the same attributes as waitress's parse_header."""
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

    def _parse_unknown(self, header_plus: bytes) -> None:
        if complaint := _complaint(header_plus):
            # Nothing behind it on this connection can be trusted to be a request.
            self.connection_close = True
            raise ParsingError(complaint)
        try:
            super().parse_header(header_plus)
        except ParsingError as why:
            # The original message may repeat bytes of the request.
            raise ParsingError("The address or a header is malformed") from why
        if not self.chunked and self.content_length <= READ_AT_MOST:
            return
        if self.may_stay_unread(raw_target({"REQUEST_URI": self.request_uri})):
            self.unread = Unread(None if self.chunked else self.content_length, b"", self.expect_continue)
            # Waitress sees a request without a body, and no further one.
            self.body_rcv, self.content_length, self.expect_continue = None, 0, False
            self.headers["CONNECTION"] = "close"

    def received(self, data: bytes) -> int:
        """Parse received bytes; returns how many belong to this request."""
        before = self.header_plus
        count: int = super().received(data)
        if self.error is not None and not self.refused_head and not self.headers:
            self.refused_head = before + data
        if self.unread is not None and self.completed:
            self.unread.early = data[count:]
            return len(data)
        return count


def _complaint(header: bytes) -> str:
    """The reason to refuse this head; empty if there is none."""
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
    if not _LENGTH.fullmatch(values.get(b"content-length", b"0").strip(b" \t")):
        # waitress raises ValueError for a number of more digits than Python reads.
        return "This Content-Length is refused"
    if request_line[3] == b"1" and b"host" not in values:
        return "A Host header is missing"
    return ""
