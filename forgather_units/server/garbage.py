"""What Python's garbage collector need not look at."""

from __future__ import annotations

import gc


def keep_for_good() -> None:
    """What is there by now lives as long as the server.

    To look through it again, as the collector does now and then, keeps every request waiting for some 10 ms.
    """
    gc.collect()
    gc.freeze()
