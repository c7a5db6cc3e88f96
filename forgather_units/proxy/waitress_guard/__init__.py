"""All that we need of waitress beyond its public API, and nothing else that touches it.

- `parsing`: a request that two HTTP parsers could read in two ways is refused; a large body is left unread.
- `task`: the application takes the client's connection out of waitress, or sends a body from where it lies.
- `early`: what lies in memory, and what only a viewer is waited for, is answered on waitress's own thread.
- `server`: puts them together.

Leaned on, the same in waitress 2.1 and 3.0 and pinned by the tests: `channel_class`, `parser_class`, `task_class`; of
the parser `parse_header`, `received`, `completed`, `body_rcv`, `content_length`, `chunked`, `expect_continue`,
`headers`; of the task `get_environment`, `environ`, `service`, `write`, `build_response_header`, `wrote_header`,
`close_on_finish`, `content_bytes_written`, `response_headers`; of the channel `socket`, `requests`, `_fileno`,
`received`, `service`, `total_outbufs_len`, `write_soon`; of the server `add_task`, `pull_trigger`;
ReadOnlyFileBasedBuffer with `get`, `skip`, `prepare`, `close`; what `wasyncore.readwrite` asks of a dispatcher. Where
the keys of `environ` are not in the environ, applications answer by the public API, in their worker thread.
"""
