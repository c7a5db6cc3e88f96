"""How waitress is set up so that no slow reader, long stream or large body holds up the others."""

from __future__ import annotations

from typing import Any, Final

THREADS: Final = 96
"""Worker threads. Each serves what is answered soon, the relay all else; a waiting thread costs some 15 KB."""

WAITRESS_SETTINGS: Final[dict[str, Any]] = {
    "threads": THREADS,
    # The default of 100 is one page of ten people. Each costs an open file and no thread.
    "connection_limit": 800,
    # select() fails above file descriptor 1023.
    "asyncore_use_poll": True,
    # What waits for a slow reader, per connection, in memory. outbuf_overflow lies above it, so that no response
    # ever goes through a temporary file; beyond the mark the worker thread waits for the reader.
    "outbuf_high_watermark": 512 * 1024,
    "outbuf_overflow": 2 * 1024 * 1024,
    "recv_bytes": 64 * 1024,
    # No larger send_bytes: it would hold back every event of a stream until so many bytes are together.
    # Reading ahead while a request runs is how CVE-2024-49768 came about, and Debian 12's waitress has it.
    "channel_request_lookahead": 0,
    "clear_untrusted_proxy_headers": True,
    # A client that left and a viewer that broke are no errors of ours; the proxy logs the second in one line.
    "log_socket_errors": False,
    "expose_tracebacks": False,
    "ident": "forgather",
}
"""For `waitress.create_server(app, **WAITRESS_SETTINGS)`. Each of them exists in waitress 2.1 and 3.0."""
