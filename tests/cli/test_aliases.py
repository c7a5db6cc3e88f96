"""Words that users of systemctl, docker and pueue type are taken."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from cli.command_line import Reply, Request, Shell, SmallServer

ID = "q_1000_0000000a"
PRINTED = b"serving\n"


@pytest.fixture
def jobs(server: SmallServer) -> SmallServer:
    server.says("GET /api/jobs", [])
    server.says("GET /api/queue", [])
    server.says("GET /api/services", [])
    server.says(f"GET /api/jobs/{ID}/status", {"queue_id": ID, "status": "running"})
    server.says(f"POST /api/jobs/{ID}/control/kill", {"message": "stopped"})
    server.says(f"DELETE /api/jobs/{ID}", {"removed": ID})
    server.says("DELETE /api/services/tensorboard/lab", {})
    server.answers[f"GET /api/jobs/{ID}/tty"] = lambda request: Reply(PRINTED, kind="text/plain")
    server.answers[f"GET /api/jobs/{ID}/tty/stream"] = lambda request: Reply(
        kind="text/event-stream", pieces=iter([b'event: end\ndata: {"status": "done"}\n\n'])
    )
    return server


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("ps", "job list"),
        (f"stop {ID}", f"job kill {ID}"),
        (f"rm {ID}", f"job remove {ID}"),
        (f"logs {ID}", f"job dump {ID}"),
        ("job ls", "job list"),
        ("job ps", "job list"),
        (f"job stop {ID}", f"job kill {ID}"),
        (f"job rm {ID}", f"job remove {ID}"),
        (f"job logs {ID}", f"job dump {ID}"),
        (f"logs -f {ID}", f"job tail {ID}"),
        (f"job logs --follow {ID}", f"job tail {ID}"),
        ("sched ls", "sched list"),
        ("service ls", "service list"),
        (f"job show {ID}", f"job status {ID}"),
        (f"job inspect {ID}", f"job status {ID}"),
        ("version", "--version"),
        ("service rm tensorboard lab", "service remove tensorboard lab"),
        ("help", "--help"),
        ("help job", "job --help"),
        ("help job kill", "job kill --help"),
        ("job help", "job --help"),
        ("job help kill", "job kill --help"),
    ],
)
def test_an_alias(forgather: Shell, jobs: SmallServer, typed: str, command: str) -> None:
    done = forgather(*shlex.split(typed))
    asked = [(request.method, request.path) for request in jobs.asked]
    jobs.asked.clear()
    assert (done.code, done) == (0, forgather(*shlex.split(command)))
    assert asked == [(request.method, request.path) for request in jobs.asked]


def test_help_lists_aliases(forgather: Shell) -> None:
    assert "ps = job list" in forgather("--help").out
    assert "logs = dump" in forgather("job", "--help").out


def test_logs_of_a_folder_are_those_of_trainings(forgather: Shell, server: SmallServer) -> None:
    done = forgather("logs", "list", "runs")
    assert done.code == 1 and "runs" in done.err
    assert server.asked == []


@pytest.mark.parametrize(
    "typed", ["--server {} job list", "--server={} ps", "job --server {} list", "job list --server {}"]
)
def test_server_option_is_accepted_at_any_place(forgather: Shell, jobs: SmallServer, typed: str) -> None:
    done = forgather(*shlex.split(typed.format(jobs.url)), FORGATHER_SERVER_URL="http://127.0.0.1:1")
    assert (done.code, done.err) == (0, "no jobs\n")


def test_folder_is_accepted_without_flag(forgather: Shell, server: SmallServer) -> None:
    folder = forgather.folder / "runs"
    folder.mkdir()
    (folder / "events.out.tfevents.1.host.1.0").touch()
    flags = shlex.split(forgather("tb", "--port", "6007", "runs", "--bind_all", "--dry-run").out)[1:]
    assert flags == [f"--logdir={folder}", "--port=6007", "--bind_all"]

    def accept(request: Request) -> Reply:
        return Reply({**request.body, "queue_id": ID})

    server.answers["POST /api/queue"] = accept
    assert forgather("tb", "runs", "--enqueue").code == 0
    assert server.asked[-1].body["job_params"]["logdir"] == str(folder)
    # A folder's name may look like an option.
    Path(forgather.folder, "-x").mkdir()
    assert f"--logdir={forgather.folder}/-x" in forgather("tb", "./-x", "--dry-run").out
    site = forgather.folder / "site.yml"
    site.write_text("site_name: x\n")
    (forgather.folder / "docs").mkdir()
    assert f"--config-file={site}" in forgather("mkdocs", "site.yml", "--dry-run").out
