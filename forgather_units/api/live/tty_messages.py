"""A job's output as WebSocket messages, as Forgather's own server sends it.

Output is in binary messages, byte for byte. A text message `{"type": "error", "detail": "..."}` says why none comes.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator

from forgather_units.api.live.line_batches import batches
from forgather_units.journal.follower import Subscription
from forgather_units.journal.reader import LineKind


def error_message(detail: str) -> str:
    """The text message for an error."""
    return json.dumps({"type": "error", "detail": detail})


async def output_messages(stream: Subscription) -> AsyncGenerator[bytes, None]:
    """The lines of `stream`, joined."""
    async for lines in batches(stream):
        if output := b"".join(line.printed for line in lines if line.kind is LineKind.OUTPUT):
            yield output
