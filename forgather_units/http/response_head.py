"""Strict parser of an upstream's response head, and the framing of its body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from forgather_units.http.message import Headers, values

_STATUS: Final = re.compile(r"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_HEADER: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00\r\n]*)")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_FOLD: Final = re.compile(r"\r\n[ \t]+")
_MAX_CACHED: Final = 1024


class NotHttp(ValueError):
    """The response violates the grammar of HTTP; the text says where."""


@dataclass(frozen=True, slots=True)
class NoBody:
    """HEAD, 204, 304."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Exactly `length` bytes."""

    length: int


@dataclass(frozen=True, slots=True)
class Chunked:
    """Until the last chunk."""


@dataclass(frozen=True, slots=True)
class UntilClose:
    """Until the connection closes."""


Framing = NoBody | Fixed | Chunked | UntilClose


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """`status` in the form of WSGI (`200 OK`); the headers in their order with duplicates."""

    status: str
    code: int
    headers: Headers

    @property
    def is_interim(self) -> bool:
        """A 1xx; the final head follows."""
        return self.code < 200


def parse_head(block: bytes) -> ResponseHead:
    """Parse the head's bytes, without the empty line at its end; raises NotHttp."""
    text = block.decode("latin-1")
    if "\r\n " in text or "\r\n\t" in text:  # a proxy must not pass folded headers on (RFC 9112, 5.2)
        text = _FOLD.sub(" ", text)
    first, *lines = text.split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise NotHttp(f"its first line is {first[:60]!r}")
    headers: Headers = []
    for line in lines:
        headers.append(_known_header(line) if len(line) < _MAX_CACHED else _header(line))
    code, reason = status.groups()
    return ResponseHead(f"{code} {reason or ''}", int(code), headers)


def _header(line: str) -> tuple[str, str]:
    header = _HEADER.fullmatch(line)
    if header is None:
        raise NotHttp(f"a header line is {line[:60]!r}")
    return header[1], header[2].rstrip(" \t")


# A viewer sends most header lines with every response.
_known_header = lru_cache(maxsize=512)(_header)


def framing(head: ResponseHead, method: str) -> Framing:
    """How the body ends (RFC 9112, 6.3); raises NotHttp if it is ambiguous.

    The length is checked even if no body follows (HEAD, 204, 304): the client gets that header.
    """
    codings, length = values(head.headers, "transfer-encoding"), _content_length(head.headers)
    if codings and length is not None:
        raise NotHttp("it has both Transfer-Encoding and Content-Length")
    if method == "HEAD" or head.code in (204, 304):
        return NoBody()
    if codings:
        # We never offer another coding by TE, and two codings are a classic way to smuggle a request.
        if [coding.strip(" \t").lower() for coding in codings] != ["chunked"]:
            raise NotHttp(f"its Transfer-Encoding is {', '.join(codings)[:60]!r}")
        return Chunked()
    return UntilClose() if length is None else Fixed(length)


def _content_length(headers: Headers) -> int | None:
    """None if there is none. Raises NotHttp for several, and for anything but a number of a sane length."""
    lengths = values(headers, "content-length")
    if not lengths:
        return None
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise NotHttp(f"its Content-Length is {', '.join(lengths)[:60]!r}")
    return int(lengths[0])
