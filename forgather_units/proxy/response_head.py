"""The head of a viewer's response, parsed strictly, and how long its body is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from forgather_units.proxy.headers import Headers, values

_STATUS: Final = re.compile(r"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_HEADER: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00\r\n]*)")
_FOLD: Final = re.compile(r"\r\n[ \t]+")
_WORTH_KNOWING: Final = 1024


class NotHttp(ValueError):
    """The upstream's answer breaks HTTP's grammar; the text says where."""


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
    """As much as comes before the connection closes."""


Framing = NoBody | Fixed | Chunked | UntilClose


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """`status` as WSGI wants it (`200 OK`), the headers in their order with their duplicates."""

    status: str
    code: int
    headers: Headers

    @property
    def is_interim(self) -> bool:
        """A 1xx: the real head is still to come."""
        return self.code < 200


def parse_head(block: bytes) -> ResponseHead:
    """The head from its bytes, without the empty line at its end; raises NotHttp."""
    text = block.decode("latin-1")
    if "\r\n " in text or "\r\n\t" in text:  # a proxy must not pass folded headers on (RFC 9112, 5.2)
        text = _FOLD.sub(" ", text)
    first, *lines = text.split("\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise NotHttp(f"its first line is {first[:60]!r}")
    headers: Headers = []
    for line in lines:
        headers.append(_known_header(line) if len(line) < _WORTH_KNOWING else _header(line))
    code, reason = status.groups()
    return ResponseHead(f"{code} {reason or ''}", int(code), headers)


def _header(line: str) -> tuple[str, str]:
    header = _HEADER.fullmatch(line)
    if header is None:
        raise NotHttp(f"a header line is {line[:60]!r}")
    return header[1], header[2].rstrip(" \t")


# A viewer says most of them with every answer.
_known_header = lru_cache(maxsize=512)(_header)


def framing(head: ResponseHead, method: str) -> Framing:
    """How the body ends (RFC 9112, 6.3); raises NotHttp where two answers would be possible."""
    if method == "HEAD" or head.code in (204, 304):
        return NoBody()
    if codings := values(head.headers, "transfer-encoding"):
        # We never offer another coding by TE, and two of them are the classic way to smuggle.
        if [coding.strip(" \t").lower() for coding in codings] != ["chunked"]:
            raise NotHttp(f"its Transfer-Encoding is {', '.join(codings)!r}")
        return Chunked()
    lengths = set(values(head.headers, "content-length"))
    if not lengths:
        return UntilClose()
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit()):
        raise NotHttp(f"its Content-Length is {length!r}")
    return Fixed(int(length))
