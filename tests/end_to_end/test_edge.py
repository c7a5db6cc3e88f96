"""Invalid requests, which the API refuses before it queues anything, and authentication."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from forgather_server import Forgather, submission

from forgather_units.api.flask_app import create_app
from forgather_units.auth.gated_paths import OPEN
from forgather_units.daemon.http_app import blueprints
from forgather_units.page.static_page import is_built


@pytest.fixture(scope="module")
def forgather(module_forgather: Forgather) -> Forgather:
    """One server for all tests here: refused requests do not change its state."""
    return module_forgather


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
        ({"reload_interval": -1}, 400, "reload_interval must be from 0 to 1e9 seconds"),
        ({"reload_interval": "soon"}, 422, "reload_interval must be a number"),
        ({"samples_per_plugin": "images"}, 400, "images=100,scalars=500"),
        ({"logdir": "s3://bucket/x"}, 400, "logdir must be one folder of this machine, not 's3://bucket/x'"),
        ({"logdir": "a:/x,b:/y"}, 400, "logdir must be one folder of this machine"),
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


def test_an_unreadable_logdir_is_refused(forgather: Forgather, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    answer = forgather.post("/api/queue", submission(closed))
    assert (answer.status_code, "cannot be read" in answer.json()["detail"]) == (400, True)


def test_a_privileged_port_is_refused(forgather: Forgather, tmp_path: Path) -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if os.geteuid() == 0 or first <= 80:
        pytest.skip("this account may listen on port 80")
    answer = forgather.post("/api/queue", submission(tmp_path, port=80))
    assert answer.status_code == 400
    assert answer.json()["field"] == "port"
    assert f"net.ipv4.ip_unprivileged_port_start is {first}" in answer.json()["detail"]
    assert "sysctl net.ipv4.ip_unprivileged_port_start=80" in answer.json()["hint"]
    checked = forgather.get("/api/ports?port=80").json()
    assert (checked["free"], "unprivileged_port_start" in checked["error"]) == (False, True)
    refused = forgather.cli("tb", "--logdir", str(tmp_path), "--port", "80", check=False)
    assert (refused.returncode, "unprivileged_port_start" in refused.stderr) == (1, True)
    assert forgather.submit(tmp_path, port=80, private=True, lazy=True), "a private job listens on no port"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"job_type": "training"}, 400, "unsupported job_type 'training'"),
        ({"job_params": None}, 400, "job_params is missing"),
        ({"job_params": []}, 422, "job_params must be an object"),
        ({"requested_gpus": -1}, 400, "requested_gpus cannot be negative"),
        ({"priority": "high"}, 422, "priority must be a whole number"),
        ({"project_dir": None}, 422, "project_dir"),
    ],
)
def test_bad_bodies_get_one_sentence(
    forgather: Forgather, tmp_path: Path, change: dict[str, Any], status: int, words: str
) -> None:
    answer = forgather.post("/api/queue", submission(tmp_path) | change)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text


def test_an_unknown_key_of_the_body_is_a_warning(forgather: Forgather, tmp_path: Path) -> None:
    """A misspelt parameter is refused, but a later version of Forgather's client may send more keys beside them."""
    answer = forgather.post("/api/queue", submission(tmp_path) | {"dataset_source": None, "extra": 1})
    assert answer.status_code == 200, answer.text
    said = [warning for warning in answer.json()["warnings"] if "no effect" in warning]
    assert said == [f"the key '{key}' is unknown and has no effect" for key in ("dataset_source", "extra")]
    forgather.cli("job", "kill", answer.json()["queue_id"])


def test_the_error_for_invalid_json_is_json(forgather: Forgather) -> None:
    answer = forgather.session.post(f"{forgather.url}/api/queue", data="{", timeout=120)
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


def test_every_api_route_requires_authentication_for_every_method(forgather: Forgather, tmp_path: Path) -> None:
    """The routes are read from the application's URL map, which includes new ones."""
    paths = {"/api/tb/q_1_00000000/", "/api/tb/q_1_00000000", "/api/tb/", "/api/nothing", "/api"}
    for rule in create_app(blueprints(_NoServer())).url_map.iter_rules():  # type: ignore[arg-type]
        if rule.rule.startswith("/api"):
            paths.add(rule.rule.replace("<queue_id>", "q_1_00000000").replace("<action>", "kill"))
    assert len(paths) > 15
    for path in sorted(paths):
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if (method, path) in OPEN:
                continue
            answer = requests.request(method, forgather.url + path, timeout=120, allow_redirects=False)
            assert answer.status_code == 401, (method, path, answer.status_code)
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="forgather"'
            if method != "HEAD":
                assert answer.json() == {"detail": "authentication required"}


class _NoServer:
    """Has every attribute: enough to list the routes, none of which is called."""

    def __getattr__(self, name: str) -> _NoServer:
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
def test_no_spelling_of_a_path_bypasses_the_gate(forgather: Forgather, target: str) -> None:
    host, port = forgather.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 120) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    status = int(answer.split()[1])
    assert status in (400, 401, 404), answer[:200]
    assert b"queue_id" not in answer


def test_only_the_right_token_authenticates(forgather: Forgather) -> None:
    def status(**how: Any) -> int:
        return requests.get(f"{forgather.url}/api/queue", timeout=120, **how).status_code

    assert status(headers={"Authorization": "Bearer wrong"}) == 401
    assert status(params={"token": "wrong"}) == 401
    assert status(cookies={"forgather_session": "wrong"}) == 401
    assert status(params={"token": forgather.token}) == 200


def test_signing_in_with_the_printed_link(forgather: Forgather) -> None:
    browser = requests.Session()
    # The page without script; if the other page is built, that one is at `/`.
    plain = "/plain" if is_built() else "/"
    page = browser.get(f"{forgather.url}{plain}?token={forgather.token}", timeout=120)
    assert (page.status_code, page.url) == (200, f"{forgather.url}{plain}")
    assert "<h1>Jobs</h1>" in page.text
    assert browser.get(f"{forgather.url}/api/queue", timeout=120).json() == []
    # A page of another site uses the session; the default port of the same address is another site too.
    for origin in ("http://evil", "http://127.0.0.1", "https://127.0.0.1"):
        foreign = browser.post(
            f"{forgather.url}/api/queue/scheduler", json={"enabled": False}, headers={"Origin": origin}, timeout=120
        )
        assert foreign.status_code == 403, origin
    assert (
        browser.post(f"{forgather.url}/sign-out", headers={"Origin": "http://127.0.0.1"}, timeout=120).status_code
        == 403
    )
    assert forgather.get("/api/queue/scheduler").json()["enabled"] is True
    out = browser.post(f"{forgather.url}/sign-out", headers={"Origin": forgather.url}, timeout=120)
    assert "<h1>Sign in</h1>" in out.text
    assert browser.get(f"{forgather.url}/api/queue", timeout=120).status_code == 401


def test_an_open_stream_ends_with_its_session(forgather: Forgather) -> None:
    browser = requests.Session()
    browser.post(f"{forgather.url}/api/auth/login", json={"token": forgather.token}, timeout=120)
    with browser.get(f"{forgather.url}/api/events", stream=True, timeout=10) as stream:
        lines = stream.iter_lines()
        assert b"hello" in next(lines)
        browser.post(f"{forgather.url}/api/auth/logout", json={}, timeout=120)
        # The stream ends properly, before the next heartbeat (15 s) and before this client's timeout.
        list(lines)


def test_a_rebound_name_is_refused(forgather: Forgather) -> None:
    answer = forgather.get("/api/health", headers={"Host": "evil.example:8765"})
    assert answer.status_code == 421
    assert "allowed_hosts" in answer.json()["detail"]
