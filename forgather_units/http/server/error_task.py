"""Responses of the HTTP engine itself: to a request that it cannot parse, and after a failure of the application.

They contain only sentences of this server, never bytes of the request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from waitress.task import ErrorTask
from waitress.utilities import RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from forgather_units.error_page.page import error_page
from forgather_units.error_page.response import accepts_page, as_json, as_page
from forgather_units.http.server.drain import drain, duplicate
from forgather_units.http.server.parser import StrictParser

_ACCEPT: Final = re.compile(rb"\r\naccept[ \t]*:([^\r\n]*)", re.IGNORECASE)
_KIB: Final = 1024
_CUT_OFF: Final = (RequestHeaderFieldsTooLarge, RequestEntityTooLarge)


def _sentence(error: Any, adjustments: Any) -> str:
    sentences: Mapping[int, str] = {
        # The parser's own sentence.
        400: f"{error.body}.",
        413: f"The body of the request is larger than {adjustments.max_request_body_size // _KIB} KiB.",
        431: f"The address and the headers of the request are larger than "
        f"{adjustments.max_request_header_size // _KIB} KiB.",
        500: "Internal server error; the server's journal has the details.",
        501: "The server does not support this transfer coding.",
    }
    return sentences.get(error.code, f"{error.reason}.")


def _is_for_browser(request: StrictParser) -> bool:
    """Whether the client asks for HTML. A head that was cut off before its Accept header may be a browser's."""
    if (parsed := request.headers.get("ACCEPT")) is not None:
        return accepts_page(parsed)
    if (found := _ACCEPT.search(request.refused_head)) is not None:
        return accepts_page(found[1].decode("latin-1"))
    return isinstance(request.error, RequestHeaderFieldsTooLarge)


def _is_head(request: StrictParser) -> bool:
    return (request.refused_head or request.first_line).startswith(b"HEAD ")


class PageErrorTask(ErrorTask):  # type: ignore[misc]
    """Responds with a page for a browser, with JSON for other clients; then closes the connection."""

    def service(self) -> None:
        """Respond; drain a request that was not read to its end, unless it may have none."""
        is_cut_off = isinstance(self.request.error, _CUT_OFF) and not self.request.chunked
        sock = duplicate(self.channel) if is_cut_off else None
        super().service()
        if sock is not None:
            drain(self.channel, sock)

    def execute(self) -> None:
        """Write the response."""
        # After a failure of the application `self.request` is a substitute without headers.
        error, request = self.request.error, self.channel.requests[0]
        sentence = _sentence(error, self.channel.adj)
        if _is_for_browser(request):
            headers, body = as_page(error_page(error.reason, sentence, root=self.channel.home))
        else:
            headers, body = as_json(sentence)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend(headers)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if _is_head(request) else body)
