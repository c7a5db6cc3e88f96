"""In-memory cache of static files of the installed viewer programs, shared by all viewers of a release.

TensorBoard's page is the same for all of them, and the cache can serve it while a waking viewer still starts. The cache
stores the bytes of the program's archive, under the server's headers, after a viewer has sent the same file: bytes from
a viewer appear only below its own prefix. Never cached: a file that is not in the archive, and anything below `data/`,
which
depends on the runs.
"""

from __future__ import annotations

import hashlib
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.domain.program import StaticFile
from forgather_units.http.message import Headers, Reply, values
from forgather_units.proxy.request_uri import RequestTarget

LARGEST: Final = 16 << 20
"""Maximum bytes of an asset."""
_MOST: Final = 64 << 20
# Only plain paths: a path with escapes or dots could resolve to something below data/.
_PATH: Final = re.compile(r"/(?!data(?:/|$))(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*)?")
_QUERY: Final = re.compile(r"(?:_file_hash=[0-9A-Za-z]{1,80})?")
_GZIP: Final = re.compile(
    r"(?:^|,)[ \t]*(?:(?:x-)?gzip|\*)[ \t]*(?:;[ \t]*q=(?!0(?:\.0*)?[ \t]*(?:,|$))[^,]*)?(?:,|$)", re.I
)
_COMPRESSIBLE: Final = ("text/", "image/svg", "application/javascript", "application/json")
# zlib's memLevel. Below the default of 8 it makes more blocks, each with its own codes; the parts of index.html differ
# much, so it becomes 4 % smaller.
_MEMORY_LEVEL: Final = 6

StaticFiles = Callable[[str, str, bool], StaticFile | None]
"""From a release, an address below the prefix and whether it names a file hash to the stock program's file. May read a
file."""


@dataclass(frozen=True, slots=True)
class Key:
    """The cache key of an asset."""

    release: str
    path: str
    """Below the prefix."""
    hashed: bool
    """The URL contains a file hash. The program ignores its value."""
    takes_gzip: bool


@dataclass(frozen=True, slots=True)
class Asset:
    """A 200 response, the same for every client that accepts its content coding."""

    headers: Headers
    etag: str
    body: bytes

    def reply(self, environ: dict[str, Any], policy: str) -> Reply:
        """200, or 304 if the client has it already; `policy` confines the page to its own viewer."""
        headers = [*self.headers, ("Content-Security-Policy", policy)]
        if self.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            return Reply("304 Not Modified", headers, b"")
        return Reply("200 OK", [*headers, ("Content-Length", str(len(self.body)))], self.body)


class AssetCache:
    """LRU cache with a limit in bytes. Thread-safe."""

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
    """The key under which the response to this request is cached; None if it is never cached."""
    query = target.query or ""
    is_plain_get = environ["REQUEST_METHOD"] in ("GET", "HEAD") and "HTTP_RANGE" not in environ
    if not (release and is_plain_get and _PATH.fullmatch(target.rest) and _QUERY.fullmatch(query)):
        return None
    takes_gzip = _GZIP.search(environ.get("HTTP_ACCEPT_ENCODING", "")) is not None
    return Key(release, target.rest, bool(query), takes_gzip)


def asset_of(reply: Reply, file: StaticFile, confining: str, *, takes_gzip: bool) -> Asset | None:
    """The asset to cache for `file`, compressed if the client accepts that; None if `reply` (200, to GET) is not the
    stock program's file. `confining` is the server's own policy among the reply's headers."""
    policies = [value for value in values(reply.headers, "content-security-policy") if value != confining]
    if policies != [*filter(None, [file.policy])]:
        return None
    sent = _decoded(reply, max(map(len, file.bodies)))
    body = next((stock for stock in file.bodies if stock == sent), None)
    if body is None:
        return None
    headers: Headers = [*file.headers, ("Referrer-Policy", "same-origin"), ("Vary", "Accept-Encoding")]
    if file.policy:
        headers.append(("Content-Security-Policy", file.policy))
    if takes_gzip and dict(file.headers)["Content-Type"].startswith(_COMPRESSIBLE):
        body = _gzipped(body)
        headers.append(("Content-Encoding", "gzip"))
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Asset([*headers, ("ETag", etag)], etag, body)


def _decoded(reply: Reply, longest: int) -> bytes | None:
    """The decoded body; None if it cannot be decoded, or is longer."""
    match values(reply.headers, "content-encoding"):
        case [] | ["identity"]:
            return reply.body
        case ["gzip"]:
            decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
            try:
                body = decoder.decompress(reply.body, longest + 1)
            except zlib.error:
                return None
            return body if decoder.eof else None
    return None


def _gzipped(body: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS, _MEMORY_LEVEL)
    return compressor.compress(body) + compressor.flush()
