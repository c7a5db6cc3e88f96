"""The words that `forgather completion SHELL --words` offers."""

from __future__ import annotations

import shlex
import socket

import pytest
from cli.command_line import Shell, SmallServer

ID = "q_1000_0000000a"
QUEUED = "q_1000_0000000b"
ENDED = "q_1000_0000000c"


@pytest.fixture
def jobs(server: SmallServer) -> SmallServer:
    states = {ID: "running", QUEUED: "queued", ENDED: "failed", "$(id)": "running"}
    server.says("GET /api/jobs", [{"queue_id": each, "status": status} for each, status in states.items()])
    service = {"type": "tensorboard", "name": "lab", "enabled": True}
    server.says("GET /api/services", [{"service": service}, {"service": {**service, "name": "$(id)"}}])
    return server


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("''", {"job", "sched", "tb", "mkdocs", "completion", "ps", "help"}, {"list", "ls -r"}),
        ("ps", {"ps"}, {"list"}),
        ("ps ''", set(), {"list", ID}),
        ("ps --st", {"--status"}, {"--raw"}),
        ("help ''", {"job"}, {"--help"}),
        ("help job ''", {"list", "kill"}, {"job"}),
        ("job ''", {"list", "kill", "wait", "rm", "logs", "help"}, {"job"}),
        ("job kill ''", {ID, QUEUED}, {"list", ENDED, "$(id)"}),
        (f"job kill {ID} ''", {QUEUED}, {ID}),
        ("job remove ''", {ENDED}, {ID}),
        ("rm ''", {ENDED}, {ID}),
        ("job logs ''", {ID, ENDED}, set()),
        ("sched priority ''", {QUEUED}, {ID, ENDED}),
        (f"sched priority {QUEUED} ''", set(), {QUEUED, ":files"}),
        ("stop ''", {ID}, set()),
        ("job list --st", {"--status", "--all"}, {"--raw"}),
        ("job list --status ''", {"running", "stopped"}, {"run"}),
        ("job list --status=done,", {"done,failed"}, {"failed"}),
        ("job list --kind ''", {"tensorboard", "mkdocs"}, set()),
        ("job list --limit ''", set(), {":files", ID}),
        ("--server http://x sched ''", {"pause", "cancel"}, set()),
        ("tb --", {"--logdir", "--port", "--enqueue"}, {"--config-file"}),
        ("tb ''", {":folders"}, {"install"}),
        ("tb runs ''", set(), {":folders"}),
        ("tb --logdir ''", {":folders"}, set()),
        ("tb --logdir=", {":folders"}, set()),
        ("tb --port ''", set(), {":files", ":folders"}),
        ("tb -- ''", {":files"}, set()),
        ("-p ''", {":folders"}, set()),
        ("mkdocs -f ''", {":files"}, set()),
        ("logs summary ''", {":files"}, set()),
        ("logs plot --x-axis ''", {"step", "epoch", "time"}, set()),
        ("logs plot --compare a ''", {":files"}, set()),
        ("server --log-level ''", {"DEBUG"}, set()),
        ("service start ''", {"tensorboard", "mkdocs"}, set()),
        ("service start tensorboard ''", {"lab"}, {"$(id)"}),
        ("service start mkdocs ''", set(), {"lab"}),
        ("service add tensorboard ''", set(), {"lab"}),
        ("service add tensorboard new ''", {"logdir=", "port="}, {"config_file="}),
        ("service add --", {"--logdir", "--replace"}, set()),
        ("completion ''", {"bash", "zsh", "fish"}, set()),
        ("nonsense ''", set(), {"Traceback"}),
    ],
)
def test_offered_words(
    forgather: Shell, jobs: SmallServer, typed: str, offered: set[str], not_offered: set[str]
) -> None:
    done = forgather("completion", "zsh", "--words", "--", *shlex.split(typed))
    found = {line.partition("\t")[0] for line in done.out.splitlines()}
    assert done.code == 0 and offered <= found and not not_offered & found, found
    # bash hands over its line as it was typed.
    line = f"forgather {typed.removesuffix(chr(39) * 2)}"
    assert set(forgather("completion", "bash", "--words", "--", line).out.splitlines()) == found


@pytest.mark.parametrize(
    "line", ["tb --logdir 'my ru", 'tb --logdir "my ru', "tb --logdir my\\ ru", "tb --logdir my\\"]
)
def test_an_incomplete_line_of_bash(forgather: Shell, line: str) -> None:
    assert forgather("completion", "bash", "--words", "--", f"forgather {line}").out == ":folders\n"


def test_ids_come_from_the_server_of_the_line(forgather: Shell, jobs: SmallServer) -> None:
    for server in (["--server", jobs.url], [f"--server={jobs.url}"]):
        done = forgather(
            "completion", "fish", "--words", "--", *server, "job", "kill", "", FORGATHER_SERVER_URL="http://127.0.0.1:1"
        )
        assert ID in done.out


def test_unresponsive_server_delays_no_completion(forgather: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = forgather("completion", "bash", "--words", "--", "forgather job kill ", FORGATHER_SERVER_URL=url)
    assert (done.code, done.out) == (0, "")


def test_an_unknown_shell(forgather: Shell) -> None:
    done = forgather("completion", "csh")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("forgather: SHELL must be one of bash, zsh, fish, not 'csh'")
