"""The proxy's WSGI application: one request in, one exchange with a viewer, its response out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from forgather_units.proxy import pages
from forgather_units.proxy.cache import LARGEST, AssetCache, Key, asset_of, key_of
from forgather_units.proxy.connection import Timeouts
from forgather_units.proxy.forwarding import Begun, Forwarder, HandedOver, Relayed, policy_for
from forgather_units.proxy.mounts import is_mounted, mount_of
from forgather_units.proxy.observer import Observer, nobody
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.readiness import knock
from forgather_units.proxy.request_target import MalformedTarget, RequestTarget, below, raw_target
from forgather_units.proxy.target import Moved, Open, OpenUnix, Resolver
from forgather_units.proxy.waitress_guard.environ import BEGUN, IN_MEMORY

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]

_IN_ONE_PIECE: Final = 64 * 1024
_REFUSED_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})


class Proxy:
    """Serves every address below the mounts from the viewer that `resolve` names.

    It does not authenticate: put it behind the gate. A broken viewer's response ends by an OSError out of the
    response's iterator, so that the server closes the connection and the client sees that the body is not whole.
    """

    def __init__(self, resolve: Resolver, timeouts: Timeouts | None = None, observer: Observer = nobody) -> None:
        self._resolve = resolve
        self._forwarder = Forwarder(timeouts or Timeouts(), observer)
        self._cache = AssetCache()
        self._observer = observer

    def claims(self, environ: Environ) -> bool:
        """Whether this request is the proxy's to answer: its target, as sent, lies below the mount."""
        return is_mounted(raw_target(environ))

    def first_look(self, environ: Environ, admits: Callable[[Environ], bool]) -> Answer | Begun | None:
        """How this request is answered without a worker thread, if it is: out of the cache, or by a viewer that is
        asked here and now, provided that `admits` says so. Waits for nothing."""
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
                    return self._forwarder.begin(where, target, environ)
                # One that sleeps is to be woken by it, which is a connection.
                if not (isinstance(where, OpenUnix) and where.asleep):
                    return self._kept(key, target, environ)
        return None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        match self._answer(environ):
            case Answer(status=status, headers=headers, body=body):
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
                    # At once: an event stream's first event may be far away.
                    start_response(status, headers)(b"")
                except BaseException:  # the client has left: nobody will call close()
                    relayed.close()
                    raise
                return relayed

    def _answer(self, environ: Environ) -> Answer | HandedOver | Relayed:
        begun: Begun | None = environ.get(BEGUN)
        if begun is not None:
            return self._forwarder.finish(begun, environ)
        refused = _refusal(environ)
        if refused:
            return refused
        try:
            target = _target_of(environ)
        except MalformedTarget:
            return pages.failure("400 Bad Request", "The address holds characters that none may hold.", environ)
        if target is None:
            return pages.failure("404 Not Found", "There is nothing at this address.", environ)
        match self._resolve(target.mount, target.queue_id):
            case Open() | OpenUnix() as where if target.rest:
                return self._open(where, target, environ)
            case Open() | OpenUnix():
                # Without the slash a page's relative addresses would lead out of its prefix.
                return pages.redirect(target.with_slash, environ)
            case Moved(prefix=prefix):
                return pages.redirect(target.moved_to(prefix), environ)
            case absent:
                return pages.for_absent(absent, environ)

    def _open(self, where: Open | OpenUnix, target: RequestTarget, environ: Environ) -> Answer | HandedOver | Relayed:
        key = key_of(where.release, target, environ)
        if key is None:
            return self._forwarder.forward(where, target, environ)
        kept = self._kept(key, target, environ)
        if kept is not None:
            if target.rest == "/" and isinstance(where, OpenUnix) and where.asleep:
                # The page is here at once: its viewer is to be awake by the time it asks for data.
                knock(where.path)
            return kept
        forwarded = self._forwarder.forward(where, target, environ, LARGEST)
        if isinstance(forwarded, Answer) and environ["REQUEST_METHOD"] == "GET":
            policy = policy_for(environ, target, forwarded.headers)
            asset = asset_of(forwarded, policy, takes_gzip=key[-1])
            if asset is not None:
                self._cache.put(key, asset)
                return asset.answer(environ, policy)
        return forwarded

    def _kept(self, key: Key, target: RequestTarget, environ: Environ) -> Answer | None:
        """What the cache answers, if it does."""
        asset = self._cache.get(key)
        if asset is None:
            return None
        answer = asset.answer(environ, policy_for(environ, target, asset.headers))
        self._observer(target.queue_id, int(answer.status[:3]), 0.0)
        return answer


def _target_of(environ: Environ) -> RequestTarget | None:
    """None: it lies below no mount. Raises MalformedTarget."""
    raw = raw_target(environ)
    mount = mount_of(raw)
    return below(mount.path, raw, mount.at_root) if mount else None


def _refusal(environ: Environ) -> Answer | None:
    """The answer to what is never forwarded, whatever the address."""
    if environ["REQUEST_METHOD"] in _REFUSED_METHODS:
        allow = [("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")]
        return pages.failure("405 Method Not Allowed", "This method is not forwarded.", environ, allow)
    if "HTTP_UPGRADE" in environ:
        return pages.failure("400 Bad Request", "Upgrades (WebSocket) are not forwarded to a viewer.", environ)
    if not (environ.get("CONTENT_LENGTH") or "0").isdecimal():
        return pages.failure("400 Bad Request", "Content-Length is no number.", environ)
    if "HTTP_TRANSFER_ENCODING" in environ:  # else the server has undone it
        return pages.failure("400 Bad Request", "A transfer coding needs HTTP/1.1.", environ)
    return None
