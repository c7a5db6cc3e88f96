"""Description of a sandbox, passed as JSON from the launcher to the process that builds and boots it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

PERSON = "researcher"
"""The ordinary user inside."""
DATA = f"/data/{PERSON}"
"""A folder of that user's outside of the home, /tmp and /var/tmp, as machines with several disks have one."""
NEIGHBOUR = "neighbour"
"""Another ordinary user, for tests of access rights: `su neighbour -c CMD` needs no password."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All paths are absolute and the same inside as outside."""

    name: str
    cgroup_folder: str
    mount_point: str
    """An existing folder that the builder covers, in its own mount namespace, with the tree that it builds."""
    uid: int
    reached: tuple[str, ...]
    """Folders that the ordinary user must be able to enter: the working folder."""
    exposed: tuple[str, ...]
    """Trees that the ordinary user must be able to read whole: the program, its environment, its interpreter."""
    overlaid: tuple[str, ...]
    """Those that the overlay of the root file system does not show: each gets an overlay of its own."""
    mount_parents: tuple[str, ...]
    """Folders above the overlaid ones that the file systems inside (/tmp, /run, /dev) lack; parents first."""
    bound: tuple[str, ...]
    """Other folders of the host to expose read-only."""
    bound_writable: tuple[str, ...]
    user_namespaces: bool
    tree: str
    """The root file system below the overlay: the host's (`/`), or another one, which is booted whole as it is."""
    private_network: bool
    """A private network namespace with only a loopback."""
    disk: str = ""
    """A folder for the upper layer, kept for the next boot. Empty: written files are discarded."""

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
