"""Each mistake is one sentence and an exit code, never a traceback."""

from __future__ import annotations

import socket
import subprocess
import threading
from pathlib import Path

import pytest
from cli.command_line import Reply, Shell, SmallServer
from forgather_server import FORGATHER

ASKS = (["sched", "status"], ["sched", "list"], ["job", "list"], ["job", "dump", "q_1_00000000"], ["sched", "pause"])


@pytest.mark.parametrize("words", [*ASKS, ["job", "tail", "q_1_00000000"], ["job", "kill", "abc"]], ids=" ".join)
def test_a_server_that_is_down(forgather: Shell, words: list[str]) -> None:
    with socket.socket() as held:
        # Bound and not listening: no other program can answer there.
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        done = forgather(*words, "--server", url)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"forgather: could not reach forgather-server at {url}; is it running? (start with: forgather server)\n"
    )


def test_a_host_that_does_not_exist(forgather: Shell) -> None:
    done = forgather("job", "list", "--server", "http://no-such-host.invalid:8765")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "forgather: there is no host 'no-such-host.invalid'\n"
        "hint: is http://no-such-host.invalid:8765 spelled correctly?\n"
    )


def test_a_host_on_which_no_server_listens(forgather: Shell) -> None:
    name = socket.gethostname()
    with socket.socket() as held:
        # Bound and not listening: no other program can answer there.
        held.bind(("0.0.0.0", 0))
        port = held.getsockname()[1]
        done = forgather("job", "list", "--server", f"http://{name}:{port}")
    if "there is no host" not in done.err:
        assert done.err.startswith(f"forgather: {name} is there, and nothing listens at its port {port}\nhint: ")
    assert (done.code, done.out) == (1, "")


def test_the_server_is_found_where_it_last_listened(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", [])
    config = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather")
    (config / "server").mkdir(parents=True)
    (config / "server" / "auth_token").write_text("of-the-file\n")
    (config / "server" / "served_at").write_text(f"{server.url}\n")
    assert forgather("job", "list", FORGATHER_SERVER_URL="").err == "no jobs\n"
    assert server.asked[-1].headers["authorization"] == "Bearer of-the-file"
    # What the settings say counts more.
    (config / "units.yaml").write_text("port: 1\n")
    assert "at http://127.0.0.1:1;" in forgather("job", "list", FORGATHER_SERVER_URL="").err


def test_flag_overrides_variable_and_variable_overrides_settings(forgather: Shell) -> None:
    config = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather")
    config.mkdir(parents=True)
    (config / "units.yaml").write_text("host: 0.0.0.0\nport: 1\n")
    assert "at http://127.0.0.1:1;" in forgather("sched", "status", FORGATHER_SERVER_URL="").err
    assert "at http://127.0.0.1:2;" in forgather("sched", "status", FORGATHER_SERVER_URL="http://127.0.0.1:2/").err
    assert "at http://[::1]:3;" in forgather("sched", "status", "--server", "http://[::1]:3").err


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8765", "ftp://box", "http://", "http://a:b", "http://[", "http://a/?token=f", "http://u:p@a"]
)
def test_invalid_server_address(forgather: Shell, url: str) -> None:
    done = forgather("sched", "status", "--server", url)
    assert done.code == 1
    assert done.err.startswith(f"forgather: --server is not the address of a server: {url!r}\n")


def test_a_wrong_token(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/jobs", {"detail": "authentication required"}, 401)
    done = forgather("job", "list", FORGATHER_SERVER_TOKEN="f" * 64)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"forgather: {server.url} does not accept the token of $FORGATHER_SERVER_TOKEN\n")
    assert "f" * 64 not in done.err


@pytest.mark.parametrize("token", ["two\nlines", "tökén", "a b"])
def test_invalid_token_variable(forgather: Shell, token: str) -> None:
    done = forgather("job", "list", FORGATHER_SERVER_TOKEN=token)
    assert (done.code, done.err) == (1, "forgather: $FORGATHER_SERVER_TOKEN does not hold a token\n")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>hello</html>", kind="text/html"),
        Reply(b"", kind="application/json"),
        Reply({"a": 1}),
        Reply(["a"]),
        Reply(b"<html>gone</html>", 404, "text/html"),
        Reply(b"", 302),
        Reply({"detail": [1]}, 422),
    ],
    ids=["html", "empty", "object", "texts", "404 html", "redirect", "detail is no text"],
)
def test_another_program_on_the_port(forgather: Shell, server: SmallServer, reply: Reply) -> None:
    server.answers["GET /api/jobs"] = lambda request: reply
    done = forgather("job", "list")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"forgather: {server.url} does not respond like a forgather-server")
    assert done.err.endswith("hint: does another program listen there?\n")


def test_truncated_response(forgather: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(120)

        def answer_half() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n[")

        thread = threading.Thread(target=answer_half)
        thread.start()
        done = forgather("job", "list", "--server", f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert done.code == 1
    assert done.err.count("\n") == 1


def test_error_of_the_server_is_printed_with_its_hint(forgather: Shell, server: SmallServer) -> None:
    server.says("POST /api/jobs/cleanup", {"detail": "the disk is full", "hint": "empty it"}, 503)
    done = forgather("job", "cleanup")
    assert (done.code, done.err) == (1, "forgather: the disk is full\nhint: empty it\n")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["job"],
        ["job", "tail"],
        ["tb", "runs", "more"],
        ["tb", "--port", "0"],
        ["tb", "--port", "70000"],
        ["tb", "--port", "x"],
        ["tb", "--priority", "high"],
        ["tb", "--reload-interval=-1"],
        ["tb", "--log", "abbreviated"],
        ["tb", "--wait"],
        ["tb", "--enqueue", "--", "--purge_orphaned_data=false"],
        ["job", "force-kill", "q_1_00000000"],
        ["job", "list", "--", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage(forgather: Shell, server: SmallServer, words: list[str]) -> None:
    done = forgather(*words)
    assert (done.code, done.out) == (2, "")
    assert done.err
    assert server.asked == []


def test_settings_that_cannot_be_read(forgather: Shell) -> None:
    config = Path(forgather.environment["XDG_CONFIG_HOME"], "forgather")
    config.mkdir(parents=True)
    (config / "units.yaml").write_text("prot: 1\n")
    done = forgather("job", "list")
    assert done.code == 2
    assert "unknown setting 'prot'" in done.err


def test_a_config_needs_a_project(forgather: Shell) -> None:
    done = forgather("-p", ".", "-t", "train.yaml", "tb", "--dry-run")
    assert done.code == 1
    assert done.err.startswith("forgather: there is no meta.yaml in ")


@pytest.mark.parametrize(
    "words",
    [
        ["tb", "--enqueue", "--logdir", "runs"],
        ["tb", "--logdir", "runs"],
        ["tb"],
        ["-t", "train.yaml", "tb", "--enqueue"],
        ["mkdocs", "--enqueue"],
        ["ls"],
        ["ls", "."],
        ["logs", "list"],
        ["logs", "summary"],
        ["service", "add", "tensorboard", "lab", "logdir=runs"],
    ],
    ids=" ".join,
)
def test_a_current_folder_that_was_deleted(forgather: Shell, words: list[str]) -> None:
    in_a_deleted_folder = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    done = subprocess.run(
        ["/bin/sh", "-c", in_a_deleted_folder, "sh", FORGATHER, *words],
        cwd=forgather.folder, env=forgather.environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "forgather: the current folder was deleted\nhint: cd to another one, or to the same path again\n"
    )
