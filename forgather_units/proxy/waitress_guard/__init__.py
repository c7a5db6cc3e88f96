"""All that we need of waitress beyond its public API, and nothing else that touches it.

- `parsing`: a request that two HTTP parsers could read in two ways is refused; a large body is left unread.
- `task`: the application takes the client's connection out of waitress, or sends a body from where it lies.
- `channel`: a client's connection, which can be answered past the tasks.
- `early`: what lies in memory, and what only a viewer is waited for, is answered on waitress's own thread.
- `loop`: serves the connections; asked is only who has something to say.
- `server`: puts them together.

Leaned on, the same in waitress 2.1 and 3.0 and pinned by the tests: `channel_class`, `parser_class`, `task_class`; of
the parser `parse_header` and all that it sets, `received`, `completed`, `close`, and `split_uri`; of the task
`get_environment`, `service`, `write`, `build_response_header`, `wrote_header`, `close_on_finish`,
`content_bytes_written`, `response_headers`; of the channel `socket`, `_fileno`, `connected`, `requests`, `request` and
`requests_lock`, `received`, `service`, `handle_close`, `outbufs`, `outbuf_lock`, `current_outbuf_count`,
`total_outbufs_len` and `write_soon`, `close_when_flushed`, `will_close`, `last_activity`; of the server `add_task`,
`pull_trigger`; OverflowableBuffer, and ReadOnlyFileBasedBuffer with `get`, `skip`, `prepare`, `close`;
`proxy_headers_middleware`; what `wasyncore.readwrite` asks of a dispatcher. Where the keys of `environ` are not in the
environ, applications answer by the public API, in their worker thread.
"""
