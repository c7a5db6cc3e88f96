"""The command by which a unit records how it ended: its ExecStopPost=.

systemd 252 writes ExecStopPostEx= of a transient service into the unit's file under this name, which it does not know
when it reads the file again, as it does at each daemon-reload. So a service also has a drop-in file with the command:
systemd reads it at a daemon-reload, and removes it with the unit if it has read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ExitCommand:
    """Runs `script` (exit_record.sh), which writes `file`. Its failure must not count as the viewer's."""

    script: Path
    file: Path
    unit: str
    scope_flag: str
    """Of systemctl: --user or --system."""
    socket: str = ""
    """The unit that has the viewer's port, if there is one: stopped with the viewer."""
    spare: str = ""
    """The file that takes the record if `file` cannot be written."""

    @property
    def argv(self) -> list[str]:
        return ["/bin/sh", str(self.script), str(self.file), self.unit, self.scope_flag, self.socket, self.spare]

    def service_property(self) -> list[tuple[bytes, list[bytes], list[bytes]]]:
        """The value of a service's ExecStopPostEx=.

        `privileged` means: outside of the sandbox, since inside neither `file` nor the manager can be reached.
        """
        words = [word.encode() for word in self.argv]
        return [(words[0], words, [b"ignore-failure", b"no-env-expand", b"privileged"])]

    def socket_property(self) -> list[tuple[bytes, list[bytes], bool]]:
        """The value of a socket's ExecStopPost=: without ExecStopPostEx=, systemd expands $, so each is doubled."""
        words = [word.replace("$", "$$").encode() for word in self.argv]
        return [(words[0], words, True)]

    def drop_in(self) -> str:
        """The drop-in file of a service: the prefixes have the meaning of the flags in `service_property`."""
        program, *words = self.argv
        command = " ".join([program, *map(_quoted, words)])
        return f"[Service]\nExecStopPost=\nExecStopPost=-:+{command}\n"


def _quoted(word: str) -> str:
    """One word of a command line in a unit file, for any text. (systemd.syntax(7), systemd.unit(5), specifiers)"""
    letters = (rf"\x{ord(letter):02x}" if letter < " " or letter in '"\\\x7f' else letter for letter in word)
    return '"' + "".join(letters).replace("%", "%%") + '"'
