"""`forgather service`: what is sent, and what is printed of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from command_line import Shell, SmallServer


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
    assert forgather("service", "list").out == "no services: forgather service add tensorboard NAME logdir=DIR\n"
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
    assert forgather("service", "list", "--json").json == listed


def test_what_is_declared(forgather: Shell, server: SmallServer) -> None:
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


@pytest.mark.parametrize(
    ("verb", "route", "body"),
    [
        ("enable", "POST /api/services/tensorboard/lab/enabled", {"enabled": True}),
        ("disable", "POST /api/services/tensorboard/lab/enabled", {"enabled": False}),
        ("start", "POST /api/services/tensorboard/lab/control/start", None),
        ("stop", "POST /api/services/tensorboard/lab/control/stop", None),
    ],
)
def test_each_verb_asks_for_its_own(
    forgather: Shell, server: SmallServer, verb: str, route: str, body: dict[str, Any] | None
) -> None:
    server.says(route, service("lab", "running"))
    done = forgather("service", verb, "tensorboard", "lab")
    state = "stopping" if verb == "stop" else "running"
    assert (done.code, done.out) == (0, f"tensorboard lab: {state}  {server.url}/api/tb/lab/\n")
    assert server.asked[-1].body == body
    assert json.loads(forgather("service", verb, "tensorboard", "lab", "--json").out)["status"] == "running"


def test_one_is_removed(forgather: Shell, server: SmallServer) -> None:
    server.says("DELETE /api/services/tensorboard/lab", {"removed": "tensorboard/lab"})
    assert forgather("service", "remove", "tensorboard", "lab").out == "removed: tensorboard lab\n"
    server.says("DELETE /api/services/tensorboard/lab", {"detail": "no such service: tensorboard lab"}, 404)
    done = forgather("service", "remove", "tensorboard", "lab")
    assert (done.code, done.err) == (1, "forgather: no such service: tensorboard lab\n")


@pytest.mark.parametrize("words", [["tensorboard", "lab"], ["tensorboard", "lab", "logdir"], ["jupyter", "x", "a=b"]])
def test_wrong_usage(forgather: Shell, server: SmallServer, words: list[str]) -> None:
    assert forgather("service", "add", *words).code == 2
    assert server.asked == []
