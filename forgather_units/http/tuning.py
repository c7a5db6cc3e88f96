"""Settings under which slow readers, long streams, large bodies and garbage collections do not delay other requests."""

from __future__ import annotations

import gc
from typing import Any, Final

THREADS: Final = 96
"""Worker threads. They send quick responses, the relay all others; a waiting thread costs some 15 KB."""

WAITRESS_SETTINGS: Final[dict[str, Any]] = {
    "threads": THREADS,
    # The default of 100 is enough for one page of ten users. A connection costs an open file and no thread.
    "connection_limit": 800,
    # select() fails above file descriptor 1023.
    "asyncore_use_poll": True,
    # Bytes buffered in memory per connection for a slow reader; at this mark the worker thread waits for the reader.
    # outbuf_overflow is above it, so that no response goes through a temporary file.
    "outbuf_high_watermark": 512 * 1024,
    "outbuf_overflow": 2 * 1024 * 1024,
    "recv_bytes": 64 * 1024,
    # Not a larger send_bytes: it would delay each event of a stream until that many bytes have accumulated.
    # Reading ahead while a request runs caused CVE-2024-49768, which Debian 12's waitress has.
    "channel_request_lookahead": 0,
    # http/server/forwarded.py reads and removes them.
    "clear_untrusted_proxy_headers": False,
    # A closed client or a broken viewer is not an error of the server; the proxy logs the latter in one line.
    "log_socket_errors": False,
    "expose_tracebacks": False,
    "ident": "forgather",
}
"""For `waitress.create_server(app, **WAITRESS_SETTINGS)`. Valid in waitress 2.1 and 3.0."""


def freeze_objects() -> None:
    """Exempt all present objects, which live as long as the server, from garbage collection.

    A collection that examines them delays every request by some 10 ms.
    """
    gc.collect()
    gc.freeze()
