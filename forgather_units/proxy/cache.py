"""The static parts of viewers, kept in memory: what one viewer served, every viewer of the same release serves.

A page of TensorBoard's is the same in each of them, and a waking one shows it while it still starts. Nothing below
`data/` is ever kept: that is what the runs say.
"""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.proxy.headers import Headers, values
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.request_target import RequestTarget

LARGEST: Final = 16 << 20
"""Bytes of an asset, at most."""
_MOST: Final = 64 << 20
# Plain addresses only: what is written in two ways could mean something below data/.
_PATH: Final = re.compile(r"/(?!data(?:/|$))(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*)?")
_QUERY: Final = re.compile(r"(?:_file_hash=[0-9A-Za-z]{1,80})?")
_GZIP: Final = re.compile(
    r"(?:^|,)[ \t]*(?:(?:x-)?gzip|\*)[ \t]*(?:;[ \t]*q=(?!0(?:\.0*)?[ \t]*(?:,|$))[^,]*)?(?:,|$)", re.I
)
_COMPRESSIBLE: Final = ("text/", "image/svg", "application/javascript", "application/json")
# zlib's: with less than its usual 8 there are more blocks, each with codes of its own. The parts of index.html differ
# much: it has 4 % less.
_MEMORY_LEVEL: Final = 6
# Of one exchange, or made anew for each answer.
_NOT_KEPT: Final = frozenset({"date", "content-length", "content-encoding", "etag", "vary", "age", "connection"})

Key = tuple[str, str, str, bool]
"""The release, the address below the prefix, the query, and whether the client takes gzip."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One answer of 200, as it is sent to every client that takes its coding."""

    headers: Headers
    etag: str
    body: bytes

    def answer(self, environ: dict[str, Any], policy: str) -> Answer:
        """The whole of it, or 304 to who has it already; `policy` confines the page to its own viewer."""
        headers = [*self.headers, ("Content-Security-Policy", policy)]
        if self.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            return Answer("304 Not Modified", headers, b"")
        return Answer("200 OK", [*headers, ("Content-Length", str(len(self.body)))], self.body)


class AssetCache:
    """So many bytes at most; what was not asked for longest goes first. Any thread may ask."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._assets: OrderedDict[Key, Asset] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Bytes of all bodies."""
        return self._size

    def get(self, key: Key) -> Asset | None:
        with self._lock:
            asset = self._assets.get(key)
            if asset is not None:
                self._assets.move_to_end(key)
            return asset

    def put(self, key: Key, asset: Asset) -> None:
        with self._lock:
            before = self._assets.pop(key, None)
            self._size += len(asset.body) - (len(before.body) if before else 0)
            self._assets[key] = asset
            while self._size > self._most:
                _, oldest = self._assets.popitem(last=False)
                self._size -= len(oldest.body)


def key_of(release: str, target: RequestTarget, environ: dict[str, Any]) -> Key | None:
    """Under what the answer to this request is kept; None for what is never kept."""
    query = target.query or ""
    asks = environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_RANGE" not in environ
    if not (release and asks and _PATH.fullmatch(target.rest) and _QUERY.fullmatch(query)):
        return None
    return release, target.rest, query, _GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", "")) is not None


def _gzipped(body: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS, _MEMORY_LEVEL)
    return compressor.compress(body) + compressor.flush()


def asset_of(answer: Answer, policy: str, *, takes_gzip: bool) -> Asset | None:
    """What to keep of an answer to GET, compressed where the client takes that; None where it is not to be kept."""
    coding = values(answer.headers, "content-encoding")
    if (
        not answer.status.startswith("200 ")
        or values(answer.headers, "set-cookie")
        or "*" in values(answer.headers, "vary")
    ):
        return None
    body = answer.body
    kind = "".join(values(answer.headers, "content-type"))
    if takes_gzip and coding in ([], ["identity"]) and kind.startswith(_COMPRESSIBLE):
        body, coding = _gzipped(body), ["gzip"]
    headers = [(name, value) for name, value in answer.headers if name.lower() not in _NOT_KEPT and value != policy]
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers += [("ETag", etag), ("Vary", "Accept-Encoding")]
    headers += [("Content-Encoding", value) for value in coding if value != "identity"]
    return Asset(headers, etag, body)
