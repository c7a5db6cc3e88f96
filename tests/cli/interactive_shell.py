"""An interactive bash, zsh or fish on a pseudo-terminal, in which a test presses Tab."""

from __future__ import annotations

import fcntl
import os
import pty
import shlex
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from forgather_server import FORGATHER
from waiting import wait_until

_PROMPT: Final = b"READY"
_RECORDED: Final = b"RECORDED"
# `forgather completion` is the real one and leaves a line in `asked`; any other command only records its arguments.
_RECORDER: Final = """#!/bin/sh
if [ "$1" = completion ]; then {forgather} "$@"; echo >>{folder}/asked; exit; fi
printf '%s\\0' "$@" >{folder}/typed.new; mv {folder}/typed.new {folder}/typed
echo RECORDED
"""


class InteractiveShell:
    """The shell with the completion script of `forgather`, installed as its documents say."""

    def __init__(self, shell: str, folder: Path, environment: dict[str, str], current: Path) -> None:
        self._folder = folder
        command = folder / "bin" / "forgather"
        command.parent.mkdir(parents=True)
        command.write_text(_RECORDER.format(forgather=FORGATHER, folder=folder))
        command.chmod(0o755)
        (folder / "asked").touch()
        script = subprocess.run([FORGATHER, "completion", shell], capture_output=True, text=True, check=True).stdout
        words, variables = _SET_UP[shell](folder, script)
        self._seen = b""
        self._terminal, theirs = pty.openpty()
        path = f"{command.parent}:{environment['PATH']}"
        self._process = subprocess.Popen(
            words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=current, start_new_session=True,
            env={**environment, **variables, "PATH": path, "TERM": "xterm"},
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        wait_until(lambda: _PROMPT in self._seen, 60)

    def completed(self, line: str, end: str = "") -> list[str]:
        """The words after `forgather` in the command that Tab makes of `line`; `end` is typed behind it."""
        (self._folder / "typed").unlink(missing_ok=True)
        asked, seen = self._asked(), len(self._seen)
        self._type(f"{line}\t")
        wait_until(lambda: self._asked() > asked, 60, f"{line!r} asks for words: {self._seen[seen:]!r}")
        self._type(f"{end}\n")
        wait_until((self._folder / "typed").exists, 60, f"{line!r} is run: {self._seen[seen:]!r}")
        # Otherwise the shell would not edit the next line, and take its Tab as it is.
        wait_until(lambda: _PROMPT in self._seen[seen:].partition(_RECORDED)[2], 60)
        return (self._folder / "typed").read_text().split("\0")[:-1]

    def close(self) -> None:
        self._process.kill()
        self._process.wait(20)
        self._reader.join(20)
        os.close(self._terminal)

    def _type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def _asked(self) -> int:
        return (self._folder / "asked").stat().st_size

    def _read(self) -> None:
        # The terminal's last process has ended.
        with suppress(OSError):
            while piece := os.read(self._terminal, 65536):
                self._seen += piece


def _bash(folder: Path, script: str) -> tuple[list[str], dict[str, str]]:
    (folder / "forgather.bash").write_text(script)
    (folder / "bashrc").write_text(f"PS1={_PROMPT.decode()}\n. {shlex.quote(str(folder))}/forgather.bash\n")
    return ["bash", "--noprofile", "--rcfile", str(folder / "bashrc"), "-i"], {}


def _zsh(folder: Path, script: str) -> tuple[list[str], dict[str, str]]:
    (folder / "_forgather").write_text(script)
    (folder / ".zshrc").write_text(
        f"PROMPT={_PROMPT.decode()}\nfpath=({shlex.quote(str(folder))} $fpath)\nautoload -U compinit\ncompinit -u -D\n"
    )
    return ["zsh", "-i"], {"ZDOTDIR": str(folder)}


def _fish(folder: Path, script: str) -> tuple[list[str], dict[str, str]]:
    completions = folder / "fish" / "completions"
    completions.mkdir(parents=True)
    (completions / "forgather.fish").write_text(script)
    (folder / "fish" / "config.fish").write_text(f"function fish_prompt; echo -n {_PROMPT.decode()}; end\n")
    return ["fish", "-i"], {"XDG_CONFIG_HOME": str(folder)}


_SET_UP: Final = {"bash": _bash, "zsh": _zsh, "fish": _fish}


@contextmanager
def interactive(shell: str, folder: Path, environment: dict[str, str], current: Path) -> Iterator[InteractiveShell]:
    """The shell with its files in `folder` and `current` as its current folder; ended behind the `with`."""
    started = InteractiveShell(shell, folder, environment, current)
    try:
        yield started
    finally:
        started.close()
