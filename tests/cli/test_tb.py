"""`forgather tb`: in the foreground with the stock TensorBoard, and queued."""

from __future__ import annotations

import shlex
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from cli.command_line import Reply, Request, Shell, SmallServer
from ports import free_port
from waiting import wait_until

ID = "q_1000_0000000a"


@pytest.fixture
def models(forgather: Shell) -> Path:
    folder = forgather.folder / "output_models"
    folder.mkdir()
    (folder / "events.out.tfevents.1.host.1.0").touch()
    return folder


def dry(forgather: Shell, *words: str) -> list[str]:
    done = forgather("tb", "--dry-run", *words)
    assert (done.code, done.err) == (0, ""), done
    return shlex.split(done.out)


def test_the_command_line(forgather: Shell, models: Path) -> None:
    command, *flags = dry(forgather)
    assert Path(command).name == "tensorboard" and Path(command).is_absolute()
    assert flags == [f"--logdir={models}", "--port=6006", "--host=127.0.0.1"]


def test_all_options(forgather: Shell, models: Path) -> None:
    options = ["--port=6007", "--host=127.0.0.2", "--window-title=a b", "--reload-interval=0.5", "--reload-multifile"]
    flags = dry(forgather, *options, "--samples-per-plugin", "images=1", "--", "--purge_orphaned_data=false", "--", "x")
    assert flags[1:] == [
        f"--logdir={models}",
        "--port=6007",
        "--host=127.0.0.2",
        "--window_title=a b",
        "--reload_interval=0.5",
        "--reload_multifile=true",
        "--load_fast=false",
        "--samples_per_plugin=images=1",
        "--purge_orphaned_data=false",
        "--",
        "x",
    ]


def test_bind_all_wins_over_host(forgather: Shell, models: Path) -> None:
    assert dry(forgather, "--bind-all", "--host=127.0.0.2")[3:] == ["--bind_all"]


def test_auto_is_the_lowest_free_port(forgather: Shell, models: Path) -> None:
    def chosen() -> int:
        return int(dry(forgather, "--port=auto")[2].removeprefix("--port="))

    def take() -> socket.socket | None:
        """The chosen port; None if another test took it meanwhile."""
        try:
            return socket.create_server(("127.0.0.1", chosen()))
        except OSError:
            return None

    taken = wait_until(take)
    assert taken is not None
    with taken:
        first = taken.getsockname()[1]
        assert first >= 6006
        assert chosen() > first


@pytest.mark.parametrize("name", ["$HOME", "100%", "it's", "--x", "a:b,c", "new\nline"])
def test_odd_logdirs_arrive_as_they_are(forgather: Shell, name: str) -> None:
    folder = forgather.folder / name
    folder.mkdir()
    (folder / "tfevents").touch()
    assert dry(forgather, f"--logdir={name}")[1] == f"--logdir={folder}"


def test_logdirs_are_made_absolute_here(forgather: Shell, models: Path) -> None:
    home = Path(forgather.environment["HOME"])
    (home / "tfevents").touch()
    assert dry(forgather, "--logdir", "~")[1] == f"--logdir={home}"
    assert dry(forgather, "--logdir", "output_models/../output_models/")[1] == f"--logdir={models}"
    assert dry(forgather, "--logdir", ".")[1] == f"--logdir={forgather.folder}"
    link = forgather.folder / "latest"
    link.symlink_to(models)
    assert dry(forgather, "--logdir", "latest")[1] == f"--logdir={link}"


def test_the_project_names_the_default_logdir(forgather: Shell) -> None:
    models = forgather.folder / "project" / "output_models"
    models.mkdir(parents=True)
    (models / "tfevents").touch()
    done = forgather("-p", "project", "tb", "--all", "--dry-run", "--json")
    assert done.json["argv"][1] == f"--logdir={models}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "there is no output_models in "),
        (["--logdir", ""], "logdir is empty"),
        (["--logdir", "nowhere"], "nowhere does not exist"),
        (["--logdir", "/proc/version"], "is a file"),
        (["--logdir", "~no-such-user/x"], "does not exist"),
    ],
)
def test_invalid_logdir(forgather: Shell, words: list[str], sentence: str) -> None:
    done = forgather("tb", *words)
    assert (done.code, done.out) == (1, "")
    assert sentence in done.err
    assert done.err.startswith("forgather: ") and done.err.count("\n") == 1


def test_empty_logdir_prints_a_warning(forgather: Shell) -> None:
    done = forgather("tb", "--dry-run", "--logdir=.")
    assert (done.code, done.err) == (
        0,
        f"warning: {forgather.folder} has no event files yet: TensorBoard will be empty until a run writes some\n",
    )


def test_foreground_returns_the_exit_code_of_tensorboard(forgather: Shell, models: Path) -> None:
    done = forgather("tb", "--port", "auto", "--", "--reload_interval=soon")
    assert done.code == 2
    assert "--reload_interval" in done.err


@pytest.mark.parametrize("how", [["--dry-run"], ["--dry-run", "--enqueue"], [], ["--enqueue"]], ids=" ".join)
def test_samples_are_checked_in_foreground_and_as_a_job(
    forgather: Shell, server: SmallServer, models: Path, how: list[str]
) -> None:
    done = forgather("tb", *how, "--samples-per-plugin=images")
    assert (done.code, done.out, server.asked) == (1, "", [])
    assert done.err == "forgather: samples_per_plugin must look like images=100,scalars=500 (0 keeps all)\n"


def test_samples_with_spaces_zeros_and_unknown_names(forgather: Shell, models: Path) -> None:
    done = forgather("tb", "--dry-run", "--samples-per-plugin", " images = 100, scalar=0 ,text=00")
    assert shlex.split(done.out)[-1] == "--samples_per_plugin=images=100,scalar=1000000000,text=1000000000"
    assert done.err == (
        "warning: samples_per_plugin: unknown plugin 'scalar' (did you mean 'scalars'?): "
        "it has no effect unless a plugin of that name is installed\n"
    )


@pytest.mark.parametrize(
    ("logdir", "hint"),
    [
        ("s3://bucket/x", "mount it (mount-s3 or rclone mount, for example)"),
        ("gs://bucket/x", "mount it (gcsfuse or rclone mount, for example)"),
        ("hdfs://name/x", "mount it (hadoop-fuse-dfs or an NFS gateway, for example)"),
        ("file:///runs/x", "give the path alone: /runs/x"),
        ("a:/runs/x", "give the path alone: /runs/x"),
        ("a:/runs/x,b:runs/y", "make a folder with a link to each of them (ln -s)"),
    ],
)
def test_remote_logdir_is_refused(forgather: Shell, server: SmallServer, logdir: str, hint: str) -> None:
    for how in (["--dry-run"], ["--enqueue"], []):
        done = forgather("tb", *how, "--logdir", logdir)
        assert (done.code, done.out, server.asked) == (1, "", [])
        assert done.err.startswith(
            f"forgather: logdir must be one folder of this machine, not {logdir!r}\nhint: {hint}"
        ), done.err
    done = forgather("service", "add", "tensorboard", "lab", f"logdir={logdir}")
    assert (done.code, server.asked) == (1, [])


def test_a_folder_may_be_named_like_an_address(forgather: Shell) -> None:
    folder = forgather.folder / "s3:" / "bucket"
    folder.mkdir(parents=True)
    done = forgather("tb", "--dry-run", "--logdir", "s3://bucket")
    assert (done.code, shlex.split(done.out)[1]) == (0, f"--logdir={folder}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_foreground_process_becomes_tensorboard(forgather: Shell, models: Path, number: signal.Signals) -> None:
    port = free_port()
    with subprocess.Popen(**forgather.command("tb", f"--port={port}", "--", "--load_fast=false")) as process:
        try:
            # Once it listens it is not ready for Ctrl-C yet; once it answers it is.
            wait_until(lambda: _answers(port))
        finally:
            process.send_signal(number)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert f":{port}/" in err and "Traceback" not in err


def test_unavailable_port_or_host_in_the_foreground_is_one_sentence(forgather: Shell, models: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = forgather("tb", f"--port={port}")
        # Its command line can be had all the same.
        assert forgather("tb", f"--port={port}", "--dry-run").code == 0
    assert done.code == 1
    assert done.err.startswith(f"forgather: port {port} on 127.0.0.1 is in use\nhint: ")
    assert "--port auto" in done.err
    done = forgather("tb", "--host", "192.0.2.1")
    assert (done.code, done.err) == (1, "forgather: host '192.0.2.1' is not an address of this machine\n")


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=120).ok
    except requests.RequestException:
        return False


def accepts(server: SmallServer, **more: Any) -> None:
    server.answers["POST /api/queue"] = lambda request: Reply({**request.body, "queue_id": ID, **more})


def test_enqueue_sends_only_given_options(forgather: Shell, server: SmallServer, models: Path) -> None:
    accepts(server, warnings=["it is empty", "it is odd"])
    done = forgather("tb", "--enqueue", "--priority=-3")
    assert (done.code, done.out) == (0, f"queued: {ID} (tensorboard:6006, priority=-3)\n")
    assert done.err == "warning: it is empty\nwarning: it is odd\n"
    [request] = server.asked
    assert request.body == {
        "project_dir": str(models),
        "config": "tensorboard:6006",
        "dynamic_args": {},
        "requested_gpus": 0,
        "priority": -3,
        "job_type": "tensorboard",
        "job_params": {"logdir": str(models)},
    }


def test_enqueue_with_everything(forgather: Shell, server: SmallServer) -> None:
    accepts(server)
    words = "--logdir=runs --port=auto --bind-all --host=h --window-title=t --reload-interval=5 --reload-multifile"
    done = forgather("-p", ".", "tb", "--enqueue", "--json", *words.split(), "--samples-per-plugin=images=1")
    assert done.json["url"] == f"{server.url}/api/tb/{ID}/"
    [request] = server.asked
    assert (request.body["config"], request.body["project_dir"]) == ("tensorboard:auto", str(forgather.folder))
    assert request.body["job_params"] == {
        "logdir": str(forgather.folder / "runs"),
        "port": "auto",
        "host": "h",
        "bind_all": True,
        "window_title": "t",
        "reload_interval": 5.0,
        "reload_multifile": True,
        "samples_per_plugin": "images=1",
    }


def test_refusal_of_the_server_is_printed(forgather: Shell, server: SmallServer) -> None:
    server.says("POST /api/queue", {"detail": "logdir /x does not exist", "field": "logdir"}, 400)
    done = forgather("tb", "--enqueue", "--logdir=/x")
    assert (done.code, done.out, done.err) == (1, "", "forgather: logdir /x does not exist\n")


def test_enqueue_prints_the_reason_of_a_wait(forgather: Shell, server: SmallServer, models: Path) -> None:
    server.says("POST /api/queue", {"queue_id": ID, "waits_for": "port 6006 is held by another process"})
    done = forgather("tb", "--enqueue")
    assert done.out == f"queued: {ID} (tensorboard:6006, priority=0)\n"
    assert done.err == "waiting: port 6006 is held by another process\n"
    assert forgather("tb", "--enqueue", "--json").err == ""


def test_wait_prints_each_reason(forgather: Shell, server: SmallServer, models: Path) -> None:
    accepts(server)
    held = {"status": "queued", "waits_for": "port 6006 is held by another process"}
    states = iter([held, held, {"status": "starting"}, {"status": "running", "port": 6006}])
    server.answers[f"GET /api/jobs/{ID}/status"] = lambda request: Reply(next(states))
    done = forgather("tb", "--enqueue", "--open", DISPLAY="", WAYLAND_DISPLAY="")
    assert done.code == 0
    assert done.out.splitlines() == [f"queued: {ID} (tensorboard:6006, priority=0)", f"{server.url}/api/tb/{ID}/"]
    assert done.err == "waiting: port 6006 is held by another process\n"


def test_wait_for_one_that_fails(forgather: Shell, server: SmallServer, models: Path) -> None:
    accepts(server)
    failed = {"status": "failed", "exit_code": 3, "signal": None, "error": "it said: no"}
    server.says(f"GET /api/jobs/{ID}/status", failed)
    done = forgather("tb", "--enqueue", "--wait")
    assert (done.code, done.err) == (1, f"forgather: {ID} failed, exit code 3: it said: no\n")


def test_follow_prints_the_output(forgather: Shell, server: SmallServer, models: Path) -> None:
    accepts(server)

    def stream(request: Request) -> Reply:
        pieces = [
            b'id: c1\nevent: line\ndata: {"text": "serving", "ends": true, "time": 1}\n\n',
            b'id: c1\nevent: end\ndata: {"status": "done", "exit_code": 0}\n\n',
        ]
        return Reply(kind="text/event-stream", pieces=iter(pieces))

    server.answers[f"GET /api/jobs/{ID}/tty/stream"] = stream
    done = forgather("tb", "--enqueue", "--follow")
    assert done.out.splitlines() == [f"queued: {ID} (tensorboard:6006, priority=0)", "serving"]
    assert done.err == "--- done ---\n"
