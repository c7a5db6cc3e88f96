"""`forgather completion`: the script of a shell, and what it offers."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from cli.command_line import Shell, SmallServer
from forgather_server import FORGATHER

ID = "q_1000_0000000a"


@pytest.fixture
def jobs(server: SmallServer) -> SmallServer:
    server.says("GET /api/jobs", [{"queue_id": ID}])
    return server


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ([""], {"job", "sched", "tb", "mkdocs", "completion"}, {"list"}),
        (["job", ""], {"list", "kill", "wait"}, {"job"}),
        (["job", "kill", ""], {ID}, {"list"}),
        (["stop", ""], {ID}, set()),
        (["job", "list", "--st"], {"--status", "--all"}, {"--raw"}),
        (["--server", "http://x", "sched", ""], {"pause", "cancel"}, set()),
        (["tb", "--"], {"--logdir", "--port", "--enqueue"}, {"--config-file"}),
        (["tb", ""], {":folders"}, {"install"}),
        (["tb", "--logdir", ""], {":folders"}, set()),
        (["mkdocs", "-f", ""], {":files"}, set()),
        (["logs", "plot", "--x-axis", ""], {"step", "epoch", "time"}, set()),
        (["service", "add", "--"], {"--logdir", "--replace"}, set()),
        (["nonsense", ""], set(), {"Traceback"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_offered(
    forgather: Shell, jobs: SmallServer, typed: list[str], offered: set[str], not_offered: set[str]
) -> None:
    done = forgather("completion", "bash", "--words", "--", *typed)
    found = set(done.out.splitlines())
    assert done.code == 0 and offered <= found and not not_offered & found, found


def test_bash_completes(forgather: Shell, jobs: SmallServer) -> None:
    (forgather.folder / "runs here").mkdir()
    (forgather.folder / "runs.txt").touch()

    def completed(*words: str) -> list[str]:
        line = " ".join(f"'{word}'" for word in ("forgather", *words))
        script = (
            f'forgather() {{ {FORGATHER} "$@"; }}; compopt() {{ :; }}; eval "$(forgather completion bash)"; '
            f"COMP_WORDS=({line}); COMP_CWORD={len(words)}; _forgather; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        )
        how = forgather.command() | {"args": ["bash", "--norc", "-c", script]}
        printed: str = subprocess.run(**how, check=True, timeout=120).stdout
        return printed.split("\n")[:-1]

    assert completed("job", "ki") == ["kill"]
    assert completed("job", "kill", "q_") == [ID]
    assert completed("tb", "run") == ["runs here"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_valid(forgather: Shell, shell: str) -> None:
    script = forgather("completion", shell).out
    assert f"forgather completion {shell} --words -- " in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=120)


def test_an_unknown_shell(forgather: Shell) -> None:
    done = forgather("completion", "csh")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("forgather: SHELL must be one of bash, zsh, fish, not 'csh'")
