"""Adds the address to use to a viewer's own message of where it listens, which is not reachable there."""

from __future__ import annotations

import re
import sys
from contextlib import suppress
from functools import cached_property
from typing import Final

from forgather_units.cli.connection.client import Client, job_path
from forgather_units.cli.terminal import Output
from forgather_units.domain.errors import ForgatherError

# TensorBoard's and MkDocs' lines.
_LISTENS: Final = re.compile(rb"(?:\(Press CTRL\+C to quit\)|Serving on https?://)[^\n]*\n")
# More of an incomplete line is not remembered.
_MOST: Final = 1000


class JobOutput(Output):
    """Writes a job's output, and on standard error, behind each message of where its viewer listens, the address.

    Standard output has the job's bytes alone.
    """

    def __init__(self, client: Client, queue_id: str, *, raw: bool = False) -> None:
        super().__init__(raw=raw)
        self._client = client
        self._queue_id = queue_id
        self._begun = b""

    def write(self, data: bytes) -> None:
        searched = self._begun + data
        at = 0
        for found in _LISTENS.finditer(searched):
            end = found.end() - len(self._begun)
            super().write(data[at:end])
            at = end
            self._say_address()
        super().write(data[at:])
        self._begun = searched.rpartition(b"\n")[2][-_MOST:]

    def _say_address(self) -> None:
        self.flush()
        if self._address:
            print(f"--- open it at {self._address} ---", file=sys.stderr, flush=True)

    @cached_property
    def _address(self) -> str:
        """Empty if the server does not say it."""
        with suppress(ForgatherError):
            job = self._client.object("GET", job_path(self._queue_id, "/status"))
            if job.get("path_prefix"):
                return f"{self._client.address}{job['path_prefix']}/"
        return ""
