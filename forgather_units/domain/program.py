"""What is started: a stock program, and what it needs of the machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """A stock viewer: its command (an absolute path first), and the folders that it must be able to read."""

    command: tuple[str, ...]
    folders: tuple[str, ...] = ()
