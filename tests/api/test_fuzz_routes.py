"""Random requests to every route: no 5xx, no traceback, and a submission works after each."""
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import requests
from forgather_server import Forgather, submission
from hostile_values import BOUNDED, body_of, numbers, spelled, texts, values
from hypothesis import given
from hypothesis import strategies as st

from forgather_units.api.flask_app import create_app
from forgather_units.daemon.http_app import blueprints
from forgather_units.viewers.declaration_args import PLACING
from forgather_units.viewers.table import KINDS


class _NoServer:
    """Replaces the server while the application lists its routes."""

    def __getattr__(self, name: str) -> _NoServer:
        return self


RULES: Final = sorted(
    {
        (method, rule.rule)
        for rule in create_app(blueprints(_NoServer())).url_map.iter_rules()  # type: ignore[arg-type]
        for method in rule.methods or ()
    }
    | {("GET", "/api/metrics"), ("GET", "/api/tb/q_1_00000000/"), ("POST", "/api/mkdocs/q_1_00000000/x")}
)
QUERIES: Final = (
    "project_dir", "config", "dynamic_args", "resolve", "path", "files", "host", "port", "after", "token", "limit",
    "before", "q", "state", "seconds",
)  # fmt: skip
PARAMS: Final = sorted({name for kind in KINDS.values() for name in kind.parsers} | set(PLACING))
FIELDS: Final = ("project_dir", "config", "dynamic_args", "requested_gpus", "priority", "job_type", "job_params")
HEADERS: Final = (
    "Accept", "Accept-Encoding", "Last-Event-ID", "Cookie", "Origin", "Sec-Fetch-Site", "If-None-Match", "Range",
    "X-Forwarded-For", "X-Forwarded-Proto", "Content-Type", "Content-Encoding", "If-Modified-Since", "Expect",
)  # fmt: skip
NO_HEADER: Final = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")


@pytest.fixture(scope="module")
def forgather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgather]:
    """A server whose TensorBoard exits at once, because a random request may resume the scheduler."""
    server = Forgather(tmp_path_factory.mktemp("fuzzed"), tensorboard="/usr/bin/true", placement="direct")
    try:
        server.start()
        yield server
    finally:
        server.clean()


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def check(forgather: Forgather, logdir: Path, answer: tuple[int, str]) -> None:
    """Check that the request did no harm."""
    status, text = answer
    assert status < 500, (status, text[:500])
    # The last request may have resumed the scheduler.
    forgather.post("/api/queue/scheduler", {"enabled": False})
    made = forgather.post("/api/queue", submission(logdir, port="auto"))
    assert made.status_code == 200, made.text
    queue_id = made.json()["queue_id"]
    assert forgather.delete(f"/api/queue/{queue_id}").status_code == 200
    assert forgather.delete(f"/api/jobs/{queue_id}").status_code == 200
    log = forgather.log.read_text(errors="replace")
    assert "Traceback" not in log, log[-3000:]


def ask(forgather: Forgather, method: str, target: str, **how: Any) -> tuple[int, str]:
    """Status and text of the response; of an event stream the status only."""
    with requests.request(
        method, forgather.url + target, timeout=120, stream=True, allow_redirects=False, **how
    ) as answer:
        is_stream = answer.headers.get("Content-Type", "").startswith("text/event-stream")
        return answer.status_code, "" if is_stream else answer.text


@BOUNDED
@given(data=st.data())
def test_random_routes_queries_and_headers(forgather: Forgather, logdir: Path, data: st.DataObject) -> None:
    method, rule = data.draw(st.sampled_from(RULES))
    path = re.sub(r"<[^>]+>", lambda _: quote(data.draw(texts()), safe="", errors="surrogatepass") or "x", rule)
    query = data.draw(
        st.lists(st.tuples(st.sampled_from(QUERIES), st.one_of(texts(), values().map(spelled))), max_size=3)
    )
    query_string = "&".join(f"{name}={quote(value, safe='', errors='surrogatepass')}" for name, value in query)
    headers = {
        name: NO_HEADER.sub("?", value)
        for name, value in data.draw(st.dictionaries(st.sampled_from(HEADERS), texts(), max_size=3)).items()
    }
    if data.draw(st.booleans()):
        headers["Authorization"] = f"Bearer {forgather.token}"
    body = data.draw(st.one_of(st.none(), values().map(body_of), st.binary(max_size=200)))
    if body is not None and data.draw(st.booleans()):
        headers["Content-Type"] = "application/json"
    if "password" in path and "Authorization" in headers:
        # scrypt takes tens of milliseconds each time.
        body = None
    answer = ask(forgather, method, (f"{path}?{query_string}" if query_string else path), headers=headers, data=body)
    check(forgather, logdir, answer)


@BOUNDED
@given(data=st.data())
def test_random_fields_of_a_submission(forgather: Forgather, logdir: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    body = submission(logdir)
    body["job_type"] = kind
    if kind != "tensorboard":
        body["job_params"] = {KINDS[kind].required: str(logdir / "mkdocs.yml")}
    hostile = st.one_of(texts(), numbers(), values())
    body |= data.draw(st.dictionaries(st.sampled_from(FIELDS), hostile, max_size=1))
    if isinstance(body["job_params"], dict):
        body["job_params"] |= data.draw(st.dictionaries(st.sampled_from(PARAMS), hostile, max_size=2))
    headers = {"Authorization": f"Bearer {forgather.token}", "Content-Type": "application/json"}
    answer = ask(forgather, "POST", "/api/queue", headers=headers, data=body_of(body))
    status, text = answer
    if status == 200:
        queue_id = json.loads(text)["queue_id"]
        assert forgather.job(queue_id)
        assert forgather.delete(f"/api/queue/{queue_id}").status_code == 200
    check(forgather, logdir, answer)


@BOUNDED
@given(data=st.data())
def test_random_fields_of_the_other_bodies(forgather: Forgather, logdir: Path, data: st.DataObject) -> None:
    hostile = st.one_of(texts(), numbers(), values())
    args = {"logdir": str(logdir), **data.draw(st.dictionaries(st.sampled_from(PARAMS), hostile, max_size=2))}
    bodies: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/api/services", {"type": "tensorboard", "name": "lab", "enabled": False, "args": args}),
        ("POST", "/api/search-roots", {"path": str(logdir), "create": False}),
        ("POST", "/api/queue/scheduler", {"enabled": False}),
        ("PATCH", "/api/queue/q_1_00000000", {"priority": 1}),
        ("POST", "/api/auth/login", {"token": forgather.token}),
        ("POST", "/api/auth/set-password", {"password": "x", "current_password": "y"}),
        ("POST", "/api/services/tensorboard/lab/enabled", {"enabled": False}),
    ]
    method, path, body = data.draw(st.sampled_from(bodies))
    body = body | data.draw(st.dictionaries(st.sampled_from(sorted(body)), hostile, max_size=1))
    headers = {"Authorization": f"Bearer {forgather.token}", "Content-Type": "application/json"}
    check(forgather, logdir, ask(forgather, method, path, headers=headers, data=body_of(body)))
