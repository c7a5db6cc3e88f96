"""Filters output to a terminal: only text, newline, tab, carriage return and colours (SGR) pass.

Commands print untrusted text: a job's output, titles, file names, another server's errors. Escape sequences in it make
a terminal fill the clipboard (OSC 52), change its title, or send input to the shell. So stdout and stderr are filtered
if they are terminals, for all code that writes to them. Output to a pipe or a file is unchanged, byte for byte.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
from typing import Any, BinaryIO, Final, TextIO, cast

from forgather_units.cli.streams import output_errors

_SGR: Final = re.compile(r"\x1b\[[0-9;:]{0,64}m")
_MAY_BECOME_SGR: Final = re.compile(r"\x1b(?:\[[0-9;:]{0,64})?\Z")
# C0 without tab, newline and carriage return; DEL; C1, which some terminals take for ESC and a letter.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_RESET: Final = "\x1b[0m"


class TerminalFilter:
    """Incremental filter that escapes control characters as cat -v does: `^[` for ESC."""

    def __init__(self) -> None:
        self._held = ""
        self.is_coloured = False
        """Whether a colour is active and was not reset."""

    def feed(self, text: str) -> str:
        """The filtered `text`. Holds back an incomplete colour sequence at its end."""
        text, self._held = self._held + text, ""
        if (begun := _MAY_BECOME_SGR.search(text)) is not None:
            text, self._held = text[: begun.start()], begun[0]
        shown: list[str] = []
        at = 0
        for colour in _SGR.finditer(text):
            shown += _CONTROL.sub(_visible, text[at : colour.start()]), colour[0]
            self.is_coloured = colour[0] not in ("\x1b[m", _RESET)
            at = colour.end()
        shown.append(_CONTROL.sub(_visible, text[at:]))
        return "".join(shown)

    def end(self) -> str:
        """The text that was held back, and a reset if a colour is active."""
        rest = _CONTROL.sub(_visible, self._held)
        self._held = ""
        if self.is_coloured:
            self.is_coloured = False
            rest += _RESET
        return rest


def _visible(control: re.Match[str]) -> str:
    number = ord(control[0])
    return "^?" if number == 0x7F else f"^{chr(number + 64)}" if number < 0x20 else f"\\x{number:02x}"


class SafeTerminal(io.TextIOWrapper):
    """A stream to a terminal, filtered."""

    def __init__(self, stream: TextIO) -> None:
        self._filter = TerminalFilter()
        super().__init__(
            cast(Any, stream.buffer), encoding=stream.encoding, errors="backslashreplace", line_buffering=True
        )

    def write(self, text: str) -> int:
        super().write(self._filter.feed(text))
        return len(text)

    def end(self) -> None:
        """At the end of the program, or before another one writes to the same terminal."""
        super().write(self._filter.end())
        self.flush()


class Output:
    """Writes a job's bytes to stdout: unchanged, or filtered if it is a terminal.

    `raw` disables the filter.
    """

    def __init__(self, *, raw: bool = False) -> None:
        self._is_text = isinstance(sys.stdout, SafeTerminal) and not raw
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, data: bytes) -> None:
        if self._is_text:
            sys.stdout.write(self._decoder.decode(data))
        else:
            with output_errors():
                cast(BinaryIO, sys.stdout.buffer).write(data)

    def flush(self) -> None:
        sys.stdout.flush()


def clear_screen() -> bool:
    """Clear the terminal that standard output is; False if it is none."""
    if not isinstance(sys.stdout, SafeTerminal):
        return False
    sys.stdout.flush()
    # Past the filter: this text is ours.
    cast(BinaryIO, sys.stdout.buffer).write(b"\x1b[H\x1b[2J")
    return True


def protect_terminals() -> None:
    """Filter this process's standard output and error from now on, if they are terminals."""
    if sys.stdout.isatty():
        sys.stdout = SafeTerminal(sys.stdout)
    if sys.stderr.isatty():
        sys.stderr = SafeTerminal(sys.stderr)


def release_terminals() -> None:
    """Write what the filters hold back, and reset active colours."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, SafeTerminal):
            stream.end()
