"""JSON from a client: the limits, and their messages, on every route that reads a body."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather, submission

from forgather_units.api.json_body import MAX_DEPTH, parse_json
from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.text import LONGEST

ROUTES = [
    ("POST", "/api/queue"),
    ("PATCH", "/api/queue/q_1_00000000"),
    ("POST", "/api/queue/scheduler"),
    ("POST", "/api/services"),
    ("POST", "/api/services/tensorboard/lab/enabled"),
    ("POST", "/api/search-roots"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/set-password"),
]
NESTED = b"[" * 100_000
DEEP = b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1)
REFUSED = [
    (NESTED, "is nested more than 32 levels deep"),
    (NESTED + b"]" * 100_000, "is nested more than 32 levels deep"),
    (DEEP, "is nested more than 32 levels deep"),
    (b'{"token": "\\ud800"}', "token is not valid Unicode: character 1 is half of a surrogate pair"),
    (b'{"\\udfff": 1}', "a key is not valid Unicode"),
    (b'{"token": "\xe9"}', "the body is not UTF-8"),
    ('{"token": "a"}'.encode("utf-16"), "the body is not UTF-8"),
    (b'{"token": "a\\u0000b"}', "token cannot hold a NUL character"),
    (b'{"token": "%s"}' % (b"x" * 5000), "token is 5000 bytes long; the limit is 4096"),
    (b'{"%s": 1}' % (b"x" * 5000), "a key is 5000 bytes long"),
    (b'{"priority": 1%s}' % (b"0" * 400), "does not fit into 64 bits"),
    (b'{"priority": 1%s}' % (b"0" * 5000), "does not fit into 64 bits"),
    (b'{"priority": 1e999}', "does not fit into 64 bits"),
    (b'{"priority": NaN}', "NaN is not a JSON number"),
    (b'{"token": ', "the body is not JSON"),
    (b"", "the body is not JSON"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED, ids=[words[:40] for _, words in REFUSED])
def test_json_beyond_the_limits_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(ForgatherError, match=words):
        parse_json(body)


def test_json_just_within_the_limits_is_accepted() -> None:
    deep: Any = "innermost"
    for _ in range(MAX_DEPTH):
        deep = [deep]
    within = {"text": "é" * (LONGEST // 2), "numbers": [-(2**63), 2**63 - 1, 1e308], "deep": deep[0]}
    assert parse_json(json.dumps(within)) == within


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_has_these_limits(forgather: Forgather, method: str, path: str) -> None:
    for body, words in REFUSED:
        answer = forgather.session.request(
            method, forgather.url + path, data=body, headers={"Content-Type": "application/json"}, timeout=120
        )
        assert (answer.status_code, words in answer.json()["detail"]) in ((400, True), (422, True)), answer.text
    assert "Traceback" not in forgather.log.read_text()


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"idle_timeout": 2**62}, 400),
        ({"reload_interval": 2**62}, 400),
        ({"reload_interval": "1e999"}, 400),
        ({"reload_interval": "1" * 400}, 400),
        ({"cpu_weight": "9" * 4000}, 400),
        ({"port": "9" * 4000}, 422),
        ({"priority": [[]] * 10_000}, 422),
    ],
)
def test_huge_numbers_are_refused(forgather: Forgather, tmp_path: Path, params: dict[str, Any], status: int) -> None:
    answer = forgather.post("/api/queue", submission(tmp_path, **params))
    assert answer.status_code == status, answer.text
    assert len(answer.text) < 1000


@pytest.mark.parametrize(
    "query",
    [
        "ports?port=" + "9" * 5000,
        "ports?port=1&host=" + "a" * 5000,
        "ports?port=1&host=%00",
        "logdir?path=/%00",
        "logdir?path=/" + "a" * 5000,
        "fs/browse?path=/%00",
        "config/output-dir?project_dir=/&dynamic_args=" + "[" * 5000,
        "config/output-dir?project_dir=/&dynamic_args={" + '"a":1' + "0" * 5000 + "}",
        "project?project_dir=/" + "a/" * 5000,
        "runs?project_dir=/&config=" + "a" * 5000,
    ],
)
def test_queries_have_the_same_limits(forgather: Forgather, query: str) -> None:
    answer = forgather.get(f"/api/{query}")
    assert answer.status_code in (200, 400, 404, 422), answer.text
    assert "Traceback" not in forgather.log.read_text()
