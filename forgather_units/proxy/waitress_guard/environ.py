"""What an application finds in its environ where our waitress serves it."""

from __future__ import annotations

from typing import Final

HAND_OVER: Final = "forgather.hand_over"
"""A function that gives the Client, or None where the connection cannot be taken out now."""
IN_MEMORY: Final = "forgather.in_memory"
"""Makes of bytes an answer's body that is sent from where it lies, however many read it at once."""
UNREAD: Final = "forgather.unread"
"""The Unread body, where one is left."""
BEGUN: Final = "forgather.begun"
"""What `early` was told to wait for, where it did: the application's own, to take out."""
