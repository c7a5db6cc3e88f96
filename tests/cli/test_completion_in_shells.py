"""Tab completes `forgather` in real interactive shells."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest
from cli.command_line import Shell, SmallServer
from cli.interactive_shell import interactive
from forgather_server import FORGATHER

ID: Final = "q_1000_0000000a"
ENDED: Final = "q_2000_0000000b"
# The typed line, and the words of the command that Tab makes of it; a folder may end with a slash.
LINES: Final = (
    ("job ki", ["job", "kill"]),
    ("job kill q_", ["job", "kill", ID]),
    ("stop q_", ["stop", ID]),
    ("rm q_", ["rm", ENDED]),
    ("job kill --al", ["job", "kill", "--all"]),
    ("tb --logdir my", ["tb", "--logdir", "my runs"]),
    ("tb --logdir=my", ["tb", "--logdir=my runs"]),
    ("tb my\\ r", ["tb", "my runs"]),
    ("mkdocs -f 'site", ["mkdocs", "-f", "site one.yml"]),
    ("logs plot --x-axis st", ["logs", "plot", "--x-axis", "step"]),
    ("logs plot --x-axis=st", ["logs", "plot", "--x-axis=step"]),
    ("job list --status done,run", ["job", "list", "--status", "done,running"]),
    ("service start tensorboard la", ["service", "start", "tensorboard", "lab"]),
    ("service add tensorboard new logd", ["service", "add", "tensorboard", "new", "logdir="]),
    ("--server {url} job kil", ["--server", "{url}", "job", "kill"]),
    ("sto", ["stop"]),
)


@pytest.fixture
def jobs(forgather: Shell, server: SmallServer) -> SmallServer:
    for folder in ("my runs", "other"):
        (forgather.folder / folder).mkdir()
    for file in ("my notes.txt", "site one.yml"):
        (forgather.folder / file).touch()
    trap = f"$(touch {forgather.folder}/trapped) `touch {forgather.folder}/trapped`"
    job = {"queue_id": ID, "status": "running", "title": f"a \"b\" 'c': {trap}\n"}
    server.says("GET /api/jobs", [job, {**job, "queue_id": ENDED, "status": "done"}, {**job, "queue_id": trap}])
    service = {"type": "tensorboard", "name": "lab", "enabled": True}
    others = [{**service, "type": "mkdocs", "name": "lamp"}, {**service, "name": trap}]
    server.says("GET /api/services", [{"service": each, "status": trap} for each in (service, *others)])
    return server


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_tab_completes_a_line(forgather: Shell, jobs: SmallServer, tmp_path: Path, shell: str) -> None:
    with interactive(shell, tmp_path / shell, forgather.environment, forgather.folder) as terminal:
        for typed, words in LINES:
            done = terminal.completed(f"forgather {typed.format(url=jobs.url)}")
            assert [word.rstrip("/") for word in done] == [word.format(url=jobs.url) for word in words], typed
    assert not (forgather.folder / "trapped").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_valid(forgather: Shell, shell: str) -> None:
    script = forgather("completion", shell).out
    subprocess.run([shell, "-n"], input=script, text=True, check=True, timeout=120)


def test_fish_shows_meanings(forgather: Shell, jobs: SmallServer, tmp_path: Path) -> None:
    script = forgather("completion", "fish").out
    path = f"{Path(FORGATHER).parent}:{forgather.environment['PATH']}"
    how = forgather.command(PATH=path, XDG_CONFIG_HOME=str(tmp_path)) | {
        "args": ["fish", "-c", f"{script}\ncomplete -C 'forgather job ki'; complete -C 'forgather stop '"]
    }
    shown = subprocess.run(**how, check=True, timeout=120).stdout.splitlines()
    assert shown[0] == "kill\tstop jobs (SIGTERM), also queued ones"
    assert shown[1].startswith(f"{ID}\trunning: a \"b\" 'c': $(touch ") and len(shown) == 2
