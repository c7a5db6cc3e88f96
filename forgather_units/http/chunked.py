"""Decoder of the chunked transfer coding. Drops extensions and trailers."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from forgather_units.http.response_head import NotHttp

_MAX_LINE: Final = 64 * 1024
_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;.*)?", re.DOTALL)


class _Expect(Enum):
    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    NOTHING = auto()


class ChunkedDecoder:
    """Incremental: feed() returns the part of the body that the received bytes contain."""

    __slots__ = ("_expect", "_left", "_line")

    def __init__(self) -> None:
        self._expect = _Expect.SIZE
        self._left = 0
        self._line = b""

    @property
    def done(self) -> bool:
        """The last chunk and its trailers have arrived."""
        return self._expect is _Expect.NOTHING

    def feed(self, received: bytes) -> bytes:
        """The body's bytes in `received`, of all chunks in one piece; raises NotHttp."""
        data = self._line + received
        self._line = b""
        at, pieces = 0, []
        while at < len(data) and not self.done:
            if self._expect is _Expect.DATA:
                piece = data[at : at + self._left]
                at += len(piece)
                self._left -= len(piece)
                pieces.append(piece)
                if not self._left:
                    self._expect = _Expect.DATA_END
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                self._line = data[at:]
                if len(self._line) > _MAX_LINE:
                    raise NotHttp("a chunk's size line does not end")
                break
            self._expect = self._after(data[at:end])
            at = end + 2
        return b"".join(pieces)

    def _after(self, line: bytes) -> _Expect:
        """The state after a complete line outside of chunk data."""
        match self._expect:
            case _Expect.SIZE:
                size = _SIZE.fullmatch(line)
                if size is None:
                    raise NotHttp(f"a chunk's size is {line[:60]!r}")
                self._left = int(size[1], 16)
                return _Expect.DATA if self._left else _Expect.TRAILER
            case _Expect.DATA_END if line:
                raise NotHttp("a chunk is longer than its size")
            case _Expect.DATA_END:
                return _Expect.SIZE
            case _:
                return _Expect.TRAILER if line else _Expect.NOTHING
