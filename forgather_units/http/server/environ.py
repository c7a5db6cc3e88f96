"""Keys that our waitress server adds to a request's WSGI environ.

An application must work without them too: another WSGI server does not set them.
"""

from __future__ import annotations

from typing import Final

HAND_OVER: Final = "forgather.hand_over"
"""A function that takes the connection out of waitress: a ClientConnection, or None if it cannot be taken now."""

IN_MEMORY: Final = "forgather.in_memory"
"""A function from bytes to a response body that is sent without a copy for each connection."""

UNREAD: Final = "forgather.unread"
"""An Unread body, if waitress left a large one on the connection."""

IN_FLIGHT: Final = "forgather.in_flight"
"""The InFlight request that the early handler returned, if any. The application takes it over."""
