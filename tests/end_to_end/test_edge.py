"""What the edge refuses, before anything is queued, and who may not come in."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from forgather_server import Forgather, submission

from forgather_units.auth.gated_paths import OPEN
from forgather_units.server.app import create_app
from forgather_units.server.webpage import is_built


@pytest.fixture(scope="module")
def forgather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgather]:
    """One server for all tests here: what it refuses leaves no trace in it."""
    server = Forgather(tmp_path_factory.mktemp("edge"))
    try:
        server.start()
        yield server
    finally:
        server.clean()


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"logdir": ""}, 400, "logdir is empty"),
        ({"logdir": "relative"}, 400, "not an absolute path"),
        ({"logdir": "/does/not/exist"}, 400, "does not exist"),
        ({"logdir": "/etc/passwd"}, 400, "is a file"),
        ({"logdir": None}, 400, "logdir is missing"),
        ({"logdir": 5}, 422, "logdir must be text"),
        ({"port": 0}, 400, "port must be from 1 to 65535"),
        ({"port": 70000}, 400, "port must be from 1 to 65535"),
        ({"port": "abc"}, 422, "port must be a whole number"),
        ({"reload_interval": -1}, 400, "reload_interval cannot be below 0"),
        ({"reload_interval": "soon"}, 422, "reload_interval must be a number"),
        ({"samples_per_plugin": "images"}, 400, "images=100,scalars=500"),
        ({"host": "no.such.host.invalid"}, 400, "does not resolve"),
        ({"host": "192.0.2.1"}, 400, "not an address of this machine"),
        ({"bind_all": "yes"}, 422, "bind_all must be true or false"),
        ({"colour": "red"}, 422, "unknown key 'colour'"),
    ],
)
def test_bad_parameters_get_one_sentence(
    forgather: Forgather, tmp_path: Path, params: dict[str, Any], status: int, words: str
) -> None:
    before = forgather.get("/api/jobs").json()
    body = submission(tmp_path)
    body["job_params"] |= params
    answer = forgather.post("/api/queue", body)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert forgather.get("/api/jobs").json() == before


def test_a_logdir_that_cannot_be_read(forgather: Forgather, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    answer = forgather.post("/api/queue", submission(closed))
    assert (answer.status_code, "cannot be read" in answer.json()["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"job_type": "training"}, 400, "unsupported job_type 'training'"),
        ({"job_params": None}, 400, "job_params is missing"),
        ({"job_params": []}, 422, "job_params must be an object"),
        ({"requested_gpus": -1}, 400, "requested_gpus cannot be negative"),
        ({"priority": "high"}, 422, "priority must be a whole number"),
        ({"project_dir": None}, 422, "project_dir"),
        ({"extra": 1}, 422, "unknown key 'extra'"),
    ],
)
def test_bad_bodies(forgather: Forgather, tmp_path: Path, change: dict[str, Any], status: int, words: str) -> None:
    answer = forgather.post("/api/queue", submission(tmp_path) | change)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_no_json_is_refused_as_json(forgather: Forgather) -> None:
    answer = forgather.session.post(f"{forgather.url}/api/queue", data="{", timeout=10)
    assert answer.status_code in (400, 415)
    assert set(answer.json()) == {"detail"}


def test_a_logdir_without_event_files_is_a_warning(
    forgather: Forgather, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    answer = forgather.post(
        "/api/queue", submission(tmp_path, port=free_port(), host="127.0.0.9", bind_all=True)
    ).json()
    assert "no event files yet" in answer["warnings"][0]
    record = forgather.job(answer["queue_id"])
    assert record["host"] == "0.0.0.0"


def test_every_route_below_api_is_closed_for_every_verb(forgather: Forgather, tmp_path: Path) -> None:
    """The routes come from the application's own map, so that a new one cannot be forgotten."""
    paths = {"/api/tb/q_1_00000000/", "/api/tb/q_1_00000000", "/api/tb/", "/api/nothing", "/api"}
    for rule in create_app(_HouseOfCards()).url_map.iter_rules():  # type: ignore[arg-type]
        if rule.rule.startswith("/api"):
            paths.add(rule.rule.replace("<queue_id>", "q_1_00000000").replace("<action>", "kill"))
    assert len(paths) > 15
    for path in sorted(paths):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if (method, path) in OPEN:
                continue
            answer = requests.request(method, forgather.url + path, timeout=10, allow_redirects=False)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="forgather"'
            if method != "HEAD":
                assert answer.json() == {"detail": "authentication required"}


class _HouseOfCards:
    """Enough of a house for the routes to be listed; none of them is called."""

    def __getattr__(self, name: str) -> _HouseOfCards:
        return self


@pytest.mark.parametrize(
    "target",
    [
        "//api/queue",
        "/api//queue",
        "/./api/queue",
        "/x/../api/queue",
        "/%61pi/queue",
        "/api/health/../queue",
        "/api/health/",
        "/api%2fqueue",
        "/API/queue",
        "/api/queue/",
        "/api/tb/../queue",
        "http://x/api/queue",
    ],
)
def test_no_spelling_goes_around_the_gate(forgather: Forgather, target: str) -> None:
    host, port = forgather.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    status = int(answer.split()[1])
    assert status in (400, 401, 404), answer[:200]
    assert b"queue_id" not in answer


def test_tokens_wrong_and_right(forgather: Forgather) -> None:
    def status(**how: Any) -> int:
        return requests.get(f"{forgather.url}/api/queue", timeout=10, **how).status_code

    assert status(headers={"Authorization": "Bearer wrong"}) == 401
    assert status(params={"token": "wrong"}) == 401
    assert status(cookies={"forgather_session": "wrong"}) == 401
    assert status(params={"token": forgather.token}) == 200


def test_signing_in_with_the_printed_address(forgather: Forgather) -> None:
    browser = requests.Session()
    # The page that needs no script; where the other one is built, that has `/`.
    plain = "/plain" if is_built() else "/"
    page = browser.get(f"{forgather.url}{plain}?token={forgather.token}", timeout=10)
    assert (page.status_code, page.url) == (200, f"{forgather.url}{plain}")
    assert "<h1>Jobs</h1>" in page.text
    assert browser.get(f"{forgather.url}/api/queue", timeout=10).json() == []
    # A page of another site borrows the session.
    foreign = browser.post(
        f"{forgather.url}/api/queue/scheduler", json={"enabled": False}, headers={"Origin": "http://evil"}, timeout=10
    )
    assert foreign.status_code == 403
    assert forgather.get("/api/queue/scheduler").json()["enabled"] is True
    out = browser.post(f"{forgather.url}/sign-out", headers={"Origin": forgather.url}, timeout=10)
    assert "<h1>Sign in</h1>" in out.text
    assert browser.get(f"{forgather.url}/api/queue", timeout=10).status_code == 401


def test_a_rebound_name_is_refused(forgather: Forgather) -> None:
    answer = forgather.get("/api/health", headers={"Host": "evil.example:8765"})
    assert answer.status_code == 421
    assert "allowed_hosts" in answer.json()["detail"]
