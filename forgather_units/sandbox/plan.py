"""What a sandbox is to be: handed as JSON from the launcher to the process that builds and boots it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

PERSON = "researcher"
"""The ordinary user inside."""
NEIGHBOUR = "neighbour"
"""Another one, who has no business with what the first does: `su neighbour -c CMD` asks for no password."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All paths are absolute and the same inside as outside."""

    name: str
    cgroup_folder: str
    uid: int
    reached: tuple[str, ...]
    """Folders that the ordinary user must be able to enter: the working folder."""
    exposed: tuple[str, ...]
    """Trees that the ordinary user must be able to read whole: the program, its environment, its interpreter."""
    overlaid: tuple[str, ...]
    """Those that the overlay of the root file system does not show: each gets an overlay of its own."""
    bound: tuple[str, ...]
    """What else of the host was asked for, to be read."""
    bound_writable: tuple[str, ...]
    user_namespaces: bool
    tree: str
    """The root file system below the overlay: the host's (`/`), or another one, which is booted whole as it is."""
    private_network: bool
    """A loopback of its own, and nothing else."""
    disk: str = ""
    """A folder that keeps what is written: the next boot on it finds it again. Empty: all is gone at the end."""

    @property
    def is_own_machine(self) -> bool:
        return self.tree != "/"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        read: dict[str, Any] = json.loads(text)
        fields: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in read.items()}
        return cls(**fields)
