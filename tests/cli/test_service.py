"""`forgather service`: requests to the server, and the printed responses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.command_line import Shell, SmallServer


def service(name: str, status: str | None, *, enabled: bool = True, error: str | None = None) -> dict[str, Any]:
    """As the server says it."""
    return {
        "service": {
            "type": "tensorboard",
            "name": name,
            "enabled": enabled,
            "args": {"logdir": "/x"},
            "signature": "0",
        },
        "running": status in ("running", "sleeping", "starting"),
        "queue_id": "q_1_00000000" if status else None,
        "status": status,
        "error": error,
        "url": f"/api/tb/{name}/",
    }


def test_the_list(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/services", [])
    assert forgather("service", "list").out == "no services: forgather service add tensorboard NAME --logdir DIR\n"
    listed = [
        service("asleep", "sleeping"),
        service("killed", "aborted"),
        service("off", None, enabled=False),
        service("lost", None, error="logdir /x does not exist"),
    ]
    server.says("GET /api/services", listed)
    rows = [line.split(maxsplit=4) for line in forgather("service", "list").out.splitlines()[1:]]
    assert [row[1:3] + row[4:] for row in rows] == [
        ["asleep", "sleeping", "-"],
        ["killed", "stopped", "-"],
        ["off", "disabled", "-"],
        ["lost", "-", "logdir /x does not exist"],
    ]
    assert rows[0][3] == f"{server.url}/api/tb/asleep/"
    # The API has the path alone.
    whole = [{**each, "url": f"{server.url}{each['url']}"} for each in listed]
    assert forgather("service", "list", "--json").json == whole


def test_add_sends_the_declaration(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/services", [])
    server.says("POST /api/services", service("lab", "sleeping"))
    words = ["logdir=runs", "port=6010", "idle_timeout=2h", "private=true", "window_title=No"]
    done = forgather("service", "add", "tensorboard", "lab", *words)
    assert done.out == f"tensorboard lab: sleeping  {server.url}/api/tb/lab/\n"
    assert server.asked[-1].body == {
        "type": "tensorboard",
        "name": "lab",
        "enabled": True,
        "args": {
            "logdir": str(forgather.folder / "runs"),
            "port": 6010,
            "idle_timeout": "2h",
            "private": True,
            "window_title": "No",
        },
    }
    forgather("service", "add", "mkdocs", "docs", "config_file=mkdocs.yml", "watch=src,/y", "--disabled")
    here = forgather.folder
    assert server.asked[-1].body == {
        "type": "mkdocs",
        "name": "docs",
        "enabled": False,
        "args": {"config_file": str(here / "mkdocs.yml"), "watch": [str(here / "src"), "/y"]},
    }


def test_flags_are_those_of_the_viewer(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/services", [])
    server.says("POST /api/services", service("lab", "sleeping"))
    flags = "--logdir runs --port 6010 --idle-timeout 2h --bind-all --window-title No memory_max=2G"
    assert forgather("service", "add", "tensorboard", "lab", *flags.split()).code == 0
    assert server.asked[-1].body["args"] == {
        "memory_max": "2G",
        "logdir": str(forgather.folder / "runs"),
        "port": 6010,
        "idle_timeout": "2h",
        "bind_all": True,
        "window_title": "No",
    }
    flags = "-f mkdocs.yml --no-livereload --watch src --watch /y"
    assert forgather("service", "add", "mkdocs", "docs", *flags.split()).code == 0
    here = forgather.folder
    assert server.asked[-1].body["args"] == {
        "config_file": str(here / "mkdocs.yml"),
        "livereload": False,
        "watch": [str(here / "src"), "/y"],
    }


def test_existing_service_is_replaced_only_with_replace(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/services", [service("lab", "running")])
    server.says("POST /api/services", service("lab", "sleeping"))
    words = ["service", "add", "tensorboard", "lab", "--logdir", "/y", "--port", "6010"]
    done = forgather(*words)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "forgather: tensorboard lab exists: logdir /x -> /y; port none -> 6010\n"
        "hint: --replace replaces it, which restarts it\n"
    )
    assert [request.method for request in server.asked] == ["GET"]
    done = forgather(*words, "--replace")
    assert done.out.splitlines() == [
        "changed: logdir /x -> /y",
        "changed: port none -> 6010",
        f"tensorboard lab: sleeping  {server.url}/api/tb/lab/",
    ]
    # The same declaration again changes nothing; another one of the same name and another kind is another service.
    for same in (["tensorboard", "lab", "logdir=/x"], ["mkdocs", "lab", "config_file=/y"]):
        assert forgather("service", "add", *same).code == 0
    assert "enabled true -> false" in forgather("service", "add", "tensorboard", "lab", "logdir=/x", "--disabled").err


@pytest.mark.parametrize(
    ("verb", "route", "body"),
    [
        ("enable", "POST /api/services/tensorboard/lab/enabled", {"enabled": True}),
        ("disable", "POST /api/services/tensorboard/lab/enabled", {"enabled": False}),
        ("start", "POST /api/services/tensorboard/lab/control/start", None),
        ("stop", "POST /api/services/tensorboard/lab/control/stop", None),
    ],
)
def test_each_verb_sends_its_request(
    forgather: Shell, server: SmallServer, verb: str, route: str, body: dict[str, Any] | None
) -> None:
    server.says(route, service("lab", "running"))
    done = forgather("service", verb, "tensorboard", "lab")
    state = "stopping" if verb == "stop" else "running"
    assert (done.code, done.out) == (0, f"tensorboard lab: {state}  {server.url}/api/tb/lab/\n")
    assert server.asked[-1].body == body
    assert json.loads(forgather("service", verb, "tensorboard", "lab", "--json").out)["status"] == "running"


def test_remove(forgather: Shell, server: SmallServer) -> None:
    server.says("DELETE /api/services/tensorboard/lab", {"deleted": "tensorboard:lab"})
    assert forgather("service", "remove", "tensorboard", "lab").out == "removed: tensorboard lab\n"
    server.says("DELETE /api/services/tensorboard/lab", {"detail": "no such service: tensorboard lab"}, 404)
    done = forgather("service", "remove", "tensorboard", "lab")
    assert (done.code, done.err) == (1, "forgather: no such service: tensorboard lab\n")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("tensorboard lab", "--logdir is missing"),
        ("tensorboard lab =x", "'=x' is not of the form KEY=VALUE"),
        ("tensorboard lab one two", "logdir is given twice"),
        ("tensorboard lab logdri=/x", "'logdri' is no option of TensorBoard (did you mean 'logdir'?)"),
        ("tensorboard lab logdir=/x --logdir /y", "logdir is given twice"),
        ("tensorboard lab logdir=/x --strict", "--strict is no option of TensorBoard"),
        ("jupyter x a=b", "type must be one of tensorboard, mkdocs, not 'jupyter'"),
    ],
)
def test_wrong_usage(forgather: Shell, server: SmallServer, typed: str, sentence: str) -> None:
    done = forgather("service", "add", *typed.split())
    assert (done.code, done.out) == (2, "")
    assert done.err == f"forgather: {sentence}\nsee: forgather service add --help\n"
    assert server.asked == []


def test_add_accepts_a_folder_without_a_key(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/services", [])
    server.says("POST /api/services", service("lab", "sleeping"))
    assert forgather("service", "add", "tensorboard", "lab", "runs", "port=6010").code == 0
    assert server.asked[-1].body["args"] == {"logdir": f"{forgather.folder}/runs", "port": 6010}


def test_status_of_one_service(forgather: Shell, server: SmallServer) -> None:
    server.says("GET /api/services", [service("other", None), service("lab", "sleeping")])
    done = forgather("service", "status", "tensorboard", "lab")
    assert (done.code, done.out) == (0, f"tensorboard lab: sleeping  {server.url}/api/tb/lab/\n")
    assert forgather("service", "show", "tensorboard", "lab", "--json").json["url"] == f"{server.url}/api/tb/lab/"
    done = forgather("service", "status", "mkdocs", "lab")
    assert (done.code, done.err) == (1, "forgather: no such service: mkdocs lab\nhint: forgather service list\n")
