"""A stock program: the folders that it needs, and the files that it serves unchanged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """A stock viewer: its command (an absolute path first), and the folders that it must be able to read."""

    command: tuple[str, ...]
    folders: tuple[str, ...] = ()
    writing_plugins: tuple[str, ...] = ()
    """Packages of it that write files into the folder that is shown."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file on this machine's disk that the stock program serves unchanged, as its response for one address.

    `bodies` are the forms in which it may send the file, uncoded.
    """

    bodies: tuple[bytes, ...]
    headers: tuple[tuple[str, str], ...]
    """Its headers, without lengths, codings, times and the policy."""
    policy: str = ""
    """Its Content-Security-Policy; empty if it sends none."""
