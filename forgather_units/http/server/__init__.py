"""waitress with strict parsing, early replies and hand-over. Only this package uses waitress beyond its public API.

- `parser`: refuses requests with ambiguous framing; leaves large bodies unread.
- `task`: the application can take the client's connection out of waitress, or send a body without copying it.
- `channel`: a client's connection; the loop can send a reply on it without a task.
- `early_replies`: replies from the loop's thread: cached responses, and viewers' responses to small requests.
- `loop`: an epoll loop that only calls dispatchers that are ready.
- `waitress_server`: combines them. `sockets`, `shutdown`, `event_stream`: the interface for the daemon and the API.

Undocumented names used, the same in waitress 2.1 and 3.0 and pinned by the tests: `channel_class`, `parser_class`,
`task_class`; of
the parser `parse_header` and all that it sets, `received`, `completed`, `close`, and `split_uri`; of the task
`get_environment`, `service`, `write`, `build_response_header`, `wrote_header`, `close_on_finish`,
`content_bytes_written`, `response_headers`; of the channel `socket`, `_fileno`, `connected`, `requests`, `request` and
`requests_lock`, `received`, `service`, `handle_close`, `handle_write`, `readable`,
`_flush_outbufs_below_high_watermark`, `outbufs`, `outbuf_lock`, `current_outbuf_count`,
`total_outbufs_len` and `write_soon`, `close_when_flushed`, `will_close`, `last_activity`; of the server `add_task`,
`pull_trigger`; OverflowableBuffer, and ReadOnlyFileBasedBuffer with `get`, `skip`, `prepare`, `close`;
`proxy_headers_middleware`; the dispatcher methods that `wasyncore.readwrite` calls. Under another WSGI server, which
does not set the keys of `environ`, applications respond through the public API, in their worker thread.
"""
