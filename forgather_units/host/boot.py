"""Which boot of this machine we live in."""

from __future__ import annotations

from pathlib import Path


def boot_id() -> str:
    """The kernel's random id of this boot; empty where it does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
