"""The proxy's WSGI application: one request in, one exchange with a viewer, its response out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from forgather_units.http.message import Reply
from forgather_units.http.raw_target import raw_target
from forgather_units.http.server.environ import IN_FLIGHT, IN_MEMORY
from forgather_units.proxy import error_pages
from forgather_units.proxy.cache import LARGEST, AssetCache, Key, StaticFiles, asset_of, key_of
from forgather_units.proxy.connection import Timeouts
from forgather_units.proxy.destination import Moved, Open, OpenUnix, Resolver, Returning
from forgather_units.proxy.forwarding import Forwarder, InFlightRequest, policy_for
from forgather_units.proxy.mounts import is_mounted, mount_of
from forgather_units.proxy.outcomes import HandedOver, Observer, Relayed, ignore
from forgather_units.proxy.readiness import knock
from forgather_units.proxy.request_uri import MalformedTarget, RequestTarget, below
from forgather_units.proxy.retry import RetryPolicy, Subscribe, no_events

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]

_IN_ONE_PIECE: Final = 64 * 1024
_REFUSED_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})


class Proxy:
    """Serves every path below the mounts from the viewer that `resolve` returns.

    It does not authenticate: the gate must run before it. If a viewer's response breaks off, the response's iterator
    raises an OSError, so that the server closes the connection and the client sees that the body is truncated.
    """

    def __init__(
        self,
        resolve: Resolver,
        timeouts: Timeouts | None = None,
        observer: Observer = ignore,
        static_file: StaticFiles = lambda release, path, hashed: None,
        subscribe: Subscribe = no_events,
    ) -> None:
        self._resolve = resolve
        self._forwarder = Forwarder(timeouts or Timeouts(), observer, RetryPolicy(resolve, subscribe))
        self._cache = AssetCache()
        self._static_file = static_file
        self._observer = observer

    def claims(self, environ: Environ) -> bool:
        """Whether the request's raw target is below a mount."""
        return is_mounted(raw_target(environ))

    def handle_early(self, environ: Environ, admits: Callable[[Environ], bool]) -> Reply | InFlightRequest | None:
        """The EarlyHandler: a cached reply, or a small request to a viewer, if `admits` accepts the request. Does not
        block."""
        if _refusal(environ) is not None:
            return None
        try:
            target = _target_of(environ)
        except MalformedTarget:
            return None
        if target is None or not target.rest:
            return None
        match self._resolve(target.mount, target.queue_id):
            case Open() | OpenUnix() as where if admits(environ):
                key = key_of(where.release, target, environ)
                if key is None:
                    return self._forwarder.start_early(where, target, environ)
                # A request must wake a sleeping viewer, by a connection.
                if not (isinstance(where, OpenUnix) and where.asleep):
                    return self._from_cache(key, target, environ)
        return None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        match self._respond(environ):
            case Reply(status=status, headers=headers, body=body):
                start_response(status, headers)
                if environ["REQUEST_METHOD"] == "HEAD":
                    return []
                if len(body) > _IN_ONE_PIECE and IN_MEMORY in environ:
                    wrapped: Iterable[bytes] = environ[IN_MEMORY](body)
                    return wrapped
                return [body]
            case HandedOver():
                return ()
            case Relayed(status=status, headers=headers) as relayed:
                try:
                    # Send the head now: the first event of a stream may come much later.
                    start_response(status, headers)(b"")
                except BaseException:  # the client has left: ignore will call close()
                    relayed.close()
                    raise
                return relayed

    def _respond(self, environ: Environ) -> Reply | HandedOver | Relayed:
        in_flight: InFlightRequest | None = environ.get(IN_FLIGHT)
        if in_flight is not None:
            return self._forwarder.resume(in_flight, environ)
        refused = _refusal(environ)
        if refused:
            return refused
        try:
            target = _target_of(environ)
        except MalformedTarget:
            return error_pages.failure("400 Bad Request", "The address contains invalid characters.", environ)
        if target is None:
            return error_pages.failure("404 Not Found", "There is nothing at this address.", environ)
        match self._resolve(target.mount, target.queue_id):
            case Open() | OpenUnix() as where if target.rest:
                return self._open(where, target, environ)
            case Open() | OpenUnix():
                # Without the slash a page's relative URLs would leave its prefix.
                return error_pages.redirect(target.with_slash, environ)
            case Returning() if target.rest:
                return self._forwarder.forward_when_back(target, environ)
            case Moved(prefix=prefix):
                return error_pages.redirect(target.moved_to(prefix), environ)
            case absent:
                return error_pages.for_absent(absent, environ)

    def _open(self, where: Open | OpenUnix, target: RequestTarget, environ: Environ) -> Reply | HandedOver | Relayed:
        key = key_of(where.release, target, environ)
        if key is None:
            return self._forwarder.forward(where, target, environ)
        cached = self._from_cache(key, target, environ)
        if cached is not None:
            if target.rest == "/" and isinstance(where, OpenUnix) and where.asleep:
                # The cached page loads at once: wake its viewer before it requests data.
                knock(where.path)
            return cached
        forwarded = self._forwarder.forward(where, target, environ, LARGEST)
        if isinstance(forwarded, Reply) and environ["REQUEST_METHOD"] == "GET":
            return self._store(key, forwarded, target, environ) or forwarded
        return forwarded

    def _store(self, key: Key, forwarded: Reply, target: RequestTarget, environ: Environ) -> Reply | None:
        """Cache the program's file if the viewer sent exactly that; returns the reply from the cache then."""
        found = forwarded.status.startswith("200 ")
        file = self._static_file(key.release, key.path, key.hashed) if found else None
        if file is None:
            return None
        confining = policy_for(environ, target, forwarded.headers)
        asset = asset_of(forwarded, file, confining, takes_gzip=key.takes_gzip)
        if asset is None:
            return None
        self._cache.put(key, asset)
        return asset.reply(environ, policy_for(environ, target, asset.headers))

    def _from_cache(self, key: Key, target: RequestTarget, environ: Environ) -> Reply | None:
        """The reply from the cache, if it is there."""
        asset = self._cache.get(key)
        if asset is None:
            return None
        reply = asset.reply(environ, policy_for(environ, target, asset.headers))
        self._observer(target.queue_id, int(reply.status[:3]), 0.0)
        return reply


def _target_of(environ: Environ) -> RequestTarget | None:
    """None if it is below no mount. Raises MalformedTarget."""
    raw = raw_target(environ)
    mount = mount_of(raw)
    return below(mount.path, raw, mount.at_root) if mount else None


def _refusal(environ: Environ) -> Reply | None:
    """The response to a request that is never forwarded; None for any other."""
    if environ["REQUEST_METHOD"] in _REFUSED_METHODS:
        allow = [("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")]
        return error_pages.failure("405 Method Not Allowed", "This method is not forwarded.", environ, allow)
    if "HTTP_UPGRADE" in environ:
        return error_pages.failure("400 Bad Request", "Upgrades (WebSocket) are not forwarded to a viewer.", environ)
    if not (environ.get("CONTENT_LENGTH") or "0").isdecimal():
        return error_pages.failure("400 Bad Request", "Content-Length is not a number.", environ)
    if "HTTP_TRANSFER_ENCODING" in environ:  # HTTP/1.1: the server has decoded it
        return error_pages.failure("400 Bad Request", "A transfer coding needs HTTP/1.1.", environ)
    return None
