"""The folders that a Python program reads its code from, and facts about its packages, for any kind of launcher.

The interpreter named by a script's first line is asked directly. Any other program (the `#!/bin/sh` launchers that pip
and uv write for long paths and paths with a space, a site's wrapper) is started once in a process of its own with a
`sitecustomize` module, which Python imports before the program's code; jobs run the program without that module.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from forgather_units.files import mount_walk
from forgather_units.files.helper_process import is_runnable
from forgather_units.files.regular_file import open_regular
from forgather_units.host.account import home_folders

log = logging.getLogger(__name__)

_INTERPRETER_LIMIT: Final = 10.0
"""Seconds: on a cold network file system an interpreter takes several."""
LAUNCHER_LIMIT: Final = 3.0
# Seconds beyond a limit for a program that uses the CPU, as on a busy machine, and the interval to check that.
BUSY: Final = 10.0
_AGAIN: Final = 0.1
_ANSWER: Final = "FORGATHER_ANSWER"
_LIB: Final = "FORGATHER_LIB"
_NOT_PASSED: Final = ("NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID")
"""The server's own connections to its service manager."""

_Identity = tuple[int, int, int]
_unanswered: Final[dict[str, _Identity]] = {}
"""Programs that are not asked again until their file changes, since each question took the whole limit."""


def folders_of(command: str, package: str = "") -> tuple[str, ...]:
    """The folders and files that `command` (an absolute path) reads its code from.

    `package` is the top-level package that the program imports. "/", the account's homes and their parents are left
    out: a unit with access to them would see everything.
    """
    own = [*_links(command), str(Path(command).parent), str(Path(command).resolve().parent)]
    asked = ask_python(command, _FOLDERS.replace("PACKAGE", repr(package)), package) or []
    there = dict.fromkeys(path for given in (*own, *asked) for path in _spellings(given) if _may_be_bound(path))
    return tuple(path for path in there if not any(_is_below(path, other) for other in there))


def ask_python(command: str, question: str, package: str = "") -> Any:
    """The value that `question` (Python source) assigns to `answer`, in the interpreter that runs `command`.

    Where `command` starts several interpreters (`conda run`), the first that can import `package` answers, else the
    last. None for a program that starts no Python, or does not answer within 3 s (an interpreter: 10 s).
    """
    try:
        identity = _identity(command)
        if _unanswered.get(command) == identity:
            return None
        answer = _ask(command, question, package)
    except OSError as why:
        log.warning("%s cannot be asked for its folders: %s", command, why)
        return None
    if answer is None:
        log.warning("%s did not say where its Python code is: see `forgather doctor`", command)
        _unanswered[command] = identity
    return answer


def touch_program(command: str) -> None:
    """Access the file of `command` (an absolute path) and of the interpreter that its first line names.

    A helper process that calls it finds out, before anything is started, whether their file systems answer. Raises
    TimeoutError.
    """
    try:
        mount_walk.enter(command)
        for path in _interpreter(command)[:1]:
            mount_walk.enter(path)
            os.stat(path)  # noqa: PTH116 - any text
    except TimeoutError:
        raise
    except OSError:
        # The program cannot be started, which its unit reports.
        pass


def _ask(command: str, question: str, package: str) -> Any:
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED}
    # A command in bin/ may find its modules in the sibling lib/, as that of the Debian package does.
    environment[_LIB] = str(Path(command).parent.parent / "lib")
    with tempfile.TemporaryDirectory(prefix="forgather-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "answer"
        environment[_ANSWER] = str(file)
        asking = (
            f"import os, sys; sys.path.append(os.environ[{_LIB!r}])\n{question}\nimport importlib.util, json\n"
            f"with open(os.environ[{_ANSWER!r}], 'w') as file: json.dump(answer, file)\n"
        )
        if interpreter := _interpreter(command):
            _run([*interpreter, "-c", asking], environment, _INTERPRETER_LIMIT)
            if file.exists():
                return _read(file)
        condition = f"if not {package!r} or importlib.util.find_spec({package!r}): os._exit(0)\n"
        # The folder of the module itself is no part of any answer.
        module = f"import sys; sys.path.remove({folder!r})\n{asking}{condition}sys.path.remove(os.environ[{_LIB!r}])\n"
        (Path(folder) / "sitecustomize.py").write_text(module)
        environment["PYTHONPATH"] = ":".join(filter(None, [folder, environment.get("PYTHONPATH")]))
        # A program that is not Python's does nothing but print its version.
        _run([command, "--version"], environment, LAUNCHER_LIMIT)
        return _read(file)


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return None


def _interpreter(command: str) -> list[str]:
    """The words of a script's first line where they name a Python; of a Python itself, its path."""
    with os.fdopen(open_regular(command), "rb") as script:
        first = script.readline(4096).decode(errors="surrogateescape").strip()
    if not first.startswith("#!"):
        return [command] if Path(command).name.startswith("python") else []
    words = first.removeprefix("#!").split()
    return words if any(Path(word).name.startswith(("python", "pypy")) for word in words) else []


def _run(command: list[str], environment: dict[str, str], limit: float) -> None:
    """Run until it ends, at most for `limit` seconds; for longer while it uses the CPU."""
    nowhere = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            command, stdin=nowhere, stdout=nowhere, stderr=nowhere, env=environment, cwd="/", start_new_session=True
        )
    except OSError as why:
        log.debug("%s: %s", command[0], why)
        return
    latest = time.monotonic() + limit + BUSY
    while not _ends(process, limit):
        limit = _AGAIN
        if is_runnable(process.pid) and time.monotonic() < latest:
            continue
        os.killpg(process.pid, signal.SIGKILL)
        # A process that waits for a dead mount does not end.
        _ends(process, 1)
        return


def _ends(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends within this time."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _identity(command: str) -> _Identity:
    about = Path(command).stat()
    return about.st_dev, about.st_ino, about.st_mtime_ns


_FOLDERS: Final = """
import importlib.util
def links(path):
    yield path
    while os.path.islink(path):
        path = os.path.join(os.path.dirname(path), os.readlink(path))
        yield path
def arguments():
    with open("/proc/self/cmdline", "rb") as words:
        return [os.fsdecode(word) for word in words.read().split(b"\\0") if word[:1] == b"/"]
def packages():
    spec = importlib.util.find_spec(PACKAGE) if PACKAGE else None
    return list(spec.submodule_search_locations or ()) if spec else []
prefixes = [sys.prefix, sys.base_prefix, sys.prefix + "/pyvenv.cfg"]
libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
answer = [*prefixes, *links(sys.executable), *sys.path, *arguments(), *packages(), *libraries]
"""
"""An editable installation has its package outside of sys.path."""


def _links(path: str) -> Iterator[str]:
    """`path`, and each path that leads from it to the file itself."""
    yield path
    for _ in range(40):
        if not Path(path).is_symlink():
            break
        path = str(Path(path).parent / Path(path).readlink())
        yield path


def _spellings(path: str) -> list[str]:
    """The path, unless systemd would refuse it, and the one behind its links; nothing for a relative one."""
    if not path.startswith("/"):
        return []
    real = os.path.realpath(path)
    return [real] if ".." in Path(path).parts else [str(Path(path)), real]


def _may_be_bound(path: str) -> bool:
    # Unlike Path.exists(), os.path.exists() does not raise for inaccessible paths.
    if not os.path.exists(path):  # noqa: PTH110
        return False
    return not any(Path(home).is_relative_to(os.path.realpath(path)) for home in ("/", *home_folders()))


def _is_below(folder: str, other: str) -> bool:
    return folder != other and Path(folder).is_relative_to(other)
