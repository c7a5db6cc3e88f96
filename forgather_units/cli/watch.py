"""Shows something again when it changes, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from forgather_units.cli.connection.failures import ServerGone
from forgather_units.cli.terminal import clear_screen

# Ages change each second, and a look costs the server a millisecond.
_PAUSE: Final = 1.0


def watch(show: Callable[[], str]) -> None:
    """Print what `show` returns: on a terminal in the place of the text before, elsewhere below it.

    Raises ForgatherErrors of `show`; while the server is away, its message is shown.
    """
    shown = None
    clear_screen()
    with suppress(KeyboardInterrupt):
        while True:
            try:
                text = show()
            except ServerGone as why:
                text = why.message
            if text != shown:
                if shown is not None and not clear_screen():
                    print()
                print(text, flush=True)
                shown = text
            # Also while the server restarts: no event reports that it is back.
            time.sleep(_PAUSE)
